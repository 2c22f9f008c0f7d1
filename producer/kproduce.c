/*
 * kproduce: lines of stdin to a Kafka topic, as they are. Every delivery is counted; the exit status is 0 only if all of them arrived.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <unistd.h>

#include "deliver.h"
#include "exit.h"
#include "line.h"
#include "log.h"
#include "metrics.h"
#include "progress.h"
#include "strip.h"
#include "tool.h"

enum { ENVELOPE_SLACK = 64 << 10 }; /* what kconsume may have put in front of a message */

struct work {
	struct deliver *deliver;
	struct deliver_options to;
	struct kafka_options kafka;
	const char *key_field;
	int64_t count; /* -c, or 0 */
	struct strip strip;
	struct progress progress;
	bool show_progress;
	uint64_t refused;
};

static int on_idle(void *arg)
{
	struct work *w = arg;

	deliver_poll(w->deliver);
	return 0;
}

static int on_tick(void *arg)
{
	struct work *w = arg;

	deliver_poll(w->deliver);
	progress_tick(&w->progress, deliver_sent(w->deliver));
	metrics_tick();
	return 0;
}

static int torn(const struct line_reader *r)
{
	log_error("%s:%" PRIu64 ": the last line has no newline and does not parse: a torn write, not delivered",
	          line_source(r), line_number(r));
	return EXIT_IO;
}

static int send_line(struct work *w, const struct line_reader *r, struct span line, bool last)
{
	enum strip_kind kind = strip_line(&w->strip, line, span_of(w->key_field));

	if (last && !w->strip.is_json)
		return torn(r);
	if (kind == STRIP_CONTROL)
		return EXIT_DONE;
	if (kind == STRIP_CUT)
		return deliver_refuse_line(w->deliver, line, line_number(r),
		                           "a reject whose message is not whole any more: nothing to send");
	return deliver_send(w->deliver, w->strip.payload, w->strip.key, line_number(r));
}

/* The end of the loop: a status, with the message for what has not been said yet. */
static int end_of_input(const struct line_reader *r, enum line_status end)
{
	if (end != LINE_ERROR)
		return EXIT_DONE; /* LINE_EOF, or LINE_GRACE: what was read is delivered */
	log_error("%s: read error: %m", line_source(r));
	return EXIT_IO;
}

static bool enough(const struct work *w)
{
	return w->count > 0 && deliver_sent(w->deliver) + deliver_rejected(w->deliver) >= (uint64_t)w->count;
}

static int copy_lines(struct work *w, struct line_reader *r)
{
	struct span line;
	int status = EXIT_DONE;

	while (status == EXIT_DONE && !enough(w)) {
		enum line_status got = line_next(r, &line);

		if (got == LINE_OK || got == LINE_LAST)
			status = send_line(w, r, line, got == LINE_LAST);
		else if (got == LINE_TOO_LONG)
			status = deliver_refuse(w->deliver, line, line_long_bytes(r), line_long_sha256(r), line_number(r), "too_long",
			                        "the line is longer than --max-message");
		else if (got != LINE_IDLE)
			return end_of_input(r, got);
	}
	return status;
}

static int produce(struct work *w)
{
	const struct line_hooks hooks = {.idle = on_idle, .tick = on_tick, .arg = w};
	struct line_reader *r;
	int status;

	w->deliver = deliver_open(&w->kafka, &w->to, &status);
	if (w->deliver == NULL)
		return status;
	r = line_reader_new(STDIN_FILENO, "-", (size_t)w->to.max_message + ENVELOPE_SLACK, -1, hooks);
	progress_start(&w->progress, w->show_progress, "records");
	status = copy_lines(w, r);
	progress_finish(&w->progress, deliver_sent(w->deliver));
	w->refused = deliver_rejected(w->deliver);
	status = deliver_close(w->deliver, status);
	line_reader_free(r);
	strip_free(&w->strip);
	return status;
}

int main(int argc, char **argv)
{
	static struct work w = { /* static: what the options hold lives as long as the process */
		.to = {.topic = "transactions", .partition = -1, .max_message = 4 << 20, .profile = "throughput"},
		.key_field = "customer_id",
	};
	const struct opt options[] = {
		KAFKA_OPTIONS(&w.kafka),
		{OPT_STRING, 't', "topic", &w.to.topic, "TOPIC", "topic to write to (transactions)", .min = 0},
		{OPT_INT, 'p', "partition", &w.to.partition, "N", "write to this partition only (by key)", .min = -1, .max = INT32_MAX},
		{OPT_STRING, 0, "key", &w.key_field, "FIELD", "member whose value is the message's key (customer_id)", .min = 0},
		{OPT_CHOICE, 'z', "compression", &w.to.compression, "CODEC", "none, gzip, snappy, lz4 or zstd (none)",
	         .choices = "none|gzip|snappy|lz4|zstd"},
		{OPT_LIST, 'H', "header", &w.to.headers, "NAME=VALUE", "put this header on every message", .min = 0},
		{OPT_INT, 'c', "count", &w.count, "N", "stop after N lines", .min = 1, .max = INT64_MAX},
		{OPT_SIZE, 0, "max-message", &w.to.max_message, "SIZE", "longest message (4M)", .min = 1024, .max = 512 << 20},
		{OPT_STRING, 0, "rejects", &w.to.rejects, "FILE", "append what Kafka refuses to FILE, as rejects", .min = 0},
		{OPT_CHOICE, 0, "profile", &w.to.profile, "latency|throughput", "send at once, or gather batches (throughput)",
	         .choices = "latency|throughput"},
		{OPT_STRING, 0, "transactional", &w.to.transactional, "ID",
	         "the input is one transaction: all of it becomes visible, or nothing", .min = 0},
		{OPT_END, .min = 0},
	};
	const struct opt_spec spec = {
		.tool = "kproduce",
		.synopsis = "[OPTION ...] < LINES",
		.summary = "Each line of stdin becomes a message, byte for byte; the exit status is 0 only if Kafka has acknowledged all of them.\n"
	        "A leading _kafka and a _reject of the suite's own form are taken off.",
		.options = options,
		.examples = "  txgen -n 1000 | kproduce\n"
	        "  kproduce -t events --key user_id --rejects refused.ndjson < events.ndjson\n",
	};
	struct common common;
	int status;

	opt_parse(&spec, &common, argc, argv);
	w.show_progress = common.progress;
	tool_start(&common);
	status = produce(&w);
	return tool_finish(&common, status, w.refused);
}
