#include "writer.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "dead_letter.h"
#include "exit.h"
#include "log.h"
#include "metrics.h"
#include "sig.h"

#include "embed/pgload/sql/evict.sql.h"

void writer_init(struct writer *w)
{
	struct buf label = {0};
	const char *l;

	metric_label(&label, "target", span_of(w->table->table->target));
	l = buf_text(&label);
	w->metric.rows = metric_new(METRIC_COUNTER, "txpipe_pgload_rows_total", "Rows stored.", l);
	w->metric.duplicates = metric_new(METRIC_COUNTER, "txpipe_pgload_duplicates_total",
	                                  "Records whose row was there already.", l);
	w->metric.dead_letters = metric_new(METRIC_COUNTER, "txpipe_pgload_dead_letters_total",
	                                    "Records that became dead letters.", l);
	w->metric.labels = metric_new(METRIC_COUNTER, "txpipe_pgload_labels_total", "Labels stored.", l);
	w->metric.skipped = metric_new(METRIC_COUNTER, "txpipe_pgload_skipped_total", "Records below the stored position.",
	                               l);
	w->metric.holes = metric_new(METRIC_COUNTER, "txpipe_pgload_holes_total", "Offsets that no record had.", l);
	w->metric.batches = metric_new(METRIC_COUNTER, "txpipe_pgload_commits_total", "Transactions committed.", l);
	w->metric.retries = metric_new(METRIC_COUNTER, "txpipe_pgload_retries_total",
	                               "Transactions run again after a server error.", l);
	w->metric.refused = metric_new(METRIC_COUNTER, "txpipe_pgload_refused_total", "Records that the server refused.",
	                               l);
	w->metric.seconds = metric_new(METRIC_COUNTER, "txpipe_pgload_commit_seconds_total", "Time spent in transactions.",
	                               l);
	buf_free(&label);
}

void writer_free(struct writer *w)
{
	buf_free(&w->silent);
}

int writer_prepare(struct writer *w)
{
	if (stage_create(w->table, w->server) < 0 || (w->label != NULL && stage_create(w->label, w->server) < 0))
		return -1;
	return dead_letter_create(w->server);
}

/* --- one try --------------------------------------------------------------------------------------------- */

enum outcome {
	DONE,
	FAILED, /* a statement failed: server->class says what to do */
	STOP    /* *status says why; the message is printed */
};

static enum outcome refuse_one(struct writer *w, struct batch *b, size_t i, int *status)
{
	char detail[600];

	snprintf(detail, sizeof(detail), "SQLSTATE %s: %s", w->server->sqlstate, w->server->message);
	batch_letter(b, i, span_of(log_tool()), SPAN("refused_by_server"), span_of(detail));
	w->refused++;
	if (!refusals_too_many(w->refusals, b->count, w->refused)) /* many are a fault of the set-up, not of single records */
		return DONE;
	log_error("the server refuses too many records, %zu of this batch; the last one: %s (SQLSTATE %s). The batch is "
	          "not stored: mend the table, "
	          "or allow more with --max-refused",
	          w->refused, w->server->message, w->server->sqlstate);
	*status = EXIT_CONFLICT;
	return STOP;
}

static size_t records_of(const struct stage *st, const struct batch *b, size_t lo, size_t hi)
{
	size_t n = 0;

	for (size_t i = lo; i < hi; i++)
		n += b->record[i].sink == st->sink && b->record[i].verdict != VERDICT_SKIPPED;
	return n;
}

/* Forget what a failed range has said about its records. */
static void forget_range(const struct stage *st, struct batch *b, size_t lo, size_t hi, size_t letters)
{
	b->letters = letters;
	for (size_t i = lo; i < hi; i++)
		if (b->record[i].sink == st->sink && b->record[i].verdict != VERDICT_SKIPPED)
			b->record[i].verdict = VERDICT_NONE;
}

