#include "load.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <string.h>
#include <sys/eventfd.h>
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

static int print_commit(struct load *l, const struct writer *w, const struct batch *b)
{
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

static void take_result(struct load *l, struct worker *k)
{
	struct batch *b = k->storing;
	int status;

	if (b == NULL || !worker_done(k, &status))
		return;
	k->storing = NULL;
	if (status == EXIT_DONE) {
		writer_report(&k->writer);
		status = print_commit(l, &k->writer, b);
	}
	if (l->status == EXIT_DONE)
		l->status = status;
	batch_clear(b);
	progress_tick(&l->progress, l->records);
}

/* What became of the batches that were being stored. Returns l->status, which a failure has set. */
static int take_results(struct load *l)
{
	uint64_t rung;

	if (read(l->bell, &rung, sizeof rung) == sizeof rung) /* before looking: who rings from now on is heard the next time */
		for (size_t i = 0; i < l->workers; i++)
			take_result(l, &l->worker[i]);
	return l->status;
}

static void tick(struct load *l)
{
	for (size_t i = 0; i < l->workers; i++)
		writer_tick(&l->worker[i].writer);
	metrics_tick();
}

/* Until one of the batches is stored, or for a moment. */
static void wait_result(struct load *l)
{
	struct pollfd bell = {.fd = l->bell, .events = POLLIN};

	if (poll(&bell, 1, TICK_MS) <= 0)
		tick(l);
	take_results(l);
}

/* Until nothing is being stored. */
static int finish(struct load *l)
{
	for (size_t i = 0; i < l->workers; i++)
		while (!worker_idle(&l->worker[i]))
			wait_result(l);
	return l->status;
}

/* The batch that was read is complete: it is stored while the next one is read. Records without a partition go to one who has nothing to do next. */
static void give(struct load *l, struct worker *k)
{
	fence_seal(k->reading);
	worker_give(k);
	if (k != &l->worker[l->plain])
		return;
	l->plain = (l->plain + 1) % l->workers;
	for (size_t i = 1; i < l->workers && !worker_idle(&l->worker[l->plain]); i++)
		l->plain = (l->plain + 1) % l->workers;
}

/* The batch is given once its worker is free. Nothing comes in meanwhile, so that what the other workers hold need not wait either. */
static int hand_over(struct load *l, struct worker *k)
{
	if (batch_empty(k->reading))
		return l->status;
	while (!worker_idle(k) && l->status == EXIT_DONE) {
		for (size_t i = 0; i < l->workers; i++)
			if (worker_ready(&l->worker[i]))
				give(l, &l->worker[i]);
		wait_result(l);
	}
	if (l->status == EXIT_DONE)
		give(l, k);
	return l->status;
}

/* Everything that was read is stored. */
static int store_all(struct load *l)
{
	for (size_t i = 0; i < l->workers; i++)
		hand_over(l, &l->worker[i]);
	return finish(l);
}

/* --- when a batch is complete ---------------------------------------------------------------------------- */

static bool is_full(const struct load *l, const struct batch *b)
{
	return (int64_t)b->count >= l->batch_rows || (int64_t)batch_bytes(b) >= l->batch_bytes;
}

static bool is_old(const struct batch *b)
{
	return clock_monotonic() - b->started >= BATCH_AGE_US;
}

/*
 * Input pauses. While a worker stores the batch before, the next one may as well grow: the slower the server, the larger the batches. Once it has
 * nothing to do, a slow stream is not kept waiting at all; a fast one, whose pauses are only those of the stage before, gets a moment to go on,
 * because a transaction for a few records costs the machine as much as one for many.
 */
static int on_idle(void *arg)
{
	struct load *l = arg;
	bool wait = false;

	take_results(l);
	for (size_t i = 0; i < l->workers && l->status == EXIT_DONE; i++) {
		struct worker *k = &l->worker[i];

		if (!worker_ready(k))
			continue;
		if (k->reading->count >= FAST_ROWS && !is_old(k->reading) && !l->paused)
			wait = true;
		else
			give(l, k);
	}
	if (wait) {
		l->paused = true;
		line_reader_again(l->reader, PAUSE_US);
	}
	return l->status;
}

/* Before each read, and once a second while there is nothing to read. */
static int on_tick(void *arg)
{
	struct load *l = arg;

	tick(l);
	l->paused = false;
	take_results(l);
	for (size_t i = 0; i < l->workers && l->status == EXIT_DONE; i++)
		if (worker_ready(&l->worker[i]) && is_old(l->worker[i].reading))
			give(l, &l->worker[i]);
	return l->status;
}

/* --- taking a line --------------------------------------------------------------------------------------- */

/*
 * Whose connection stores it. All of a partition goes through one, in its order. What has no partition may go through any, block by block, but where
 * the last one of a key wins.
 */
static struct worker *worker_for(struct load *l, const struct partition *p, const struct stage *st)
{
	if (p != NULL)
		return &l->worker[p->number % l->workers];
	return &l->worker[st == NULL || st->mode == STAGE_INSERT ? l->plain : 0];
}

static struct record *add_record(struct load *l, struct batch *b, enum sink sink, struct partition *p)
{
	struct record *r = batch_add(b, sink);

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
static void keep_payload(const struct load *l, struct batch *b, struct record *r)
{
	struct buf *raw = &b->raw;

	r->raw.at = raw->n;
	if (l->intake.has_envelope)
		buf_add_char(raw, '{');
	buf_add_span(raw, l->intake.payload);
	r->raw.n = raw->n - r->raw.at;
}

/* A dead letter for the record added last. */
static struct letter *add_letter(struct batch *b, struct span by, struct span reason, struct span detail)
{
	return batch_letter(b, b->count - 1, by, reason, detail);
}

/* Intake refused the line: pgload is the first tool that reads it. */
static void take_refused(struct load *l, struct batch *b, struct partition *p)
{
	struct intake *in = &l->intake;
	struct record *r = add_record(l, b, SINK_DEAD, p);
	struct letter *letter;

	r->raw = (struct piece){b->raw.n, in->line.n};
	buf_add_span(&b->raw, in->line);
	letter = add_letter(b, span_of(log_tool()), span_of(in->reason), span_of(in->detail));
	if (in->long_bytes > 0) {
		letter->raw_bytes = in->long_bytes;
		letter->sha256 = batch_text(b, span_of(in->long_sha256));
	}
}

/* A reject of an earlier tool. */
static void take_reject(struct load *l, struct batch *b, struct partition *p)
{
	struct record *r = add_record(l, b, SINK_DEAD, p);
	struct reject reject = {0};
	struct letter *letter;

	buf_clear(&l->store);
	if (!reject_read(&reject, &l->intake.object, &l->store)) { /* intake has seen that it is one */
		log_error("%s:%" PRIu64 ": a reject that cannot be read", r->source, r->line);
		l->status = EXIT_BUG;
		return;
	}
	r->raw = (struct piece){b->raw.n, reject.raw.n};
	buf_add_span(&b->raw, reject.raw);
	letter = add_letter(b, reject.by, reject.reason, reject.detail);
	letter->no_raw = reject.raw.p == NULL;
	if (reject.source.p != NULL) {
		letter->from_source = true;
		letter->source = batch_text(b, reject.source);
		letter->line = reject.line;
	}
	if (reject.raw_bytes > 0) {
		letter->raw_bytes = reject.raw_bytes;
		letter->sha256 = batch_text(b, reject.raw_sha256);
	}
}

static bool is_label(struct load *l)
{
	const struct json_object *o = &l->intake.object;

	if (l->label == NULL)
		return false;
	if (o->shape != l->shape) {
		l->shape = o->shape;
		for (l->label_at = 0; l->label_at < o->count; l->label_at++)
			if (json_name_is(&o->member[l->label_at], SPAN("label_for")))
				break;
	}
	return l->label_at < o->count && o->member[l->label_at].type != JSON_NULL;
}

static void take_record(struct load *l, struct batch *b, struct partition *p, struct stage *st)
{
	struct buf *rows = &b->rows[st->sink];
	struct record *r = add_record(l, b, st->sink, p);
	struct fault fault;

	keep_payload(l, b, r);
	r->row.at = rows->n;
	if (row_encode(&st->encoder, rows, &l->intake.object, l->intake.has_envelope, &fault) < 0) {
		r->sink = SINK_DEAD;
		add_letter(b, span_of(log_tool()), span_of(fault.reason), span_of(fault.detail));
	} else {
		r->row.n = rows->n - r->row.at;
	}
}

/* The line is refused, and all that was read with it is not stored. Returns false. */
static bool stop(struct load *l, const struct partition *out_of_order)
{
	finish(l);
	if (out_of_order != NULL && !l->worker[0].writer.dry_run)
		writer_break(&worker_for(l, out_of_order, NULL)->writer, out_of_order);
	for (size_t i = 0; i < l->workers; i++) {
		fence_seal(l->worker[i].reading);
		batch_clear(l->worker[i].reading);
	}
	l->status = EXIT_CONFLICT;
	return false;
}

/* Where the line stands in its stream. false: there is nothing to store, or the end (l->status). */
static bool pass_fence(struct load *l, struct partition **found)
{
	struct partition *p = NULL;

	*found = NULL;
	if (!l->intake.has_envelope)
		return true;
	p = fence_find(l->fence, &l->intake, l->reader);
	if (p == NULL)
		return stop(l, NULL);
	*found = p;
	for (struct worker *k = worker_for(l, p, NULL);;) {
		switch (fence_note(l->fence, k->reading, p, &l->intake, l->reader)) {
		case FENCE_TAKE: return true;
		case FENCE_SKIP: return false;
		case FENCE_STOP: return stop(l, NULL);
		case FENCE_BREAK: return stop(l, p);
		case FENCE_CUT:
			if (hand_over(l, k) != EXIT_DONE)
				return false;
			break;
		}
	}
}

static int take(struct load *l, enum intake_kind kind)
{
	struct stage *st = NULL;
	struct partition *p;

	if (!pass_fence(l, &p))
		return l->status;
	if (kind == INTAKE_RECORD)
		st = is_label(l) ? l->label : l->table;
	struct worker *k = worker_for(l, p, st);
	switch (kind) {
	case INTAKE_RECORD: take_record(l, k->reading, p, st); break;
	case INTAKE_PASS: take_reject(l, k->reading, p); break;
	case INTAKE_REFUSE: take_refused(l, k->reading, p); break;
	default: break;
	}
	return l->status == EXIT_DONE && is_full(l, k->reading) ? hand_over(l, k) : l->status;
}

int load_input(struct load *l, int fd, const char *source)
{
	struct line_hooks hooks = {.idle = on_idle, .tick = on_tick, .arg = l, .wake = on_idle, .wake_fd = l->bell};
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
	int status = EXIT_DONE;

	l->bell = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (l->bell < 0) {
		log_error("cannot make an eventfd: %s", strerror(errno));
		return EXIT_RETRY;
	}
	for (size_t i = 0; status == EXIT_DONE && i < l->workers; i++)
		status = worker_start(&l->worker[i], l->bell, &l->notify);
	return status;
}

void load_free(struct load *l)
{
	for (size_t i = 0; i < l->workers; i++)
		worker_close(&l->worker[i]);
	if (l->bell >= 0)
		close(l->bell);
	intake_free(&l->intake);
	buf_free(&l->store);
	buf_free(&l->line);
}
