#include "test_sql.h"

#include <inttypes.h>

/* A failing row that is larger is kept as its size only. */
#define KEEP_BYTES "65536"

/* On a line of its own: it may end in a comment. */
static const char *where(const struct node *n)
{
	return n->config.where != NULL ? n->config.where : "true";
}

static const char *join(const struct node *n)
{
	return n->test.join != NULL ? n->test.join : "";
}

/* Of one test, a count of rows for which `condition` holds. */
static void count_sql(const struct test_reading *read, const char *condition, struct buf *to)
{
	if (read->changes)
		buf_addf(to, ",\ncoalesce(sum(t.sign) filter (where %s\n), 0)", condition);
	else
		buf_addf(to, ",\ncount(*) filter (where %s\n)", condition);
}

void test_sql_scan(const struct test_reading *read, const struct node *const *test, size_t count, struct buf *to)
{
	struct buf wrong = {0};

	buf_clear(to);
	buf_add_text(to, "select null");
	for (size_t i = 0; i < count; i++) {
		const char *c = test[i]->test.column, *w = where(test[i]);

		if (test[i]->test.kind == TEST_UNIQUE) {
			buf_addf(to, ",\ncount(%s) filter (where %s\n), count(%s) filter (where %s\n) - count(distinct %s) filter (where %s\n)", c, w,
			         c, w, c, w);
			continue;
		}
		buf_clear(&wrong);
		buf_addf(&wrong, "(%s\n) and (%s)", w, test[i]->test.wrong);
		count_sql(read, w, to);
		count_sql(read, buf_text(&wrong), to);
	}
	buf_free(&wrong);
	buf_addf(to, "\nfrom %s t", read->from);
	for (size_t i = 0; i < count; i++)
		buf_add_text(to, join(test[i]));
}

void test_sql_asked(const struct test_reading *read, const struct node *const *test, size_t count, struct buf *to)
{
	buf_clear(to);
	buf_addf(to, "select 1 as one from %s t", read->relation);
	for (size_t i = 0; i < count; i++)
		buf_add_text(to, join(test[i]));
	buf_add_text(to, " where false");
	for (size_t i = 0; i < count; i++)
		buf_addf(to, " or ((%s\n) and (%s))", where(test[i]), test[i]->test.kind == TEST_UNIQUE ? "true" : test[i]->test.wrong);
}

void test_sql_unique(const struct test_reading *read, const struct node *test, struct buf *to)
{
	const char *c = test->test.column;

	buf_clear(to);
	buf_addf(to, "select coalesce(sum(n), 0), count(*) filter (where n > 1) from (select count(*) as n from %s t "
	             "where %s is not null and (%s\n) group by %s) g", read->relation, c, where(test), c);
}

size_t test_sql_singular(const struct node *test, const char *columns, const char *behind, struct buf *to)
{
	size_t prefix;

	buf_clear(to);
	buf_addf(to, "select %s from (\n", columns);
	prefix = to->n;
	buf_add(to, test->compiled.sql, test->compiled.n);
	buf_addf(to, "\n) t%s", behind);
	return prefix;
}

size_t test_sql_rows(const struct test_reading *read, const struct node *test, struct buf *to)
{
	static const char json[] = "case when octet_length(to_jsonb(t)::text) > " KEEP_BYTES
				   " then json_build_object('bytes', octet_length(to_jsonb(t)::text))::text else to_jsonb(t)::text end";
	static const char changed_json[] = "case when octet_length(to_jsonb(t)::text) > " KEEP_BYTES
					   " then json_build_object('bytes', octet_length(to_jsonb(t)::text))::text "
					   "else (to_jsonb(t) - 'sign')::text end";
	const struct test *t = &test->test;
	struct buf limit = {0};
	size_t prefix = 0;

	buf_addf(&limit, " limit %" PRId64, test->config.limit);
	if (t->kind == TEST_SINGULAR) {
		prefix = test_sql_singular(test, json, buf_text(&limit), to);
	} else if (t->kind == TEST_UNIQUE) {
		buf_clear(to);
		buf_addf(to, "select %s from (select %s as value, count(*) as times from %s t where %s is not null and (%s\n) group by 1 "
		             "having count(*) > 1) t%s", json, t->column, read->relation, t->column, where(test), buf_text(&limit));
	} else {
		buf_clear(to);
		buf_addf(to, "select %s from %s t%s where %s(%s\n) and (%s)%s", read->changes ? changed_json : json, read->from, join(test),
		         read->changes ? "t.sign = 1 and " : "", where(test), t->wrong, buf_text(&limit));
	}
	buf_free(&limit);
	return prefix;
}
