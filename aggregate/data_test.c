#include "data_test.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "build.h"
#include "clock.h"
#include "exit.h"
#include "proof.h"
#include "test_sql.h"

struct batch {
	struct session *s;
	struct memory *memory; /* or NULL: everything is read */
	const struct node *of; /* the relation */
	struct test_reading read;
	struct proof proof;
	struct buf sql;
};

static const struct test *test_of(const struct outcome *o)
{
	return &o->node->test;
}

static void nodes_of(struct outcome **test, size_t count, const struct node **to)
{
	for (size_t i = 0; i < count; i++)
		to[i] = test[i]->node;
}

static void judge(struct outcome *o, int64_t failures, int64_t rows)
{
	const struct config *c = &o->node->config;

	o->failures = failures;
	o->rows = rows;
	if (c->severity == SEVERITY_ERROR && threshold_met(&c->error_if, failures, rows))
		o->status = OUTCOME_FAIL;
	else
		o->status = threshold_met(&c->warn_if, failures, rows) ? OUTCOME_WARN : OUTCOME_PASS;
}

/* An error of the server in a test: the file and line of its entry, or of the line in its own SQL. */
static void test_error(struct batch *b, struct outcome *o, size_t prefix)
{
	const struct db *db = &b->s->db;
	struct buf text = {0};

	if (test_of(o)->kind == TEST_SINGULAR) {
		build_error(b->s, o->node, b->sql.p != NULL ? buf_text(&b->sql) : NULL, prefix, o);
		return;
	}
	buf_addf(&text, "%s:%d: test %s: %s", o->node->at.file, o->node->at.line, o->node->name, db->message);
	if (db->sqlstate[0] != '\0')
		buf_addf(&text, " (SQLSTATE %s)", db->sqlstate);
	if (db->hint != NULL)
		buf_addf(&text, "; hint: %s", db->hint);
	free(o->message);
	o->message = xstrdup(buf_text(&text));
	buf_free(&text);
	o->status = OUTCOME_ERROR;
	o->exit_status = db_exit_status(db);
}

/* Run b->sql under a savepoint, so that the transaction survives its error. */
static int query(struct batch *b, PGresult **r)
{
	struct db *db = &b->s->db;

	if (db_query(db, "savepoint aggregate_test", NULL) < 0)
		return -1;
	if (db_query(db, buf_text(&b->sql), r) == 0)
		return db_query(db, "release aggregate_test", NULL);
	db_roll_back(db, "rollback to aggregate_test; release aggregate_test");
	return -1;
}

/* --- the queries ------------------------------------------------------------------------------------------------ */

/* The rows that fail, as JSON, up to the test's limit. */
static void keep_rows(struct batch *b, struct outcome *o)
{
	size_t prefix;
	PGresult *r;

	if (o->node->config.discard_failures || o->node->config.limit == 0)
		return;
	prefix = test_sql_rows(&b->read, o->node, &b->sql);
	if (query(b, &r) < 0) {
		test_error(b, o, prefix);
		return;
	}
	for (int i = 0; i < PQntuples(r); i++)
		buf_addf(&o->kept, "%s%s", i > 0 ? "," : "", PQgetvalue(r, i, 0));
	o->kept_count = PQntuples(r);
	PQclear(r);
}

static void run_alone(struct batch *b, struct outcome *o);
static void run_scan(struct batch *b, struct outcome **test, size_t count);

/* What the scan counted of a test. */
static void take(struct batch *b, struct outcome *o, int64_t rows, int64_t failures)
{
	const struct memory_entry *e = b->read.changes ? &b->memory->entry[o->node->index] : NULL;

	if (test_of(o)->kind == TEST_UNIQUE && failures > 0) {
		run_alone(b, o);
	} else if (e == NULL) {
		judge(o, failures, rows);
	} else if (e->rows + rows >= e->failures + failures && e->failures + failures >= 0) {
		judge(o, e->failures + failures, e->rows + rows);
	} else { /* what is known cannot be: somebody wrote behind the triggers */
		struct batch whole = *b;

		whole.sql = (struct buf){0};
		whole.read.from = b->of->relation;
		whole.read.changes = false;
		run_scan(&whole, &o, 1);
		buf_free(&whole.sql);
	}
}

