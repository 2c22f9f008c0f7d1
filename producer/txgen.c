/*
 * txgen: a deterministic stream of payment transactions with fraud, look-alikes and faults in known numbers; and the
 * population behind it. Same seed and arguments, same bytes.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <unistd.h>

#include "clock.h"
#include "exit.h"
#include "gen_dims.h"
#include "gen_faults.h"
#include "gen_labels.h"
#include "gen_pace.h"
#include "gen_report.h"
#include "log.h"
#include "metrics.h"
#include "out.h"
#include "progress.h"
#include "rfc3339.h"
#include "sig.h"
#include "tool.h"

enum { DEFAULT_RECORDS = 1000, DEFAULT_LIVE_RATE = 100, NOT_GIVEN = -1 };

struct settings {
	int64_t records, seed, customers, merchants, long_bytes;
	double rate, per_day, late, duplicates, malformed;
	const char *from, *until, *labels;
	bool live, with_labels;
	struct opt_list rates;
	struct label_rules label;
	struct shares shares;
	int64_t from_time, until_time; /* microseconds */
};

static struct settings set = {
	.records = NOT_GIVEN, .seed = 1, .customers = 10000, .merchants = 1000, .long_bytes = FAULTS_LONG_DEFAULT,
	.label = {.delay = 4 * 86400000000LL, .spread = .9, .missed = .03, .disputed = .0002},
};

static const struct opt options[] = {
	{OPT_INT, 'n', "count", &set.records, "N",
         "end after N well-formed records, 0: never (1000; none with --live or --until)", .min = 0},
	{OPT_INT, 's', "seed", &set.seed, "SEED", "same seed and arguments, same bytes (1)", .min = 0},
	{OPT_REAL, 'r', "rate", &set.rate, "R", "records a second of wall-clock time (no limit; 100 with --live)",
         .max = 100000000},
	{OPT_INT, 0, "customers", &set.customers, "N", "size of the population (10000)", .min = 1, .max = 1000000000},
	{OPT_INT, 0, "merchants", &set.merchants, "N", "number of merchants (1000)", .min = WORLD_MIN_MERCHANTS,
         .max = 1000000000},
	{OPT_STRING, 0, "from", &set.from, "TIME", "event time of the beginning (2026-01-01T00:00:00Z)", .min = 0},
	{OPT_STRING, 0, "until", &set.until, "TIME", "end before this event time", .min = 0},
	{OPT_REAL, 0, "per-day", &set.per_day, "N", "records a day of event time (as many as the customers buy: 2.7 each)",
         .max = 1000000000000},
	{OPT_FLAG, 0, "live", &set.live, .help = "event time is now"},
	{OPT_STRING, 0, "labels", &set.labels, "FILE", "write the truth about each record, one label a line", .min = 0},
	{OPT_HEADING, .help = "Charge-backs (txgen labels, --with-labels, and the times in --labels FILE):"},
	{OPT_FLAG, 0, "with-labels", &set.with_labels,
         .help = "put them into the stream as label records, when they become known"},
	{OPT_DURATION, 0, "label-delay", &set.label.delay, "DUR", "median time from a fraud to its label (4d); 11 times at most",
         .min = 1000, .max = 365 * 86400000000LL},
	{OPT_REAL, 0, "label-spread", &set.label.spread, "SIGMA", "spread of the delay, log-normal (0.9)", .max = 5},
	{OPT_REAL, 0, "label-missed", &set.label.missed, "SHARE", "frauds that nobody reports (0.03)", .max = 1},
	{OPT_REAL, 0, "label-disputed", &set.label.disputed, "SHARE", "legitimate records that are reported all the same (0.0002)",
         .max = 1},
	{OPT_HEADING, .help = "Faults and cases (SHARE: a number from 0 to 1, of the well-formed records):"},
	{OPT_REAL, 0, "late", &set.late, "SHARE", "records whose event time lies 1 to 36 hours behind (0)", .max = 1},
	{OPT_REAL, 0, "duplicates", &set.duplicates, "SHARE", "records that come again later, byte by byte; on top (0)",
         .max = 1},
	{OPT_REAL, 0, "malformed", &set.malformed, "SHARE", "malformed lines of all kinds but over_long; on top (0)",
         .max = 1},
	{OPT_LIST, 0, "rate-of", &set.rates, "NAME=SHARE", "how often one thing happens (see below); repeatable",
         .min = 0},
	{OPT_SIZE, 0, "long-bytes", &set.long_bytes, "SIZE", "length of an over_long line (2162689, one byte too many)",
         .min = FAULTS_LONG_MIN, .max = 1 << 30},
	{.type = OPT_END},
};