/* Store a range inside a savepoint; where the server refuses it, halve it, down to the records at fault. */
static enum outcome load_carefully(struct writer *w, const struct stage *st, struct batch *b, size_t lo, size_t hi,
                                   int *status)
{
	struct server *s = w->server;
	size_t letters = b->letters, n = records_of(st, b, lo, hi);
	enum outcome outcome = DONE;

	if (n == 0)
		return DONE;
	if (server_do(s, "savepoint pgload") < 0)
		return FAILED;
	if (stage_load(st, s, b, lo, hi) == 0)
		return server_do(s, "release savepoint pgload") < 0 ? FAILED : DONE;
	if (s->class != PG_ROW)
		return FAILED;
	forget_range(st, b, lo, hi, letters);
	char sqlstate[sizeof(s->sqlstate)], message[sizeof(s->message)];
	memcpy(sqlstate, s->sqlstate, sizeof(sqlstate));
	memcpy(message, s->message, sizeof(message));
	if (server_do(s, "rollback to savepoint pgload; release savepoint pgload") < 0)
		return FAILED;
	memcpy(s->sqlstate, sqlstate, sizeof(sqlstate));
	memcpy(s->message, message, sizeof(message));
	if (n > 1) {
		size_t middle = lo + (hi - lo) / 2;

		outcome = load_carefully(w, st, b, lo, middle, status);
		if (outcome == DONE)
			outcome = load_carefully(w, st, b, middle, hi, status);
		return outcome;
	}
	while (b->record[lo].sink != st->sink || b->record[lo].verdict == VERDICT_SKIPPED)
		lo++;
	return refuse_one(w, b, lo, status);
}

/* From the fastest way to the one that finds the records at fault. */
enum way { DIRECT, STAGED, CAREFUL };

static enum outcome load(struct writer *w, const struct stage *st, struct batch *b, enum way way, int *status)
{
	if (st == NULL)
		return DONE;
	if (way == CAREFUL)
		return load_carefully(w, st, b, 0, b->count, status);
	if (way == DIRECT && st->direct != NULL)
		return stage_load_direct(st, w->server, b) < 0 ? FAILED : DONE;
	return stage_load(st, w->server, b, 0, b->count) < 0 ? FAILED : DONE;
}

static enum way choose_way(const struct writer *w)
{
	return w->table->direct == NULL || w->direct.never || w->direct.clean < w->direct.wait ? STAGED : DIRECT;
}

static void learn_failure(struct direct *d, enum pg_class class)
{
	d->never = d->never || class == PG_CONFIG;
	d->wait = d->wait == 0 ? 1 : d->wait < DIRECT_WAIT_MAX ? d->wait * 2 : DIRECT_WAIT_MAX;
	d->clean = 0;
}

static void learn_success(struct direct *d, enum way way, const struct counts *n)
{
	if (way == DIRECT)
		d->wait /= 2;
	else
		d->clean = n->duplicates > 0 || way == CAREFUL ? 0 : d->clean + 1;
}

/* What lies below its partition's position is stored already; what was refused before it came here is a dead letter. false: what lies
 * there is another topic's. */
static bool judge_positions(const struct writer *w, struct batch *b)
{
	for (size_t i = 0; i < b->count; i++) {
		struct record *r = &b->record[i];

		if (w->fence != NULL && r->partition != NULL && r->offset < r->partition->claim->position) {
			if (!fence_recognises(r->partition->claim, r->offset, r->ts))
				return false;
			r->verdict = VERDICT_SKIPPED;
		} else if (r->sink == SINK_DEAD) {
			r->verdict = VERDICT_DEAD;
		}
	}
	return true;
}

/* Would a second try store the batch twice? Its positions forbid that, where it has any; a key need not be there. */
static bool needs_witness(const struct writer *w, const struct batch *b)
{
	bool plain = w->fence == NULL;

	for (size_t i = 0; i < b->count && !plain; i++)
		plain = b->record[i].partition == NULL;
	return plain && !w->dry_run;
}

