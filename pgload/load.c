#include "load.h"

#include <inttypes.h>
#include <unistd.h>

#include "clock.h"
#include "dead_letter.h"
#include "exit.h"
#include "log.h"
#include "metrics.h"

/* --- committing ------------------------------------------------------------------------------------------ */

static void add_positions(const struct batch *b, struct buf *to)
{
	bool more = false;

	buf_add_text(to, ",\"positions\":[");
	for (size_t i = 0; i < b->claims; i++) {
		const struct claim *c = &b->claim[i];
		const struct partition *p = c->partition;

		buf_add_text(to, more ? ",{\"stream\":" : "{\"stream\":");
		json_quote(to, span_of(p->stream));
		buf_add_text(to, ",\"topic\":");
		json_quote(to, span_of(p->topic));
		buf_addf(to, ",\"partition\":%" PRId32 ",\"next_offset\":%" PRId64 "}", p->partition, c->next);
		more = true;
	}
	buf_add_text(to, "]");
}

static int print_commit(struct load *l, const struct batch *b)
{
	const struct writer *w = l->writer;
	struct buf *line = &l->line;

	buf_clear(line);
	for (size_t i = 0; w->dry_run && i < b->letters; i++)
		dead_letter_print(line, b, &b->letter[i]);
	buf_add_text(line, "{\"target\":");
	json_quote(line, span_of(w->table->table->target));
	buf_addf(line,
	         ",\"rows\":%" PRIu64 ",\"duplicates\":%" PRIu64 ",\"dead_letters\":%" PRIu64 ",\"labels\":%" PRIu64
	         ",\"skipped\":%" PRIu64 ",\"holes\":%" PRIu64 ",\"ms\":%.3f",
	         w->batch.rows, w->batch.duplicates, w->batch.dead_letters, w->batch.labels, w->batch.skipped,
	         w->batch.holes, (double)w->batch_us / 1000);
	if (w->dry_run)
		buf_add_text(line, ",\"dry_run\":true");
	add_positions(b, line);
	buf_add_text(line, "}\n");
	if (out_add_span(l->out, buf_span(line)) < 0 || out_flush(l->out) < 0)
		return out_failed(l->out, "stdout");
	return EXIT_DONE;
}

/* What became of the batch that was being stored. Returns l->status, which a failure has set. */
static int take_result(struct load *l)
{
	struct batch *b = l->storing;
	int status;

	if (b == NULL || !worker_done(&l->worker, &status))
		return l->status;
	l->storing = NULL;
	if (status == EXIT_DONE) {
		writer_report(l->writer);
		status = print_commit(l, b);
	}
	if (l->status == EXIT_DONE)
		l->status = status;
	batch_clear(b);
	progress_tick(&l->progress, l->records);
	return l->status;
}

static void tick(struct load *l)
{
	writer_tick(l->writer);
	metrics_tick();
}

/* Until nothing is being stored. */
static int finish(struct load *l)
{
	while (l->storing != NULL) {
		if (!worker_wait(&l->worker, TICK_MS))
			tick(l);
		take_result(l);
	}
	return l->status;
}

/* The batch that was read is complete: it is stored while the next one is read. */
static int hand_over(struct load *l)
{
	if (batch_empty(l->reading) || finish(l) != EXIT_DONE)
		return l->status;
	fence_seal(l->reading);
	l->storing = l->reading;
	l->reading = l->reading == &l->batch[0] ? &l->batch[1] : &l->batch[0];
	worker_give(&l->worker, l->storing);
	return EXIT_DONE;
}

/* Everything that was read is stored. */
static int store_all(struct load *l)
{
	return hand_over(l) == EXIT_DONE ? finish(l) : l->status;
}

/* --- when a batch is complete ---------------------------------------------------------------------------- */

static bool is_full(const struct load *l)
{
	return (int64_t)l->reading->count >= l->batch_rows || batch_bytes(l->reading) >= BATCH_BYTES;
}

static bool is_old(const struct load *l)
{
	return clock_monotonic() - l->reading->started >= BATCH_AGE_US;
}

/*
 * Input pauses. While the batch before is being stored this one may as well grow: the slower the server, the larger the batches. Once the server has
 * nothing to do, a slow stream is not kept waiting at all; a fast one, whose pauses are only those of the stage before, gets a moment to go on,
 * because a transaction for a few records costs the machine as much as one for many.
 */
static int on_idle(void *arg)
{
	struct load *l = arg;

	if (take_result(l) != EXIT_DONE || batch_empty(l->reading) || l->storing != NULL)
		return l->status;
	if (l->reading->count >= FAST_ROWS && !is_old(l) && !l->paused) {
		l->paused = true;
		line_reader_again(l->reader, PAUSE_US);
		return EXIT_DONE;
	}
	return hand_over(l);
}

/* Before each read, and once a second while there is nothing to read. */
static int on_tick(void *arg)
{
	struct load *l = arg;

	tick(l);
	l->paused = false;
	if (take_result(l) != EXIT_DONE || batch_empty(l->reading) || l->storing != NULL || !is_old(l))
		return l->status;
	return hand_over(l);
}

/* --- taking a line --------------------------------------------------------------------------------------- */

static struct record *add_record(struct load *l, enum sink sink, struct partition *p)
{
	struct record *r = batch_add(l->reading, sink);

	r->partition = p;
	if (p != NULL) {
		r->offset = l->intake.envelope.offset;
		r->ts = l->intake.envelope.ts;
	}
	r->source = line_source(l->reader);
	r->line = line_number(l->reader);
	l->records++;
	return r;
}

