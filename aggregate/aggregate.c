/* aggregate: models, data tests and their history on PostgreSQL; see docs/marts.md. */

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cluster.h"
#include "docs.h"
#include "exit.h"
#include "feed.h"
#include "listing.h"
#include "log.h"
#include "nearest.h"
#include "operate.h"
#include "prune.h"
#include "recall.h"
#include "select.h"
#include "show.h"
#include "status.h"
#include "tool.h"

#define DAY_US (24 * INT64_C(3600000000))

struct arguments {
	struct opt_list select, exclude;
	bool full_refresh, fail_fast;
	const char *vars, *folder, *conninfo, *target;
	int64_t retries, backoff, timeout, history;
	const char *on_failure;
	int64_t older;
	bool dry_run;
	const char *output;
	const char *into; /* --stdin */
	struct opt_list load, show;
	const struct command *command;
	char **operand; /* behind the command */
	int operands;
};

static struct arguments args = {.output = "text", .backoff = 1000000, .history = 400 * DAY_US};

static const struct opt options[] = {
	{OPT_LIST, 's', "select", &args.select, "NODES",
	 .help = "only these: name, +name, name+, tag:T, path:P, source:S, state:modified (all)"},
	{OPT_LIST, 0, "exclude", &args.exclude, "NODES", .help = "all but these"},
	{OPT_FLAG, 'f', "full-refresh", &args.full_refresh, .help = "also change columns, keys and kinds of relations"},
	{OPT_FLAG, 'x', "fail-fast", &args.fail_fast, .help = "stop at the first failure"},
	{OPT_STRING, 0, "vars", &args.vars, "YAML", .help = "values of var(): '{name: value}'"},
	{OPT_STRING, 0, "project-dir", &args.folder, "DIR", "the project folder (., else the installed marts)",
	 .env = "TXPIPE_PROJECT"},
	{OPT_STRING, 'd', "dbname", &args.conninfo, "CONNINFO", .help = "connection string or URI (the PG* variables)"},
	{OPT_CHOICE, 0, "output", &args.output, "text|json", .help = "form of what status prints (text)", .choices = "text|json"},
	{OPT_DURATION, 0, "older", &args.older, "DURATION", .help = "what prune deletes, such as 400d", .min = 1000000},
	{OPT_FLAG, 0, "dry-run", &args.dry_run, .help = "prune: only say how much it would be"},
	{OPT_HEADING, .help = "As a job"},
	{OPT_INT, 0, "retries", &args.retries, "N", .help = "try again so often after status 75: only that is cured by waiting (0)",
	 .max = 1000},
	{OPT_DURATION, 0, "backoff", &args.backoff, "DURATION", .help = "before the second try; doubles up to 5m, with jitter (1s)",
	 .min = 1000, .max = 300 * INT64_C(1000000)},
	{OPT_DURATION, 0, "timeout", &args.timeout, "DURATION", .help = "cancel a try on the server after that time: 75 (none)",
	 .min = 1000},
	{OPT_STRING, 0, "on-failure", &args.on_failure, "CMD", .help = "give the report of a failed run to this command's stdin"},
	{OPT_DURATION, 0, "history", &args.history, "DURATION", .help = "remember runs so long; 0: for ever (400d)"},
	{OPT_STRING, 0, "target-path", &args.target, "DIR", .help = "write run_results.json there (the project's target-path)",
	 .env = "DBT_TARGET_PATH"},
	{OPT_HEADING, .help = "Without a server"},
	{OPT_STRING, 0, "stdin", &args.into, "TABLE", .optional = true,
	 .help = "load standard input, or FILEs, into TABLE (fact_transaction) of a throw-away server; run there"},
	{OPT_LIST, 0, "load", &args.load, "TABLE=FILE", .help = "load this too, as dim_customer=customers.ndjson"},
	{OPT_LIST, 0, "show", &args.show, "MODEL", .help = "print the rows of MODEL afterwards, in place of the report"},
	{.type = OPT_END},
};