static const char examples[] =
	"  txgen -n 100000 | fraudcheck | pgload\n"
	"  txgen --live -r 500 --duplicates .01 --malformed .002 | kproduce -t transactions\n"
	"  txgen --rate-of high_amount=.05 --rate-of over_long=.0001 -n 20000 --labels truth.ndjson > tx.ndjson\n"
	"  txgen customers | pgload --upsert -t dim_customer\n"
	"  txgen labels -n 100000 | kproduce    # the charge-backs of `txgen -n 100000`, in the order of their times\n"
	"\n"
	"customers, merchants and currencies print the population of the same -s, --customers and --merchants as rows\n"
	"of the dimension tables; labels prints the charge-backs of the stream of the same arguments, to the last. What was written, by kind, is printed on stderr at the end (not with -q).\n"
	"\n"
	"Names for --rate-of, with the share they have by default:\n"
	"  fraud           card_testing .003, counterfeit .0015, takeover .0015, leaked_card .002,\n"
	"                  compromised_merchant .003\n"
	"  seed rules      high_amount .003, bad_location .002, boundary .0005 (at the threshold, the poles and the\n"
	"                  date line), foreign (trips and web shops decide: some per cent); all outside fraud\n"
	"  malformed       torn trailing_text not_a_number not_object not_utf8 nul_escaped nul_raw wrong_type\n"
	"                  missing_member bad_uuid bad_time amount_too_large duplicate_name forged_kafka\n"
	"                  forged_kafka_escaped forged_reject conflicting_duplicate: --malformed divided evenly\n"
	"                  over_long 0: ask for it by name; such lines exceed what brokers usually take\n";

static const struct opt_spec spec = {
	.tool = "txgen",
	.synopsis = "[OPTION ...] [customers|merchants|currencies|labels]",
	.summary = "Print payment transactions of a made-up population, one JSON object a line.",
	.options = options,
	.examples = examples,
	.max_operands = 1,
	.operands = "customers|merchants|currencies|labels",
};

/* --- the stream ----------------------------------------------------------------------------------------------- */

struct work {
	struct world world;
	struct stream stream;
	struct faults faults;
	struct labels labels;
	struct pace pace;
	struct report report;
	struct progress progress;
	struct out out, truth; /* truth.fd < 0: none */
	struct metric *records, *lines, *bytes;
	int64_t now; /* of a live stream; never goes back */
};

static void tick(struct work *w)
{
	metric_set(w->records, (double)w->report.records);
	metric_set(w->lines, (double)report_lines(&w->report));
	metric_set(w->bytes, (double)w->report.bytes);
	metrics_tick();
	progress_tick(&w->progress, w->report.records);
}

static int flush(struct work *w)
{
	if (out_flush(&w->out) < 0 || (w->truth.fd >= 0 && out_flush(&w->truth) < 0))
		return -1;
	return 0;
}

/* Until the next record may leave: 0, or -1 if the output failed or the reader has gone. */
static int keep_pace(struct work *w)
{
	int64_t wait;

	while ((wait = pace_wait(&w->pace)) > 0 && sig_asked() == 0) {
		if (flush(w) < 0)
			return -1;
		tick(w);
		/* not below a millisecond: a fast stream goes out in batches; not above two seconds: metrics
		 * stay fresh */
		if (pace_sleep(wait < 1000 ? 1000 : wait < 2000000 ? wait : 2000000, w->out.fd)) {
			w->out.error = EPIPE;
			return -1;
		}
	}
	return 0;
}

static int add(struct work *w, const char *line, size_t n)
{
	w->report.bytes += n;
	return out_add(&w->out, line, n);
}

static int add_faults(struct work *w, int64_t t)
{
	enum share_kind kind;
	struct span line = faults_duplicate(&w->faults);

	if (line.n > 0) {
		w->report.duplicates++;
		if (add(w, line.p, line.n) < 0)
			return -1;
	}
	line = faults_malformed(&w->faults, &w->stream, t, &kind);
	if (line.n > 0) {
		w->report.malformed[kind]++;
		if (add(w, line.p, line.n) < 0)
			return -1;
	}
	return 0;
}