/* The producer's bytes, or what a filter made of them. */
static void keep_payload(struct load *l, struct record *r)
{
	struct buf *raw = &l->reading->raw;

	r->raw.at = raw->n;
	if (l->intake.has_envelope)
		buf_add_char(raw, '{');
	buf_add_span(raw, l->intake.payload);
	r->raw.n = raw->n - r->raw.at;
}

/* A dead letter for the record added last. */
static struct letter *add_letter(struct load *l, struct span by, struct span reason, struct span detail)
{
	return batch_letter(l->reading, l->reading->count - 1, by, reason, detail);
}

/* Intake refused the line: pgload is the first tool that reads it. */
static void take_refused(struct load *l, struct partition *p)
{
	struct intake *in = &l->intake;
	struct record *r = add_record(l, SINK_DEAD, p);
	struct letter *letter;

	r->raw = (struct piece){l->reading->raw.n, in->line.n};
	buf_add_span(&l->reading->raw, in->line);
	letter = add_letter(l, span_of(log_tool()), span_of(in->reason), span_of(in->detail));
	if (in->long_bytes > 0) {
		letter->raw_bytes = in->long_bytes;
		letter->sha256 = batch_text(l->reading, span_of(in->long_sha256));
	}
}

/* A reject of an earlier tool. */
static void take_reject(struct load *l, struct partition *p)
{
	struct record *r = add_record(l, SINK_DEAD, p);
	struct reject reject = {0};
	struct letter *letter;

	buf_clear(&l->store);
	if (!reject_read(&reject, &l->intake.object, &l->store)) { /* intake has seen that it is one */
		log_error("%s:%" PRIu64 ": a reject that cannot be read", r->source, r->line);
		l->status = EXIT_BUG;
		return;
	}
	r->raw = (struct piece){l->reading->raw.n, reject.raw.n};
	buf_add_span(&l->reading->raw, reject.raw);
	letter = add_letter(l, reject.by, reject.reason, reject.detail);
	letter->no_raw = reject.raw.p == NULL;
	if (reject.source.p != NULL) {
		letter->from_source = true;
		letter->source = batch_text(l->reading, reject.source);
		letter->line = reject.line;
	}
	if (reject.raw_bytes > 0) {
		letter->raw_bytes = reject.raw_bytes;
		letter->sha256 = batch_text(l->reading, reject.raw_sha256);
	}
}

static bool is_label(const struct load *l)
{
	const struct json_object *o = &l->intake.object;

	if (l->writer->label == NULL)
		return false;
	for (size_t i = 0; i < o->count; i++)
		if (json_name_is(&o->member[i], SPAN("label_for")))
			return o->member[i].type != JSON_NULL;
	return false;
}

static void take_record(struct load *l, struct partition *p)
{
	bool label = is_label(l);
	struct stage *st = label ? l->writer->label : l->writer->table;
	struct buf *rows = &l->reading->rows[st->sink];
	struct record *r = add_record(l, st->sink, p);
	struct fault fault;

	keep_payload(l, r);
	r->row.at = rows->n;
	if (row_encode(&st->encoder, rows, &l->intake.object, l->intake.has_envelope, &fault) < 0) {
		r->sink = SINK_DEAD;
		add_letter(l, span_of(log_tool()), span_of(fault.reason), span_of(fault.detail));
	} else {
		r->row.n = rows->n - r->row.at;
	}
}

/* Where the line stands in its stream. false: there is nothing to store, or the end (l->status). */
static bool pass_fence(struct load *l, struct partition **p)
{
	*p = NULL;
	if (!l->intake.has_envelope)
		return true;
	for (;;) {
		switch (fence_note(l->fence, l->reading, &l->intake, l->reader, p)) {
		case FENCE_TAKE:
			return true;
		case FENCE_SKIP:
			return false;
		case FENCE_CUT:
			if (hand_over(l) != EXIT_DONE)
				return false;
			break;
		case FENCE_STOP:
			finish(l);
			if (*p != NULL && !l->writer->dry_run)
				writer_break(l->writer, *p);
			fence_seal(l->reading);
			batch_clear(l->reading);
			l->status = EXIT_CONFLICT;
			return false;
		}
	}
}

static int take(struct load *l, enum intake_kind kind)
{
	struct partition *p;

	if (!pass_fence(l, &p))
		return l->status;
	switch (kind) {
	case INTAKE_RECORD: take_record(l, p); break;
	case INTAKE_PASS: take_reject(l, p); break;
	case INTAKE_REFUSE: take_refused(l, p); break;
	default: break;
	}
	return l->status == EXIT_DONE && is_full(l) ? hand_over(l) : l->status;
}

int load_input(struct load *l, int fd, const char *source)
{
	struct line_hooks hooks = {.idle = on_idle, .tick = on_tick, .arg = l, .wake = on_idle, .wake_fd = l->worker.done_fd};
	bool idle = false;

	l->reader = line_reader_new(fd, source, LINE_MAX_DEFAULT, l->out->fd, hooks);
	while (l->status == EXIT_DONE) {
		enum intake_kind kind = intake_next(&l->intake, l->reader, &idle);

		if (kind == INTAKE_END && idle)
			continue; /* a hook wants the loop to look at l->status */
		if (kind == INTAKE_END || kind == INTAKE_STOP) {
			if (store_all(l) == EXIT_DONE)
				l->status = l->intake.status;
			break;
		}
		take(l, kind);
	}
	finish(l);
	line_reader_free(l->reader);
	l->reader = NULL;
	return l->status;
}

int load_start(struct load *l)
{
	l->reading = &l->batch[0];
	return worker_start(&l->worker, l->writer);
}

void load_free(struct load *l)
{
	worker_stop(&l->worker);
	batch_free(&l->batch[0]);
	batch_free(&l->batch[1]);
	intake_free(&l->intake);
	buf_free(&l->store);
	buf_free(&l->line);
}
