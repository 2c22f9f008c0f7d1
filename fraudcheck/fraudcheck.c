/* fraudcheck: judges transactions by a rule file, in a pipe. */
#include <errno.h>
#include <fcntl.h>
#include <openssl/crypto.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "compare.h"
#include "describe.h"
#include "evaluate.h"
#include "exit.h"
#include "load.h"
#include "log.h"
#include "opt.h"
#include "rfc3339.h"
#include "sig.h"
#include "tool.h"
#include "why.h"
#include "work.h"

static const char *rules_file, *currencies_file, *map_text, *mask_text, *mask_key;
static bool check, summary, longest_window;
static int64_t max_keys = 5000000, partitions = 1;
static const char *evaluated, *from, *until, *only_file, *why_id;
static bool json, compared;
static int64_t examples = 3;
static struct evaluate_options evaluate_options = {.from = INT64_MIN, .until = INT64_MAX, .top = 100};
static struct judge_options judge_options = {.history = {.lateness = 2 * INT64_C(86400000000), .max_ahead = INT64_C(3600000000)}};

static const struct opt options[] = {
	{OPT_STRING, 'f', "rules", &rules_file, "FILE", "rule file (the three rules of the original)", .min = 0},
	{OPT_STRING, 0, "currencies", &currencies_file, "FILE",
         "NDJSON with currency and units_per_base, for base_amount (as txgen currencies prints)", .min = 0},
	{OPT_STRING, 0, "map", &map_text, "FROM=TO,...",
	 "rename members; also location.lat=latitude, and @FILE with a pair a line",
         .min = 0},
	{OPT_FLAG, 0, "check", &check, .help = "compile the rules, print what was understood, and exit"},
	{OPT_FLAG, 0, "summary", &summary, .help = "at the end, print the hits of each rule on stderr"},
	{OPT_FLAG, 0, "explain", &judge_options.explain,
	 .help = "add a member explain: points and reasons of the rules that fired, features, reasons of models"},
	{OPT_FLAG, 0, "features", &judge_options.features,
	 .help = "for training: print features, lets and the inputs of models (which need not be there yet) instead of verdicts"},
	{OPT_STRING, 0, "mask", &mask_text, "FIELD,...", "judge by these members, but let stand-ins go out for their values", .min = 0},
	{OPT_STRING, 0, "mask-key", &mask_key, "FILE", "--mask: equal values get equal stand-ins, by the secret in FILE (all: masked)", .min = 0},
	{OPT_STRING, 0, "label", &judge_options.label, "MEMBER", "this member holds the truth; of is_fraud it goes out as label", .min = 0},

	{.type = OPT_HEADING, .help = "Features and their windows:"},
	{OPT_DURATION, 0, "lateness", &judge_options.history.lateness, "DURATION",
	 "learn from records that come this late (2d)", .max = INT64_C(3660) * 86400000000},
	{OPT_DURATION, 0, "max-ahead", &judge_options.history.max_ahead, "DURATION",
	 "learn from records this far ahead of their Kafka time (1h)", .max = INT64_C(3660) * 86400000000},
	{OPT_INT, 0, "max-keys", &max_keys, "N", "keys remembered per partition and kind; the idlest goes (5000000)",
	 .min = 1, .max = INT32_MAX},
	{OPT_INT, 0, "partitions", &partitions, "N", "judge files as a topic of N partitions keyed by customer_id (1)",
	 .min = 1, .max = 100000},
	{OPT_FLAG, 0, "cold", &judge_options.history.cold, .help = "judge although the windows may lack records"},
	{OPT_FLAG, 0, "longest-window", &longest_window, .help = "print what kconsume --rewind needs for the rules, and exit"},

	{.type = OPT_HEADING, .help = "Judging the rules (the records do not go out):"},
	{OPT_STRING, 0, "evaluate", &evaluated, "NAME", "compare with labels (--label or label records), ranked by the score, or by a let,\n"
	 "feature or model: precision, recall, AUC, average precision", .optional = true, .min = 0},
	{OPT_STRING, 0, "from", &from, "TIME", "--evaluate: count records from this event time on", .min = 0},
	{OPT_STRING, 0, "until", &until, "TIME", "--evaluate: and before this one; all are judged and learned", .min = 0},
	{OPT_STRING, 0, "only", &only_file, "FILE", "--evaluate: count only these transaction_ids, one a line", .min = 0},
	{OPT_INT, 0, "top", &evaluate_options.top, "N", "--evaluate: cards looked at each day, for card precision (100)", .min = 1, .max = INT32_MAX},
	{OPT_FLAG, 0, "compare", &compared, .help = "A.rules B.rules [FILE ...]: what B would change: verdicts, scores, rules, with examples"},
	{OPT_INT, 0, "examples", &examples, "N", "--compare: of each kind of change (3)", .min = 0, .max = 1000000},
	{OPT_STRING, 0, "why", &why_id, "ID", "rebuild the verdict on this transaction_id: rules, values, features and their windows", .min = 0},
	{OPT_FLAG, 0, "json", &json, .help = "NDJSON instead of text for people"},
	{.type = OPT_END},
};