static int add_original(struct work *w, int64_t t)
{
	struct record r;
	char line[EMIT_MAX];
	size_t n;

	stream_next(&w->stream, t, &r);
	n = emit_record(line, &r);
	report_record(&w->report, &r);
	if (add(w, line, n) < 0)
		return -1;
	faults_see(&w->faults, line, n);
	if (set.with_labels)
		labels_see(&w->labels, &r, t);
	if (w->truth.fd < 0)
		return 0;
	n = emit_label(line, &r, labels_known(&set.label, &r, record_is_fraud(r.story)));
	return out_add(&w->truth, line, n);
}

/* The labels that are known at time t. */
static int add_labels(struct work *w, int64_t t)
{
	char line[EMIT_MAX];
	size_t n;

	while ((n = labels_next(&w->labels, t, line)) > 0) {
		w->report.labels_written++;
		if (add(w, line, n) < 0)
			return -1;
	}
	return 0;
}

/* 0 at the end, -1 if an output failed. */
static int run(struct work *w)
{
	while (sig_asked() == 0 && (set.records <= 0 || w->report.records < (uint64_t)set.records)) {
		int64_t t;

		if (keep_pace(w) < 0)
			return -1;
		if (sig_asked() != 0)
			break;
		if (set.live) {
			t = clock_wall();
			w->now = t > w->now ? t : w->now;
		}
		t = stream_peek(&w->stream, w->now);
		if (t >= set.until_time)
			break;
		if (add_labels(w, t) < 0 || add_original(w, t) < 0 || add_faults(w, t) < 0)
			return -1;
		if ((w->report.records & 0xfff) == 0)
			tick(w);
	}
	return flush(w);
}

static void print_report(struct work *w, bool quiet)
{
	struct buf text = {0};

	if (set.with_labels)
		report_labels(&w->report, &w->labels);
	if (!quiet) {
		report_print(&text, &w->report);
		if (write(STDERR_FILENO, text.p, text.n) < 0)
			log_debug("stderr is closed");
	}
	buf_free(&text);
}

static void start(struct work *w, const struct common *common)
{
	out_init(&w->out, STDOUT_FILENO, 0);
	w->records = metric_new(METRIC_COUNTER, "txpipe_txgen_records_total", "Well-formed records written", NULL);
	w->lines = metric_new(METRIC_COUNTER, "txpipe_txgen_lines_total", "Lines written, faults among them", NULL);
	w->bytes = metric_new(METRIC_COUNTER, "txpipe_txgen_bytes_total", "Bytes written", NULL);
	progress_start(&w->progress, common->progress, "records");
	world_init(&w->world, (uint64_t)set.seed, (uint64_t)set.customers, (uint64_t)set.merchants);
	stream_init(&w->stream, &w->world, &set.shares, set.late, set.live, set.live ? set.rate * 86400 : set.per_day, set.from_time);
	faults_init(&w->faults, &w->world, &set.shares, set.duplicates, set.long_bytes);
	labels_init(&w->labels, &set.label);
	pace_start(&w->pace, set.rate);
}

static void end(struct work *w, const struct common *common, int status)
{
	tick(w);
	progress_finish(&w->progress, w->report.records);
	if (status == EXIT_DONE)
		print_report(w, common->quiet);
	stream_free(&w->stream);
	faults_free(&w->faults);
	labels_free(&w->labels);
	out_free(&w->out);
}