static enum outcome commit(struct writer *w, const struct batch *b)
{
	struct server *s = w->server;

	if (needs_witness(w, b)) {
		PGresult *r = server_query(s, "select pg_current_xact_id()", 0, NULL);

		if (r == NULL)
			return FAILED;
		snprintf(w->unsure, sizeof(w->unsure), "%s", PQgetvalue(r, 0, 0));
		PQclear(r);
	}
	if (server_do(s, w->dry_run ? "rollback" : "commit") < 0)
		return FAILED;
	w->unsure[0] = '\0';
	return DONE;
}

/* The try before ended with a COMMIT that nobody answered: DONE if it had worked, STOP if it had not, FAILED if the server cannot tell yet (the
 * old backend may still be at it). */
static enum outcome look_back(struct writer *w)
{
	struct server *s = w->server;
	const char *values[] = {w->unsure};
	PGresult *r = server_query(s, "select pg_xact_status($1::xid8)", 1, values);
	enum outcome outcome;

	if (r == NULL && s->class != PG_ROW)
		return FAILED;
	if (r != NULL && strcmp(PQgetvalue(r, 0, 0), "in progress") == 0) {
		s->class = PG_AGAIN;
		s->sqlstate[0] = '\0';
		snprintf(s->message, sizeof(s->message), "the transaction before is still being committed");
		outcome = FAILED;
	} else { /* of a number that the server does not know yet nothing was stored: it was restored */
		outcome = r != NULL && strcmp(PQgetvalue(r, 0, 0), "committed") == 0 ? DONE : STOP;
		w->unsure[0] = '\0';
	}
	PQclear(r);
	return outcome;
}

static enum outcome try_batch(struct writer *w, struct batch *b, enum way way, int *status)
{
	struct server *s = w->server;
	enum outcome outcome;

	if (w->unsure[0] != '\0' && (outcome = look_back(w)) != STOP)
		return outcome;
	batch_rewind(b);
	w->refused = 0;
	if (server_do(s, way == CAREFUL ? "begin; set constraints all immediate" : "begin") < 0)
		return FAILED;
	if (w->fence != NULL) {
		const struct partition *split;

		*status = fence_lock(w->fence, s, b);
		if (*status != EXIT_DONE)
			return *status < 0 ? FAILED : STOP;
		*status = fence_check_run(b, &split);
		if (*status != EXIT_DONE) {
			if (!w->dry_run)
				writer_break(w, split);
			return STOP;
		}
	}
	if (!judge_positions(w, b)) {
		*status = EXIT_CONFLICT;
		return STOP;
	}
	if ((outcome = load(w, w->table, b, way, status)) != DONE ||
	    (outcome = load(w, w->label, b, way, status)) != DONE)
		return outcome;
	if (dead_letter_store(s, b, w->table->table->target) < 0)
		return FAILED;
	if (w->fence != NULL) {
		fence_count(b);
		if (fence_advance(w->fence, s, b) < 0)
			return FAILED;
	}
	return commit(w, b);
}

/* --- until it is stored ---------------------------------------------------------------------------------- */

/* A new connection may lead to a server with another table of that name: rows are encoded for the one that was read
 * first. */
static int check_table(struct writer *w, bool *altered)
{
	struct table *t;
	int status = table_read(w->server->c, w->table_name, false, &t);

	*altered = false;
	if (status != EXIT_DONE)
		return status;
	if (strcmp(t->fingerprint, w->table->table->fingerprint) != 0) {
		log_error("%s was altered meanwhile: start again", w->table->table->target);
		*altered = true;
		status = EXIT_RETRY;
	}
	table_free(t);
	return status;
}