static const struct opt_spec spec = {
	.tool = "fraudcheck",
	.synopsis = "[OPTION ...] [FILE ...]",
	.summary = "Judge transactions (NDJSON from stdin or files) by a rule file; each goes on with is_fraud,\n"
	           "fraud_score, fraud_reasons and ruleset added. SIGHUP: the rules are read again, windows stay.",
	.options = options,
	.examples = "  kconsume | fraudcheck | pgload\n"
	            "  fraudcheck -f my.rules --summary january.ndjson >/dev/null\n"
	            "  fraudcheck -f my.rules --check\n"
	            "  fraudcheck -f my.rules --evaluate --label is_fraud january.ndjson\n"
	            "  fraudcheck --compare old.rules new.rules january.ndjson\n",
	.max_operands = -1,
	.operands = "FILE",
};

/* *use is `map`, or NULL without --map. */
static int load_map(struct map *map, struct map **use)
{
	struct buf text = {0}, error = {0};
	int status = EXIT_DONE;

	*use = NULL;
	if (map_text == NULL)
		return EXIT_DONE;
	if (map_text[0] == '@')
		status = load_file(map_text + 1, &text);
	else
		buf_add_text(&text, map_text);
	if (status == EXIT_DONE && map_parse(map, map_text[0] == '@' ? map_text + 1 : "--map", buf_span(&text),
	                                     &error) < 0) {
		log_error("%s", buf_text(&error));
		status = EXIT_USAGE;
	}
	if (status == EXIT_DONE)
		*use = map;
	buf_free(&text);
	buf_free(&error);
	return status;
}

/* judge_options.mask is `mask`, or NULL without --mask. */
static int load_mask(struct mask *mask, const struct map *map)
{
	struct buf key = {0}, error = {0};
	int status = mask_key != NULL ? load_file(mask_key, &key) : EXIT_DONE;

	while (key.n > 0 && strchr("\r\n", key.p[key.n - 1]) != NULL)
		key.n--; /* as editors leave it */
	if (status == EXIT_DONE && mask_key != NULL && key.n < PSEUDONYM_KEY_MIN) {
		log_error("--mask-key %s: a secret has %d bytes at least: openssl rand -hex 32 makes one", mask_key, PSEUDONYM_KEY_MIN);
		status = EXIT_USAGE;
	}
	if (status == EXIT_DONE && mask_text != NULL) {
		if (mask_init(mask, mask_text, buf_span(&key), map, &error) == 0) {
			judge_options.mask = mask;
		} else {
			log_error("%s", buf_text(&error));
			status = EXIT_USAGE;
		}
	}
	if (key.p != NULL)
		OPENSSL_cleanse(key.p, key.cap);
	buf_free(&key);
	buf_free(&error);
	return status;
}

