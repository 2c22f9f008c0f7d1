#include "stage.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "copy.h"
#include "log.h"
#include "stage_sql.h"
#include "wire.h"

enum { FLUSH = 64 << 10 };

void stage_init(struct stage *st, enum sink sink, enum stage_mode mode, struct table *t)
{
	bool label = mode == STAGE_LABEL && table_find(t, SPAN("label_ts")) >= 0;

	*st = (struct stage){.sink = sink, .mode = mode, .table = t};
	row_encoder_init(&st->encoder, t);
	st->create = stage_sql_create(t, sink);
	st->copy = stage_sql_copy(t, sink);
	st->direct = mode == STAGE_INSERT ? stage_sql_direct(t) : NULL;
	st->insert = mode == STAGE_INSERT ? stage_sql_insert(t, sink) : stage_sql_upsert(t, sink, label);
	st->duplicates = mode == STAGE_INSERT ? stage_sql_duplicates(t, sink) : NULL;
}

void stage_free(struct stage *st)
{
	row_encoder_free(&st->encoder);
	table_free(st->table);
	free(st->create);
	free(st->copy);
	free(st->insert);
	free(st->duplicates);
	free(st->direct);
}

int stage_create(const struct stage *st, struct server *s)
{
	return server_do(s, st->create);
}

static bool mine(const struct stage *st, const struct record *r)
{
	return r->sink == st->sink && r->verdict != VERDICT_SKIPPED;
}

/* Rows that follow one another in the buffer leave as one piece. */
static int copy_direct(const struct stage *st, struct server *s, const struct batch *b)
{
	const struct buf *rows = &b->rows[st->sink];
	struct piece run = {0, 0};

	if (copy_start(s, st->direct) < 0)
		return -1;
	for (size_t i = 0; i < b->count; i++) {
		const struct record *r = &b->record[i];

		if (!mine(st, r))
			continue;
		if (run.at + run.n == r->row.at) {
			run.n += r->row.n;
			continue;
		}
		if (copy_rows(s, batch_piece(rows, run)) < 0)
			return -1;
		run = r->row;
	}
	if (copy_rows(s, batch_piece(rows, run)) < 0)
		return -1;
	return copy_end(s);
}

/* The staging table's rows have one more field, the first: which record they are. */
static int copy_staged(const struct stage *st, struct server *s, const struct batch *b, size_t lo, size_t hi)
{
	const struct buf *rows = &b->rows[st->sink];
	struct buf *out = &s->out;

	if (copy_start(s, st->copy) < 0)
		return -1;
	buf_clear(out);
	for (size_t i = lo; i < hi; i++) {
		const struct record *r = &b->record[i];

		if (!mine(st, r))
			continue;
		wire_int16(out, (int16_t)(st->table->count + 1));
		wire_int32(out, 4);
		wire_int32(out, (int32_t)i);
		buf_add(out, rows->p + r->row.at + ROW_HEAD, r->row.n - ROW_HEAD);
		if (out->n < FLUSH)
			continue;
		if (copy_rows(s, buf_span(out)) < 0)
			return -1;
		buf_clear(out);
	}
	if (copy_rows(s, buf_span(out)) < 0)
		return -1;
	return copy_end(s);
}

static void conflict(struct batch *b, size_t i, const struct table *t, const PGresult *r, int row)
{
	char detail[512];

	if (PQgetvalue(r, row, 1)[0] == 't')
		snprintf(detail, sizeof(detail), "%s has no row of this key: another unique constraint or a trigger kept it "
		         "out", t->target);
	else
		snprintf(detail, sizeof(detail), "%s has another record of this key, different in %.400s", t->target,
		         PQgetvalue(r, row, 2));
	batch_letter(b, i, span_of(log_tool()), SPAN("conflicting_duplicate"), span_of(detail));
}

/* Which of the records were not inserted, and are they the same as what is there? `missing` are those whose key was
 * there before. */