static void run_scan(struct batch *b, struct outcome **test, size_t count)
{
	const struct node **node = xcalloc(count, sizeof *node);
	PGresult *r;

	nodes_of(test, count, node);
	test_sql_scan(&b->read, node, count, &b->sql);
	free(node);
	if (query(b, &r) == 0) {
		for (size_t i = 0; i < count; i++)
			take(b, test[i], db_int(r, 0, (int)(2 * i + 1)), db_int(r, 0, (int)(2 * i + 2)));
		PQclear(r);
	} else if (count == 1 && test_of(test[0])->kind == TEST_UNIQUE && strcmp(b->s->db.sqlstate, "42883") == 0) {
		run_alone(b, test[0]); /* a type without an order */
	} else if (count == 1 || b->s->db.cancelled || PQstatus(b->s->db.c) != CONNECTION_OK) {
		for (size_t i = 0; i < count; i++)
			test_error(b, test[i], 0);
	} else {
		for (size_t i = 0; i < count; i++) /* which one was it? */
			run_scan(b, &test[i], 1);
	}
}

static void run_alone(struct batch *b, struct outcome *o)
{
	size_t prefix = 0;
	PGresult *r;

	if (test_of(o)->kind == TEST_SINGULAR)
		prefix = test_sql_singular(o->node, "null, count(*)", "", &b->sql);
	else
		test_sql_unique(&b->read, o->node, &b->sql);
	if (query(b, &r) < 0) {
		test_error(b, o, prefix);
		return;
	}
	judge(o, db_int(r, 0, 1), PQgetisnull(r, 0, 0) ? -1 : db_int(r, 0, 0));
	PQclear(r);
}

/* --- one relation ----------------------------------------------------------------------------------------------- */

static void share_time(struct outcome **test, size_t count, int64_t began)
{
	int64_t us = clock_monotonic() - began;

	for (size_t i = 0; i < count; i++)
		test[i]->us = us / (int64_t)count;
}

static void tell(struct outcome *o)
{
	struct buf text = {0};

	if (o->message != NULL || (o->status != OUTCOME_WARN && o->status != OUTCOME_FAIL))
		return;
	buf_addf(&text, "%s:%d: %" PRId64, o->node->at.file, o->node->at.line, o->failures);
	if (o->rows >= 0)
		buf_addf(&text, " of %" PRId64, o->rows);
	buf_addf(&text, " %s", test_of(o)->kind == TEST_UNIQUE ? "values occur more than once" : "rows fail");
	o->message = xstrdup(buf_text(&text));
	buf_free(&text);
}

/* Is what these tests ask worth remembering? All of them at once, or else one by one. */
static void note_exact(struct batch *b, struct outcome **test, size_t count, bool one_by_one)
{
	const struct node **node = xcalloc(count, sizeof *node);
	bool exact;

	nodes_of(test, count, node);
	if (test_of(test[0])->kind == TEST_SINGULAR)
		test_sql_singular(node[0], "count(*) as n", "", &b->sql);
	else
		test_sql_asked(&b->read, node, count, &b->sql);
	exact = memory_exact(b->memory, node, count, buf_text(&b->sql));
	for (size_t i = 0; i < count; i++) {
		if (!exact && one_by_one)
			note_exact(b, &test[i], 1, false);
		else
			memory_note(b->memory, node[i], test[i]->rows, test[i]->failures, exact);
	}
	free(node);
}

/* Learn what whole scans found. */
static void note_whole(struct batch *b, struct outcome **test, size_t count)
{
	struct outcome **fresh = xcalloc(count, sizeof *fresh);
	size_t n = 0;

	for (size_t i = 0; i < count && b->memory != NULL; i++) {
		const struct memory_entry *e = &b->memory->entry[test[i]->node->index];

		if (test[i]->status == OUTCOME_ERROR)
			continue;
		if (e->known)
			memory_note(b->memory, test[i]->node, test[i]->rows, test[i]->failures, e->exact);
		else
			fresh[n++] = test[i];
	}
	if (n > 0)
		note_exact(b, fresh, n, n > 1);
	free(fresh);
}

static void run_whole(struct batch *b, struct outcome **test, size_t count)
{
	int64_t began = clock_monotonic();

	if (count == 0)
		return;
	if (test_of(test[0])->kind == TEST_SINGULAR)
		run_alone(b, test[0]);
	else
		run_scan(b, test, count);
	share_time(test, count, began);
	note_whole(b, test, count);
}

/* Nothing changed that the test reads: it has the result that it had. */
static void run_same(struct batch *b, struct outcome *o)
{
	const struct memory_entry *e = &b->memory->entry[o->node->index];

	judge(o, e->failures, e->rows);
	memory_note(b->memory, o->node, e->rows, e->failures, true);
	if (o->status == OUTCOME_PASS) {
		o->status = OUTCOME_UNCHANGED;
	} else {
		struct buf text = {0};

		buf_addf(&text, "%s:%d: unchanged: still %" PRId64, o->node->at.file, o->node->at.line, o->failures);
		if (o->rows >= 0)
			buf_addf(&text, " of %" PRId64, o->rows);
		buf_add_text(&text, " fail; the rows are kept with the run that found them");
		o->message = xstrdup(buf_text(&text));
		buf_free(&text);
	}
}