static const struct opt_spec spec = {
	.tool = "aggregate",
	.synopsis = "COMMAND [OPTION ...] [MODEL | FILE ...]",
	.summary = "Builds the models of a project folder and runs its data tests, in one transaction.\n"
	           "\n"
	           "  build      seeds, models and tests         compile     print the SQL\n"
	           "  run        models without tests            list        print the nodes\n"
	           "  test       tests, reading all rows         show MODEL  print its rows\n"
	           "  seed       CSV files as tables             status      print how things stand\n"
	           "  freshness  how old the sources are         docs        print a page of HTML about all of it\n"
	           "  retry      what the last run left undone   prune       delete what is --older\n"
	           "  verify     is what folds have gathered what a count of everything gives?",
	.options = options,
	.examples = "  aggregate build\n"
	            "  aggregate build -s daily_sales_summary+ --vars '{time_zone: Europe/Berlin}'\n"
	            "  aggregate show daily_sales_summary | jq -c 'select(.frauds > 0)'\n"
	            "  aggregate compile -s customer_kpi | psql\n"
	            "  txgen -n 10000 | fraudcheck | aggregate build --stdin --show daily_sales_summary\n",
	.max_operands = -1,
	.operands = "build|run|test|seed|freshness|verify|retry|compile|list|show|status|docs|prune FILE",
};

/* --- the project folder ----------------------------------------------------------------------------------------- */

static bool is_project(const char *folder)
{
	char path[PATH_MAX + 32];

	snprintf(path, sizeof path, "%s/dbt_project.yml", folder);
	return access(path, R_OK) == 0;
}

/* Told, or here, or the marts that come with the binary: installed beside it, or in the source tree that it was built
 * in. Cron starts us anywhere. */
static const char *find_folder(char path[PATH_MAX])
{
	static const char *const beside[] = {"../share/txpipe/marts", "../aggregate/marts", "../../../aggregate/marts"};
	char self[PATH_MAX - 64];
	ssize_t n;
	char *slash;

	if (args.folder != NULL)
		return args.folder;
	if (is_project("."))
		return ".";
	n = readlink("/proc/self/exe", self, sizeof self - 1);
	if (n > 0) {
		self[n] = '\0';
		slash = strrchr(self, '/');
		*slash = '\0';
		for (size_t i = 0; i < sizeof beside / sizeof beside[0]; i++) {
			char candidate[PATH_MAX];

			snprintf(candidate, sizeof candidate, "%s/%s", self, beside[i]);
			if (is_project(candidate) && realpath(candidate, path) != NULL)
				return path;
		}
	}
	return ".";
}

/* ---------------------------------------------------------------------------------------------------------------- */

static int status_command(const struct project *p, struct out *out)
{
	return status_print(p, args.conninfo, strcmp(args.output, "json") == 0, out);
}

static int docs_command(const struct project *p, struct out *out)
{
	return docs_print(p, args.conninfo, out);
}

static int prune_command(const struct project *p, struct out *out)
{
	return prune(p, args.conninfo, args.older, args.dry_run, out);
}

static int show_command(const struct project *p, struct out *out)
{
	return show_model(p, args.operand[0], args.conninfo, out);
}

/* What can be done. Those without a function run nodes. */
static const struct command {
	const char *name;
	enum run_command run;
	int (*print)(const struct project *p, struct out *out);
	bool operand; /* takes the name of a model */
} commands[] = {
	{"build", RUN_BUILD, NULL, false},
	{"run", RUN_MODELS, NULL, false},
	{"test", RUN_TESTS, NULL, false},
	{"seed", RUN_SEEDS, NULL, false},
	{"freshness", RUN_FRESHNESS, NULL, false},
	{"verify", RUN_VERIFY, NULL, false},
	{"retry", RUN_BUILD, NULL, false},
	{"compile", 0, listing_compile, false},
	{"list", 0, listing_nodes, false},
	{"show", 0, show_command, true},
	{"status", 0, status_command, false},
	{"docs", 0, docs_command, false},
	{"prune", 0, prune_command, false},
};