static int connect_again(struct writer *w, int64_t until, bool *altered)
{
	struct server *s = w->server;
	int64_t left = until - clock_monotonic();
	int status = server_open(s, s->conninfo, s->async_commit, left > 0 ? left : 0);

	*altered = false;
	if (status == EXIT_DONE)
		status = check_table(w, altered);
	if (status == EXIT_DONE && writer_prepare(w) < 0) {
		log_error("making the staging tables: %s (SQLSTATE %s)", s->message, s->sqlstate);
		status = pg_exit_status(s->class);
	}
	return status;
}

/* A new connection may break, too, before it is of use. */
int writer_connect(struct writer *w, int64_t until)
{
	for (int attempt = 1;; attempt++) {
		bool altered;
		int status = connect_again(w, until, &altered);

		if (status != EXIT_RETRY || altered || clock_monotonic() >= until || !pg_backoff(attempt))
			return status;
	}
}

/* We waited for a lock in vain: it may be that of a writer that is gone. */
static void evict(struct writer *w)
{
	struct server *s = w->server;
	char message[sizeof(s->message)];
	const char *before[] = {w->silent.n > 0 ? buf_text(&w->silent) : "{}"};
	PGresult *r;

	memcpy(message, s->message, sizeof(message)); /* what failed stays the reason */
	r = server_query(s, evict_sql, 1, before);
	array_open(&w->silent);
	for (int i = 0; r != NULL && i < PQntuples(r); i++) {
		array_text(&w->silent, span_of(PQgetvalue(r, i, 1)));
		if (PQgetvalue(r, i, 2)[0] == 't')
			log_warn("ended server process %s, another pgload's: it held locks and has heard nothing from its client", PQgetvalue(r, i, 0));
	}
	array_close(&w->silent);
	PQclear(r);
	memcpy(s->message, message, sizeof(message));
}

/* The end is asked for, and nothing that would have to be waited for. But of two that wanted each other's rows the server has ended one, perhaps of
 * ours both: that one need not wait. */
static bool again_at_once(const struct server *s, bool usable)
{
	return usable && strncmp(s->sqlstate, "40", 2) == 0 && sig_grace_left() > 0;
}

/* The server may cure itself: wait, get a working connection, then the caller tries again. EXIT_DONE or the exit
 * status. */
static int recover(struct writer *w, int attempt, int64_t since)
{
	struct server *s = w->server;
	int64_t until = since + w->patience;

	w->retries++;
	log_at(attempt == 1 ? LEVEL_WARN : LEVEL_INFO, "the batch was not stored: %s%s%s%s; trying again", s->message,
	       s->sqlstate[0] == '\0' ? "" : " (SQLSTATE ", s->sqlstate, s->sqlstate[0] == '\0' ? "" : ")");
	bool usable = server_rollback(s);
	if (usable && strcmp(s->sqlstate, "55P03") == 0)
		evict(w);
	if (clock_monotonic() >= until || (!pg_backoff(attempt) && !again_at_once(s, usable))) {
		log_error("the batch could not be stored: %s%s%s%s", s->message, s->sqlstate[0] == '\0' ? "" : " (SQLSTATE ",
		          s->sqlstate,
		          s->sqlstate[0] == '\0' ? "" : ")");
		return EXIT_RETRY;
	}
	return usable ? EXIT_DONE : writer_connect(w, until);
}

void writer_break(struct writer *w, const struct partition *p)
{
	int64_t until = clock_monotonic() + w->patience;

	for (int attempt = 1; fence_break(w->fence, w->server, p) < 0; attempt++) {
		if (clock_monotonic() >= until || !pg_backoff(attempt) || (!server_rollback(w->server) && writer_connect(w, until) != EXIT_DONE)) {
			log_error("stream %s could not be marked as broken: %s. What was left out is lost unless it is read again after pgload "
			          "--reset-stream --stream %s",
			          p->stream, w->server->message, p->stream);
			return;
		}
	}
}