/* Tests of one source, judged by what changed since they were judged last. */
static void run_changes(struct batch *b, struct outcome **test, size_t count, const struct source *source, bool retracted)
{
	int64_t began = clock_monotonic();
	struct buf from = {0};

	changes_sql(b->s, source, b->memory->entry[test[0]->node->index].snapshot, retracted, &from);
	b->read.from = buf_text(&from);
	b->read.changes = true;
	run_scan(b, test, count);
	for (size_t i = 0; i < count; i++) {
		if (test[i]->status == OUTCOME_ERROR)
			continue;
		memory_note(b->memory, test[i]->node, test[i]->rows, test[i]->failures, true);
		tell(test[i]);
		if (test[i]->status != OUTCOME_PASS)
			keep_rows(b, test[i]);
	}
	b->read.from = b->of->relation;
	b->read.changes = false;
	share_time(test, count, began);
	buf_free(&from);
}

/* Those of `test` that can be judged by the changes since the same snapshot as the first: one scan. */
static void run_deltas(struct batch *b, struct outcome **test, size_t count)
{
	struct outcome **scan = xcalloc(count, sizeof *scan);
	bool *done = xcalloc(count, sizeof *done);

	for (size_t first = 0; first < count; first++) {
		const char *snapshot = b->memory->entry[test[first]->node->index].snapshot;
		const struct source *source = NULL;
		bool retracted = false;
		size_t scanned = 0;

		for (size_t i = first; i < count && !done[first]; i++) {
			if (done[i] || strcmp(b->memory->entry[test[i]->node->index].snapshot, snapshot) != 0)
				continue;
			memory_plan(b->memory, test[i]->node, &source, &retracted);
			done[i] = i > first;
			scan[scanned++] = test[i];
		}
		if (scanned > 0)
			run_changes(b, scan, scanned, source, retracted);
		done[first] = true;
	}
	free(scan);
	free(done);
}

static enum memory_plan plan(struct batch *b, const struct outcome *o)
{
	const struct source *source;
	bool retracted;

	return b->memory != NULL ? memory_plan(b->memory, o->node, &source, &retracted) : MEMORY_WHOLE;
}

static void pass(struct outcome *o, const char *why)
{
	o->status = OUTCOME_PASS;
	o->failures = 0;
	o->message = xstrdup(why);
}

/* It holds for as long as the query is that one, whatever the rows. */
static void pass_by_query(struct batch *b, struct outcome *o)
{
	pass(o, "proved by the query of the view");
	if (b->memory != NULL)
		memory_note(b->memory, o->node, -1, 0, true);
}

static void run_rows(struct batch *b, struct outcome **test, size_t count)
{
	struct outcome **whole = xcalloc(count, sizeof *whole), **delta = xcalloc(count, sizeof *delta);
	size_t wholes = 0, deltas = 0;

	for (size_t i = 0; i < count; i++) {
		if (proof_by_constraint(&b->proof, test_of(test[i]))) {
			pass(test[i], "proved by a constraint");
			continue;
		}
		switch (plan(b, test[i])) {
		case MEMORY_SAME: run_same(b, test[i]); break;
		case MEMORY_DELTA: delta[deltas++] = test[i]; break;
		case MEMORY_WHOLE:
			if (proof_by_query(&b->proof, b->s, test_of(test[i])))
				pass_by_query(b, test[i]);
			else
				whole[wholes++] = test[i];
			break;
		}
	}
	run_deltas(b, delta, deltas);
	run_whole(b, whole, wholes);
	free(whole);
	free(delta);
}

void data_test_run(struct session *s, const struct project *p, struct memory *memory, struct outcome **test, size_t count)
{
	struct batch b = {.s = s, .memory = memory, .of = p->node[test_of(test[0])->of]};

	b.read = (struct test_reading){.relation = b.of->relation, .from = b.of->relation};
	if (test_of(test[0])->kind != TEST_SINGULAR && proof_read(&b.proof, s, b.of) < 0) {
		for (size_t i = 0; i < count; i++)
			test_error(&b, test[i], 0);
	} else {
		run_rows(&b, test, count);
	}
	for (size_t i = 0; i < count; i++) {
		bool bad = test[i]->status == OUTCOME_WARN || test[i]->status == OUTCOME_FAIL;

		if (bad && test[i]->message == NULL) { /* else the rows are kept already, here or in another run */
			tell(test[i]);
			keep_rows(&b, test[i]);
		}
	}
	buf_free(&b.sql);
}
