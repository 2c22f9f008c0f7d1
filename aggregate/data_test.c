#include "data_test.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "build.h"
#include "clock.h"
#include "exit.h"

/* A failing row that is larger is kept as its size only. */
#define KEEP_BYTES "65536"

/* What the constraints of a relation promise of one of its columns. */
struct promise {
	char *column;
	bool not_null, unique;
};

struct batch {
	struct session *s;
	const struct node *of; /* the relation */
	struct promise *promise;
	size_t promises;
	struct buf sql;
};

static const struct test *test_of(const struct outcome *o)
{
	return &o->node->test;
}

static const char *where(const struct outcome *o)
{
	return o->node->config.where != NULL ? o->node->config.where : "true";
}

static const char *join(const struct outcome *o)
{
	return test_of(o)->join != NULL ? test_of(o)->join : "";
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

/* --- what need not be run --------------------------------------------------------------------------------------- */

static int read_promises(struct batch *b)
{
	const char *values[] = {b->of->relation};
	PGresult *r;

	if (db_params(&b->s->db,
	              "select a.attname, a.attnotnull, exists (select from pg_index i where i.indrelid = c.oid "
	              "and i.indisunique and i.indisvalid and i.indimmediate and i.indpred is null "
	              "and i.indnkeyatts = 1 and i.indkey[0] = a.attnum) "
	              "from pg_class c join pg_attribute a on a.attrelid = c.oid "
	              "where c.oid = to_regclass($1) and (c.relkind = 'p' or c.relkind = 'r' and not c.relhassubclass) "
	              "and a.attnum > 0 and not a.attisdropped", 1, values, &r) < 0)
		return -1;
	b->promises = (size_t)PQntuples(r);
	b->promise = xcalloc(b->promises, sizeof *b->promise);
	for (size_t i = 0; i < b->promises; i++)
		b->promise[i] = (struct promise){xstrdup(PQgetvalue(r, (int)i, 0)), PQgetvalue(r, (int)i, 1)[0] == 't',
		                                 PQgetvalue(r, (int)i, 2)[0] == 't'};
	PQclear(r);
	return 0;
}

static bool proved(const struct batch *b, const struct outcome *o)
{
	const struct test *t = test_of(o);

	for (size_t i = 0; t->attribute != NULL && i < b->promises; i++)
		if (strcmp(b->promise[i].column, t->attribute) == 0)
			return (t->kind == TEST_NOT_NULL && b->promise[i].not_null) || (t->kind == TEST_UNIQUE && b->promise[i].unique);
	return false;
}

/* --- the queries ------------------------------------------------------------------------------------------------ */

static void scan_sql(struct batch *b, struct outcome **test, size_t count)
{
	buf_clear(&b->sql);
	buf_add_text(&b->sql, "select count(*)");
	for (size_t i = 0; i < count; i++) {
		const struct config *c = &test[i]->node->config;

		if (c->where == NULL)
			buf_addf(&b->sql, ",\ncount(*), count(*) filter (where (%s))", test_of(test[i])->wrong);
		else
			buf_addf(&b->sql, ",\ncount(*) filter (where (%s)), count(*) filter (where (%s) and (%s))", c->where, c->where,
			         test_of(test[i])->wrong);
	}
	buf_addf(&b->sql, "\nfrom %s t", b->of->relation);
	for (size_t i = 0; i < count; i++)
		buf_add_text(&b->sql, join(test[i]));
}

static void unique_sql(struct batch *b, const struct outcome *o, bool rows)
{
	const struct test *t = test_of(o);

	buf_clear(&b->sql);
	if (rows)
		buf_addf(&b->sql, "select %s as value, count(*) as times from %s t where %s is not null and (%s) group by 1 "
		                  "having count(*) > 1", t->column, b->of->relation, t->column, where(o));
	else
		buf_addf(&b->sql, "select coalesce(sum(n), 0), count(*) filter (where n > 1) from (select count(*) as n from %s t "
		                  "where %s is not null and (%s) group by %s) g", b->of->relation, t->column, where(o), t->column);
}

static size_t singular_sql(struct batch *b, const struct outcome *o, const char *columns, const char *behind)
{
	size_t prefix;

	buf_clear(&b->sql);
	buf_addf(&b->sql, "select %s from (\n", columns);
	prefix = b->sql.n;
	buf_add(&b->sql, o->node->compiled.sql, o->node->compiled.n);
	buf_addf(&b->sql, "\n) t%s", behind);
	return prefix;
}

/* The rows that fail, as JSON, up to the test's limit. */
static void keep_rows(struct batch *b, struct outcome *o)
{
	const char *json = "case when octet_length(to_jsonb(t)::text) > " KEEP_BYTES
			   " then json_build_object('bytes', octet_length(to_jsonb(t)::text))::text else to_jsonb(t)::text end";
	const struct test *t = test_of(o);
	struct buf limit = {0};
	size_t prefix = 0;
	PGresult *r;

	if (o->node->config.discard_failures || o->node->config.limit == 0)
		return;
	buf_addf(&limit, " limit %" PRId64, o->node->config.limit);
	if (t->kind == TEST_SINGULAR) {
		prefix = singular_sql(b, o, json, buf_text(&limit));
	} else if (t->kind == TEST_UNIQUE) {
		struct buf inner = {0};

		unique_sql(b, o, true);
		buf_add(&inner, b->sql.p, b->sql.n);
		buf_clear(&b->sql);
		buf_addf(&b->sql, "select %s from (%s) t%s", json, buf_text(&inner), buf_text(&limit));
		buf_free(&inner);
	} else {
		buf_clear(&b->sql);
		buf_addf(&b->sql, "select %s from %s t%s where (%s) and (%s)%s", json, b->of->relation, join(o), where(o), t->wrong,
		         buf_text(&limit));
	}
	buf_free(&limit);
	if (query(b, &r) < 0) {
		test_error(b, o, prefix);
		return;
	}
	for (int i = 0; i < PQntuples(r); i++)
		buf_addf(&o->kept, "%s%s", i > 0 ? "," : "", PQgetvalue(r, i, 0));
	o->kept_count = PQntuples(r);
	PQclear(r);
}

static void run_scan(struct batch *b, struct outcome **test, size_t count)
{
	PGresult *r;

	scan_sql(b, test, count);
	if (query(b, &r) == 0) {
		for (size_t i = 0; i < count; i++)
			judge(test[i], db_int(r, 0, (int)(2 * i + 2)), db_int(r, 0, (int)(2 * i + 1)));
		PQclear(r);
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
		prefix = singular_sql(b, o, "null, count(*)", "");
	else
		unique_sql(b, o, false);
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

static void run_rows(struct batch *b, struct outcome **test, size_t count)
{
	struct outcome **scan = xcalloc(count, sizeof *scan);
	size_t scanned = 0;
	int64_t began;

	for (size_t i = 0; i < count; i++) {
		if (proved(b, test[i])) {
			test[i]->status = OUTCOME_PASS;
			test[i]->failures = 0;
			test[i]->message = xstrdup("proved by a constraint");
		} else if (test_of(test[i])->kind == TEST_UNIQUE) {
			began = clock_monotonic();
			run_alone(b, test[i]);
			share_time(&test[i], 1, began);
		} else {
			scan[scanned++] = test[i];
		}
	}
	began = clock_monotonic();
	if (scanned > 0) {
		run_scan(b, scan, scanned);
		share_time(scan, scanned, began);
	}
	free(scan);
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

void data_test_run(struct session *s, const struct project *p, struct outcome **test, size_t count)
{
	struct batch b = {.s = s, .of = p->node[test_of(test[0])->of]};
	int64_t began = clock_monotonic();

	if (test_of(test[0])->kind == TEST_SINGULAR) {
		run_alone(&b, test[0]);
		share_time(test, 1, began);
	} else if (read_promises(&b) < 0) {
		for (size_t i = 0; i < count; i++)
			test_error(&b, test[i], 0);
	} else {
		run_rows(&b, test, count);
	}
	for (size_t i = 0; i < count; i++) {
		tell(test[i]);
		if (test[i]->status == OUTCOME_WARN || test[i]->status == OUTCOME_FAIL)
			keep_rows(&b, test[i]);
	}
	for (size_t i = 0; i < b.promises; i++)
		free(b.promise[i].column);
	free(b.promise);
	buf_free(&b.sql);
}