static int filter_file(struct work *w, const char *path)
{
	int fd, status;

	if (strcmp(path, "-") == 0)
		return work_filter(w, STDIN_FILENO, "-");
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 && errno == EINTR && sig_asked() != 0)
		return EXIT_DONE; /* a named pipe that nobody writes to */
	if (fd < 0) {
		log_error("%s: %s", path, strerror(errno));
		return errno == ENOENT || errno == EACCES || errno == EISDIR ? EXIT_USAGE : EXIT_IO;
	}
	status = work_filter(w, fd, path);
	close(fd);
	return status;
}

static int filter_all(struct work *w, char *const *files)
{
	int status = EXIT_DONE;

	if (*files == NULL)
		return filter_file(w, "-");
	for (; *files != NULL && status == EXIT_DONE && !w->enough && sig_grace_left() > 0; files++)
		status = filter_file(w, *files);
	return status;
}

/* What the command line gave. */
struct job {
	const struct common *common;
	char *const *files;
	struct load load;
	struct judge judge;
	struct map map, *use_map; /* NULL without --map */
	struct mask mask;
};

/*
 * All input through the judge. With an observer nothing goes out but what `report` prints at the end.
 */
static int work_through(struct job *job, const struct observer *observer, int (*report)(void *arg), void *arg)
{
	struct judge spare = {0};
	struct reload reload;
	struct tally tally;
	struct work work;
	struct progress progress;
	int status;

	tally_init(&tally, &job->judge);
	tool_start(job->common);
	progress_start(&progress, job->common->progress, "records");
	work_init(&work, STDOUT_FILENO, &job->judge, &tally, job->use_map, &progress);
	work.observer = observer;
	if (observer == NULL) {
		reload_init(&reload, &job->load, &job->judge, &spare);
		work.reload = &reload;
	}
	status = filter_all(&work, job->files);
	progress_finish(&progress, tally.total);
	if (status == EXIT_DONE && report != NULL)
		status = report(arg);
	if (summary)
		tally_print(&tally, stderr);
	status = tool_finish(job->common, status, tally.rejects);
	work_free(&work);
	tally_free(&tally);
	judge_free(&spare);
	return status;
}

static int report_evaluation(void *arg)
{
	int status = evaluation_close(arg);

	if (sig_asked() != 0)
		log_warn("ended by a signal: the figures are of what was read");
	return status == EXIT_DONE ? evaluation_report(arg, stdout) : status;
}

static int evaluate(struct job *job)
{
	struct evaluation e;
	struct list only = {0};
	struct pool pool = {0};
	struct buf ids = {0};
	int status = EXIT_DONE;

	evaluate_options.name = evaluated;
	evaluate_options.json = json;
	if (only_file != NULL) {
		status = load_file(only_file, &ids);
		list_read(&only, &pool, buf_span(&ids));
		evaluate_options.only = &only;
	}
	if (status == EXIT_DONE)
		status = evaluation_init(&e, &job->judge, &evaluate_options);
	if (status == EXIT_DONE) {
		status = work_through(job, &e.observer, report_evaluation, &e);
		evaluation_free(&e);
	}
	pool_free(&pool);
	buf_free(&ids);
	return status;
}

static int report_why(void *arg)
{
	return why_report(arg, stdout);
}

static int why(struct job *job)
{
	struct why w;
	int status;

	why_init(&w, &job->judge, why_id, json);
	status = work_through(job, &w.observer, report_why, &w);
	why_free(&w);
	return status;
}

static int report_comparison(void *arg)
{
	if (sig_asked() != 0)
		log_warn("ended by a signal: the figures are of what was read");
	return comparison_report(arg, stdout);
}

/* The job has A; B is the second operand. */
static int compare(struct job *job)
{
	struct load load = job->load;
	struct judge other;
	struct comparison c;
	int status;

	load.rules = job->files[1];
	status = load_judge(&load, &other);
	if (status != EXIT_DONE)
		return status;
	comparison_init(&c, &job->judge, job->load.rules, &other, load.rules, examples, json);
	job->files += 2;
	status = work_through(job, &c.observer, report_comparison, &c);
	comparison_free(&c);
	judge_free(&other);
	return status;
}

