/* aggregate: models, data tests and their history on PostgreSQL; see docs/marts.md. */

#include <inttypes.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "exit.h"
#include "json.h"
#include "log.h"
#include "report.h"
#include "run.h"
#include "select.h"
#include "tool.h"

struct arguments {
	struct opt_list select, exclude;
	bool full_refresh, fail_fast;
	const char *vars, *folder, *conninfo;
	const char *command, *model;
};

static struct arguments args;

static const struct opt options[] = {
	{OPT_LIST, 's', "select", &args.select, "NODES",
	 .help = "only these: name, +name, name+, tag:T, path:P, source:S (all)"},
	{OPT_LIST, 0, "exclude", &args.exclude, "NODES", .help = "all but these"},
	{OPT_FLAG, 'f', "full-refresh", &args.full_refresh, .help = "also change columns, keys and kinds of relations"},
	{OPT_FLAG, 'x', "fail-fast", &args.fail_fast, .help = "stop at the first failure"},
	{OPT_STRING, 0, "vars", &args.vars, "YAML", .help = "values of var(): '{name: value}'"},
	{OPT_STRING, 0, "project-dir", &args.folder, "DIR", "the project folder (., else the installed marts)",
	 .env = "TXPIPE_PROJECT"},
	{OPT_STRING, 'd', "dbname", &args.conninfo, "CONNINFO", .help = "connection string or URI (the PG* variables)"},
	{.type = OPT_END},
};

static const struct opt_spec spec = {
	.tool = "aggregate",
	.synopsis = "build|run|test|compile|list|show [OPTION ...] [MODEL]",
	.summary = "Builds the models of a project folder and runs its data tests, in one transaction.\n"
	           "build: models and tests; run: models; test: tests; compile: print the SQL;\n"
	           "list: print the nodes; show MODEL: print its rows.",
	.options = options,
	.examples = "  aggregate build\n"
	            "  aggregate build -s daily_sales_summary+ --vars '{time_zone: Europe/Berlin}'\n"
	            "  aggregate show daily_sales_summary | jq -c 'select(.frauds > 0)'\n"
	            "  aggregate compile -s customer_kpi | psql\n",
	.max_operands = 2,
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

/* --- commands without a server ---------------------------------------------------------------------------------- */

static int print(struct out *out, struct buf *text)
{
	int status = out_add_span(out, buf_span(text));

	buf_clear(text);
	return status;
}

static int compile(const struct project *p, struct out *out)
{
	struct buf text = {0};
	int status = 0;

	for (size_t i = 0; i < p->count && status == 0; i++) {
		const struct node *n = p->node[p->order[i]];

		if (!n->selected || n->compiled.n == 0)
			continue;
		buf_addf(&text, "-- %s\n%s\n;\n\n", n->path, n->compiled.sql);
		status = print(out, &text);
	}
	buf_free(&text);
	return status == 0 && out_flush(out) == 0 ? EXIT_DONE : out_failed(out, "stdout");
}

static void member(struct buf *to, const char *name, const char *text)
{
	buf_addf(to, ",\"%s\":", name);
	json_quote(to, span_of(text));
}

static int list(const struct project *p, struct out *out)
{
	struct buf text = {0};
	int status = 0;

	for (size_t i = 0; i < p->count && status == 0; i++) {
		const struct node *n = p->node[p->order[i]];

		if (!n->selected)
			continue;
		buf_add_text(&text, "{\"node\":");
		json_quote(&text, span_of(n->name));
		member(&text, "type", report_kind(n->kind));
		member(&text, "path", n->path);
		if (n->relation != NULL)
			member(&text, "relation", n->relation);
		if (n->kind == NODE_MODEL)
			member(&text, "materialized", config_materialisation(n->config.materialised));
		buf_add_text(&text, ",\"needs\":[");
		for (size_t k = 0; k < p->needs[n->index].count; k++) {
			buf_add_text(&text, k > 0 ? "," : "");
			json_quote(&text, span_of(p->node[p->needs[n->index].item[k]]->name));
		}
		buf_add_text(&text, "]}\n");
		status = print(out, &text);
	}
	buf_free(&text);
	return status == 0 && out_flush(out) == 0 ? EXIT_DONE : out_failed(out, "stdout");
}

/* ---------------------------------------------------------------------------------------------------------------- */

static void check_arguments(int count, char **operand)
{
	static const char *const known[] = {"build", "run", "test", "compile", "list", "show", NULL};
	int i = 0;

	if (count == 0)
		opt_usage("what is to be done? build, run, test, compile, list or show");
	args.command = operand[0];
	while (known[i] != NULL && strcmp(known[i], args.command) != 0)
		i++;
	if (known[i] == NULL)
		opt_usage("unknown command '%s': build, run, test, compile, list or show", args.command);
	if (strcmp(args.command, "show") == 0) {
		if (count != 2)
			opt_usage("show needs the name of a model");
		args.model = operand[1];
	} else if (count > 1) {
		opt_usage("unexpected argument '%s' (nodes are selected by -s)", operand[1]);
	}
}

static int work(const struct common *common, struct project *p, struct out *out)
{
	struct run_options run = {.conninfo = args.conninfo, .full_refresh = args.full_refresh, .fail_fast = args.fail_fast,
	                          .json_log = strcmp(common->log, "json") == 0};
	char path[PATH_MAX];

	if (project_load(p, find_folder(path), args.vars) < 0)
		return EXIT_USAGE;
	if (args.model != NULL)
		return run_show(p, args.model, args.conninfo, out);
	if (select_nodes(p, &args.select, &args.exclude) < 0)
		return EXIT_USAGE;
	if (strcmp(args.command, "compile") == 0)
		return compile(p, out);
	if (strcmp(args.command, "list") == 0)
		return list(p, out);
	run.command = args.command[0] == 'b' ? RUN_BUILD : args.command[0] == 'r' ? RUN_MODELS : RUN_TESTS;
	return run_project(p, &run, out);
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