static int generate(const struct common *common)
{
	struct work w = {.now = set.from_time, .truth.fd = -1};
	int status = EXIT_DONE, file = -1;

	if (set.labels != NULL) {
		file = open(set.labels, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
		if (file < 0) {
			log_error("--labels %s: %s", set.labels, strerror(errno));
			return EXIT_IO;
		}
		out_init(&w.truth, file, 0);
	}
	start(&w, common);
	if (run(&w) < 0)
		status = w.out.error != 0 ? out_failed(&w.out, "standard output") : out_failed(&w.truth, set.labels);
	end(&w, common, status);
	if (file >= 0) {
		out_free(&w.truth);
		if (close(file) < 0 && status == EXIT_DONE) {
			log_error("--labels %s: %s", set.labels, strerror(errno));
			status = EXIT_IO;
		}
	}
	return tool_finish(common, status, 0);
}

/* --- the labels of a stream that is not written ------------------------------------------------------------------ */

/* 0 at the end, -1 if the output failed. */
static int run_labels(struct work *w)
{
	struct record r;

	for (uint64_t seen = 0; sig_asked() == 0 && (set.records <= 0 || seen < (uint64_t)set.records); seen++) {
		int64_t t = stream_peek(&w->stream, 0);

		if (t >= set.until_time)
			break;
		if (add_labels(w, t) < 0)
			return -1;
		stream_next(&w->stream, 0, &r);
		labels_see(&w->labels, &r, t);
		if ((seen & 0xfff) == 0)
			tick(w);
	}
	if (sig_asked() == 0 && add_labels(w, INT64_MAX) < 0)
		return -1;
	return out_flush(&w->out);
}

static int print_labels(const struct common *common)
{
	struct work w = {.truth.fd = -1};
	int status = EXIT_DONE;

	set.with_labels = true;
	start(&w, common);
	if (run_labels(&w) < 0)
		status = out_failed(&w.out, "standard output");
	end(&w, common, status);
	return tool_finish(common, status, 0);
}

/* --- the population ------------------------------------------------------------------------------------------- */

typedef void print_row(struct buf *to, const struct world *w, uint64_t index);

static int print_rows(struct out *out, const struct world *w, print_row *row, uint64_t count)
{
	struct buf line = {0};
	int result = 0;

	for (uint64_t i = 0; i < count && result == 0 && sig_asked() == 0; i++) {
		buf_clear(&line);
		row(&line, w, i);
		result = out_add_span(out, buf_span(&line));
	}
	buf_free(&line);
	return result;
}

static int population(const char *what, const struct common *common)
{
	struct world w;
	struct out out;
	int result, status = EXIT_DONE;

	world_init(&w, (uint64_t)set.seed, (uint64_t)set.customers, (uint64_t)set.merchants);
	out_init(&out, STDOUT_FILENO, 0);
	if (strcmp(what, "customers") == 0)
		result = print_rows(&out, &w, dims_customer, w.customers);
	else if (strcmp(what, "merchants") == 0)
		result = print_rows(&out, &w, dims_merchant, w.merchants);
	else
		result = out_add_span(&out, span_of(world_currency_text));
	if (result < 0 || out_flush(&out) < 0)
		status = out_failed(&out, "standard output");
	out_free(&out);
	return tool_finish(common, status, 0);
}

/* --- the command line ----------------------------------------------------------------------------------------- */

static int64_t read_time(const char *name, const char *text)
{
	/* room below for late records, above for labels */
	static const int64_t least = 30 * 86400000000LL, most = 253370764800000000LL;
	int64_t t;

	if (rfc3339_read(span_of(text), &t) < 0)
		opt_usage("%s: '%s' is not a time such as 2026-01-01T00:00:00Z", name, text);
	if (t < least || t > most)
		opt_usage("%s: %s is out of range (1970-02-01 to 9999-01-01)", name, text);
	return t;
}

static void check_settings(const char *what)
{
	static const char *const begin = "2026-01-01T00:00:00Z", *const end = "9999-01-01T00:00:00Z";

	if (set.live && what != NULL && strcmp(what, "labels") == 0)
		opt_usage("the records of --live depend on the clock: take --with-labels for their labels");
	if (set.live && set.from != NULL)
		opt_usage("--live and --from exclude each other: live event times begin now");
	if (set.live && set.per_day > 0)
		opt_usage("--live and --per-day exclude each other: -r says how much comes");
	set.from_time = set.live ? clock_wall() : read_time("--from", set.from != NULL ? set.from : begin);
	set.until_time = read_time("--until", set.until != NULL ? set.until : end);
	if (set.until_time <= set.from_time)
		opt_usage("--until is not after %s", set.live ? "now" : "--from");
	if (set.records == NOT_GIVEN)
		set.records = set.live || set.until != NULL ? 0 : DEFAULT_RECORDS;
	if (set.live && set.rate <= 0)
		set.rate = DEFAULT_LIVE_RATE;
	shares_set(&set.shares, set.malformed, &set.rates);
}

int main(int argc, char **argv)
{
	struct common common;
	int operand = opt_parse(&spec, &common, argc, argv);
	const char *what = operand < argc ? argv[operand] : NULL;

	if (what != NULL && strcmp(what, "customers") != 0 && strcmp(what, "merchants") != 0 &&
	    strcmp(what, "currencies") != 0 && strcmp(what, "labels") != 0)
		opt_usage("'%s' is not one of customers, merchants, currencies, labels", what);
	check_settings(what);
	tool_start(&common);
	if (what != NULL && strcmp(what, "labels") == 0)
		return print_labels(&common);
	return what != NULL ? population(what, &common) : generate(&common);
}