void counts_add(struct counts *sum, const struct counts *n)
{
	sum->rows += n->rows;
	sum->duplicates += n->duplicates;
	sum->dead_letters += n->dead_letters;
	sum->labels += n->labels;
	sum->skipped += n->skipped;
	sum->holes += n->holes;
}

static void count(struct writer *w, const struct batch *b, int64_t us)
{
	struct counts n = {0};

	for (size_t i = 0; i < b->count; i++) {
		switch (b->record[i].verdict) {
		case VERDICT_ROW: n.rows++; break;
		case VERDICT_DUPLICATE: n.duplicates++; break;
		case VERDICT_DEAD: n.dead_letters++; break;
		case VERDICT_LABEL: n.labels++; break;
		default: n.skipped++; break;
		}
	}
	for (size_t i = 0; i < b->claims; i++) {
		const struct claim *c = &b->claim[i];

		n.holes += (uint64_t)(c->gap + c->next - c->position - c->rows - c->duplicates - c->dead_letters - c->labels);
	}
	w->batch = n;
	w->batch_us = us;
	counts_add(&w->total, &n);
}

void writer_tick(struct writer *w)
{
	metric_add(w->metric.retries, atomic_exchange(&w->retries, 0));
}

void writer_report(struct writer *w)
{
	const struct counts *n = &w->batch;

	metric_add(w->metric.rows, (double)n->rows);
	metric_add(w->metric.duplicates, (double)n->duplicates);
	metric_add(w->metric.dead_letters, (double)n->dead_letters);
	metric_add(w->metric.labels, (double)n->labels);
	metric_add(w->metric.skipped, (double)n->skipped);
	metric_add(w->metric.holes, (double)n->holes);
	metric_add(w->metric.refused, (double)w->refused);
	metric_add(w->metric.batches, 1);
	metric_add(w->metric.seconds, (double)w->batch_us / 1e6);
	writer_tick(w);
}

int writer_commit(struct writer *w, struct batch *b)
{
	struct server *s = w->server;
	int64_t started = clock_monotonic(), failing = 0;
	enum way way = choose_way(w);
	int status = EXIT_DONE;

	batch_seal(b);
	buf_clear(&w->silent);
	for (int attempt = 1;; attempt++) {
		switch (try_batch(w, b, way, &status)) {
		case DONE:
			refusals_add(w->refusals, b->count, w->refused);
			count(w, b, clock_monotonic() - started);
			learn_success(&w->direct, way, &w->batch);
			if (!w->dry_run)
				fence_committed(b);
			return EXIT_DONE;
		case STOP:
			server_rollback(s);
			return status;
		case FAILED:
			break;
		}
		if (way == DIRECT) {
			way = STAGED;
			if (s->class != PG_AGAIN) { /* a key that is there already, or anything that the staging table tells better */
				log_debug("not straight into the table: %s (SQLSTATE %s)", s->message, s->sqlstate);
				learn_failure(&w->direct, s->class);
				server_rollback(s);
				attempt--;
				continue;
			}
		}
		if (s->class == PG_CONFIG) {
			log_error("storing into %s: %s (SQLSTATE %s)", w->table->table->target, s->message, s->sqlstate);
			server_rollback(s);
			return EXIT_USAGE;
		}
		if (s->class == PG_ROW && way == STAGED) {
			log_info("the server refused a batch: %s (SQLSTATE %s); looking for the records at fault", s->message,
			         s->sqlstate);
			server_rollback(s);
			way = CAREFUL;
			attempt--;
			continue;
		}
		if (s->class == PG_ROW) { /* the suite's own tables refused: its numbers are wrong, and must not be stored */
			log_error("the batch was not stored: %s (SQLSTATE %s)", s->message, s->sqlstate);
			server_rollback(s);
			return EXIT_BUG;
		}
		if (failing == 0)
			failing = clock_monotonic();
		status = recover(w, attempt, failing);
		if (status != EXIT_DONE)
			return status;
	}
}