static int work(struct job *job)
{
	if (longest_window)
		return describe_longest(&job->judge, stdout);
	if (check)
		return describe(&job->judge, rules_file != NULL ? rules_file : "seed.rules (built in)", stdout);
	if (evaluated != NULL)
		return evaluate(job);
	if (why_id != NULL)
		return why(job);
	if (compared)
		return compare(job);
	return work_through(job, NULL, NULL, NULL);
}

/* How many ways to work were asked for that are not the plain one. */
static int ways(void)
{
	return (int)check + (int)longest_window + (int)judge_options.features + (int)compared + (int)(evaluated != NULL) +
	       (int)(why_id != NULL);
}

static int run(const struct common *common, char *const *files)
{
	struct job job = {.common = common, .files = files, .load = {rules_file, currencies_file, &judge_options}};
	int status;

	if (ways() == 0)
		sig_watch_reload(); /* first: until then the signal would end us */
	status = load_map(&job.map, &job.use_map);
	if (status == EXIT_DONE)
		status = load_mask(&job.mask, job.use_map);
	if (status == EXIT_DONE)
		status = load_judge(&job.load, &job.judge);
	if (status == EXIT_DONE) {
		if (job.judge.program.rules == 0 && !judge_options.features)
			log_warn("%s: there are no rules in it: no record will be flagged", rules_file);
		status = work(&job);
		judge_free(&job.judge);
	}
	mask_free(&job.mask);
	map_free(&job.map);
	return status;
}

/* A time, or a date that stands for its midnight in UTC. */
static void read_time(const char *option, const char *text, int64_t *to)
{
	struct buf midnight = {0};

	if (text == NULL)
		return;
	buf_addf(&midnight, "%sT00:00:00Z", text);
	if (rfc3339_read(span_of(text), to) < 0 && rfc3339_read(buf_span(&midnight), to) < 0)
		opt_usage("--%s: %s is neither a time such as 2026-01-31T00:00:00Z nor a date", option, text);
	buf_free(&midnight);
}

/* What speaks of one way to work only, and ways that exclude one another. */
static void check_ways(char *const *operands)
{
	if (compared && (rules_file != NULL || operands[0] == NULL || operands[1] == NULL))
		opt_usage("--compare takes two rule files in front of the input, and no -f");
	if (ways() > 1)
		opt_usage("--check, --longest-window, --features, --evaluate, --compare and --why exclude one another");
	if (json && evaluated == NULL && why_id == NULL && !compared)
		opt_usage("--json goes with --evaluate, --compare and --why");
	if (judge_options.features && judge_options.explain)
		opt_usage("--features prints no verdicts that --explain could explain");
	if (mask_key != NULL && mask_text == NULL)
		opt_usage("--mask-key goes with --mask");
	if (mask_text != NULL && ways() > 0)
		opt_usage("--mask goes with verdicts that go out, not with --check, --longest-window, --features, --evaluate, --compare and --why");
	judge_options.explain |= json && why_id != NULL;
	if (evaluated == NULL && (from != NULL || until != NULL || only_file != NULL))
		opt_usage("--from, --until and --only go with --evaluate");
	read_time("from", from, &evaluate_options.from);
	read_time("until", until, &evaluate_options.until);
}

static void check_options(void)
{
	static const char *const written[] = {"fraud_score", "fraud_reasons", "ruleset", "explain", "_kafka", "_reject"};

	for (size_t i = 0; judge_options.label != NULL && i < sizeof written / sizeof written[0]; i++)
		if (strcmp(judge_options.label, written[i]) == 0)
			opt_usage("--label: %s cannot hold the truth", written[i]);
}

int main(int argc, char **argv)
{
	struct common common;
	int first = opt_parse(&spec, &common, argc, argv);

	judge_options.history.max_keys = (uint32_t)max_keys;
	judge_options.history.partitions = (uint32_t)partitions;
	check_options();
	check_ways(argv + first);
	if (compared)
		rules_file = argv[first];
	return run(&common, argv + first);
}