enum { COMMANDS = sizeof commands / sizeof commands[0] };

static const struct command *find_command(int count, char **operand)
{
	struct buf names = {0};
	const char *words[COMMANDS + 1] = {NULL}, *near;

	for (size_t i = 0; i < COMMANDS; i++) {
		words[i] = commands[i].name;
		buf_addf(&names, "%s%s", i == 0 ? "" : i + 1 < COMMANDS ? ", " : " or ", words[i]);
		if (count > 0 && strcmp(words[i], operand[0]) == 0) {
			buf_free(&names);
			return &commands[i];
		}
	}
	if (count == 0)
		opt_usage("what is to be done? %s", buf_text(&names));
	near = nearest_word(operand[0], words);
	opt_usage("unknown command '%s'%s%s%s: %s", operand[0], near != NULL ? "; did you mean '" : "", near != NULL ? near : "",
	          near != NULL ? "'?" : "", buf_text(&names));
}

static bool runs_nodes(void)
{
	return args.command->print == NULL;
}

static bool is_retry(void)
{
	return strcmp(args.command->name, "retry") == 0;
}

static void check_arguments(int count, char **operand)
{
	args.command = find_command(count, operand);
	args.operand = operand + 1;
	args.operands = count - 1;
	if (args.command->operand && args.operands != 1)
		opt_usage("%s needs the name of a model", args.command->name);
	if (args.command->print == prune_command && args.older == 0)
		opt_usage("prune needs --older, such as --older 400d");
	if (args.command->print != prune_command && (args.older != 0 || args.dry_run))
		opt_usage("--%s belongs to prune", args.dry_run ? "dry-run" : "older");
	if (is_retry() && args.select.count + args.exclude.count > 0)
		opt_usage("retry selects by itself: what the last run left undone");
	if (is_retry() && args.into != NULL)
		opt_usage("retry needs the server where the last run was");
	if (!args.command->operand && args.into == NULL && args.operands > 0)
		opt_usage("unexpected argument '%s' (nodes are selected by -s)", args.operand[0]);
	if (args.into == NULL && args.load.count > 0)
		opt_usage("--load belongs to --stdin: without it pgload loads");
	if (!runs_nodes() && (args.into != NULL || args.show.count > 0))
		opt_usage("%s goes with a command that runs nodes, such as build", args.into != NULL ? "--stdin" : "--show");
	if (args.into != NULL && args.conninfo != NULL)
		opt_usage("--stdin runs a server of its own: -d names another one");
	for (size_t i = 0; i < args.load.count; i++)
		if (strchr(args.load.item[i], '=') == NULL || args.load.item[i][0] == '=')
			opt_usage("--load '%s' is not TABLE=FILE", args.load.item[i]);
}

/* Of what is selected, only that which the command is about: a view above a seed, say, is not rebuilt by `seed`, so it is
 * not to be dropped by it either. */
static int narrow(struct project *p, enum run_command command)
{
	size_t count = 0;

	for (size_t i = 0; i < p->count; i++) {
		p->node[i]->selected &= run_concerns(command, p->node[i]);
		count += p->node[i]->selected;
	}
	if (count > 0)
		return 0;
	if (args.select.count + args.exclude.count == 0) {
		log_notice("%s: there is nothing of that kind in %s", args.command->name, p->folder);
		return 0;
	}
	log_error("%s: what --select and --exclude leave holds nothing that this command is about (aggregate list shows it)",
	          args.command->name);
	return -1;
}

static const char *target_folder(struct project *p)
{
	if (args.target != NULL || p->target_path == NULL)
		return args.target;
	return arena_format(&p->arena, "%s/%s", p->folder, p->target_path);
}

static void tell_failure(const struct project *p, int status, const struct buf *lines)
{
	if (args.on_failure != NULL && status != EXIT_DONE && status < EXIT_SIGNAL)
		operate_tell(args.on_failure, p->name != NULL ? p->name : p->folder, args.command->name, status, lines);
}