static int find_duplicates(const struct stage *st, struct server *s, struct batch *b, const char *const *bounds,
                           const char *missing,
                           size_t *found)
{
	const char *values[] = {bounds[0], bounds[1], missing};
	PGresult *r = server_query(s, st->duplicates, 3, values);

	if (r == NULL)
		return -1;
	for (int row = 0; row < PQntuples(r); row++) {
		size_t i = strtoul(PQgetvalue(r, row, 0), NULL, 10);

		if (PQgetvalue(r, row, 1)[0] == 't' || PQgetvalue(r, row, 2)[0] != '\0')
			conflict(b, i, st->table, r, row);
		else
			b->record[i].verdict = VERDICT_DUPLICATE;
		++*found;
	}
	PQclear(r);
	return 0;
}

/* A table without a key cannot say which rows a trigger dropped: their number is all there is. */
static void drop_last(const struct stage *st, struct batch *b, size_t lo, size_t hi, size_t missing)
{
	log_warn("%s: %zu rows were not inserted, and without a key nobody can say which: they count as duplicates",
	         st->table->target, missing);
	for (size_t i = hi; i > lo && missing > 0; i--) {
		if (mine(st, &b->record[i - 1]) && b->record[i - 1].verdict == VERDICT_ROW) {
			b->record[i - 1].verdict = VERDICT_DUPLICATE;
			missing--;
		}
	}
}

static int judge_inserted(const struct stage *st, struct server *s, struct batch *b, size_t lo, size_t hi,
                          const char *const *bounds,
                          const PGresult *r, size_t staged)
{
	size_t inserted = strtoul(PQgetvalue(r, 0, 0), NULL, 10), found = 0;

	if (inserted == staged)
		return 0;
	if (st->duplicates != NULL && find_duplicates(st, s, b, bounds, PQgetvalue(r, 0, 1), &found) < 0)
		return -1;
	if (inserted + found < staged)
		drop_last(st, b, lo, hi, staged - inserted - found);
	return 0;
}

static size_t records_of(const struct stage *st, const struct batch *b, size_t lo, size_t hi)
{
	size_t n = 0;

	for (size_t i = lo; i < hi; i++)
		n += mine(st, &b->record[i]);
	return n;
}

static void judge_stored(const struct stage *st, struct batch *b, size_t lo, size_t hi)
{
	for (size_t i = lo; i < hi; i++)
		if (mine(st, &b->record[i]))
			b->record[i].verdict = st->sink == SINK_LABEL ? VERDICT_LABEL : VERDICT_ROW;
}

int stage_load_direct(const struct stage *st, struct server *s, struct batch *b)
{
	size_t n = records_of(st, b, 0, b->count);

	if (n == 0)
		return 0;
	if (copy_direct(st, s, b) < 0)
		return -1;
	if (s->affected != n) { /* a trigger kept rows out */
		s->class = PG_ROW;
		s->sqlstate[0] = '\0';
		snprintf(s->message, sizeof(s->message), "%zu rows were sent, %" PRIu64 " were stored", n, s->affected);
		return -1;
	}
	judge_stored(st, b, 0, b->count);
	return 0;
}

int stage_load(const struct stage *st, struct server *s, struct batch *b, size_t lo, size_t hi)
{
	char low[24], high[24];
	const char *bounds[] = {low, high};
	size_t staged = records_of(st, b, lo, hi);
	int status = 0;

	if (staged == 0)
		return 0;
	snprintf(low, sizeof(low), "%zu", lo);
	snprintf(high, sizeof(high), "%zu", hi);
	if (copy_staged(st, s, b, lo, hi) < 0)
		return -1;
	PGresult *r = server_query(s, st->insert, 2, bounds);
	if (r == NULL)
		return -1;
	judge_stored(st, b, lo, hi);
	if (st->mode == STAGE_INSERT)
		status = judge_inserted(st, s, b, lo, hi, bounds, r, staged);
	PQclear(r);
	return status;
}