static int show_all(const struct project *p, struct out *out)
{
	int status = EXIT_DONE;

	for (size_t i = 0; i < args.show.count && status == EXIT_DONE; i++)
		status = show_model(p, args.show.item[i], args.conninfo, out);
	return status;
}

static int print_lines(const struct buf *lines, struct out *out)
{
	return lines->n == 0 || (out_add_span(out, buf_span(lines)) == 0 && out_flush(out) == 0) ? EXIT_DONE
	                                                                                          : out_failed(out, "stdout");
}

/* Run nodes, as a job. */
static int run_nodes(const struct common *common, struct project *p, enum run_command command, struct out *out)
{
	struct run_options run = {.command = command,
	                          .conninfo = args.conninfo,
	                          .full_refresh = args.full_refresh,
	                          .fail_fast = args.fail_fast,
	                          .json_log = strcmp(common->log, "json") == 0,
	                          .timeout = args.timeout,
	                          .history = args.history,
	                          .target = target_folder(p)};
	struct operate_options job = {args.retries, args.backoff};
	struct buf lines = {0};
	int status = narrow(p, command) < 0 ? EXIT_USAGE : operate_run(p, &run, &job, &lines), printed;

	tell_failure(p, status, &lines);
	if (args.show.count == 0)
		printed = print_lines(&lines, out);
	else
		printed = status <= EXIT_DATA ? show_all(p, out) : EXIT_DONE;
	buf_free(&lines);
	return status == EXIT_DONE ? printed : status;
}

/* The same on a throw-away server, filled from standard input. */
static int run_apart(const struct common *common, struct project *p, struct out *out)
{
	struct cluster cluster;
	struct feed feed = {.table = args.into, .load = &args.load, .files = args.operand, .count = args.operands};
	int status = cluster_start(&cluster);

	if (status != EXIT_DONE)
		return status;
	args.conninfo = feed.conninfo = cluster.conninfo;
	status = feed_load(&feed);
	if (status == EXIT_DONE) {
		feed_narrow(&feed, p);
		status = run_nodes(common, p, args.command->run, out);
	}
	cluster_stop(&cluster);
	return status;
}

static int run_again(const struct common *common, struct project *p, struct out *out)
{
	enum run_command command = RUN_BUILD;
	size_t count;
	int status = recall_unfinished(p, args.conninfo, &command, &count);

	return status == EXIT_DONE && count > 0 ? run_nodes(common, p, command, out) : status;
}

/* The project, and what of it is selected. Returns the exit status. */
static int load(struct project *p)
{
	char path[PATH_MAX];
	int status;

	if (project_load(p, find_folder(path), args.vars) < 0)
		return EXIT_USAGE;
	for (size_t i = 0; i < args.show.count; i++)
		if (show_check(p, args.show.item[i]) < 0)
			return EXIT_USAGE;
	if (select_needs_state(&args.select, &args.exclude)) {
		status = recall_modified(p, args.conninfo);
		if (status != EXIT_DONE)
			return status;
	}
	return select_nodes(p, &args.select, &args.exclude) < 0 ? EXIT_USAGE : EXIT_DONE;
}

static int work(const struct common *common, struct project *p, struct out *out)
{
	static const struct buf nothing;

	int status = load(p);

	if (status != EXIT_DONE && runs_nodes())
		tell_failure(p, status, &nothing);
	if (status != EXIT_DONE)
		return status;
	if (args.command->print != NULL)
		return args.command->print(p, out);
	if (is_retry())
		return run_again(common, p, out);
	return args.into != NULL ? run_apart(common, p, out) : run_nodes(common, p, args.command->run, out);
}

int main(int argc, char **argv)
{
	struct project project = {0};
	struct common common;
	struct out out;
	int first = opt_parse(&spec, &common, argc, argv);
	int status;

	check_arguments(argc - first, argv + first);
	tool_start(&common);
	out_init(&out, STDOUT_FILENO, 0);
	status = work(&common, &project, &out);
	project_free(&project);
	out_free(&out);
	return tool_finish(&common, status, 0);
}
