/* The SQL of data tests: one scan for all tests of a relation, and the rows that fail. Each call replaces what is in `to`. */
#ifndef AGGREGATE_TEST_SQL_H
#define AGGREGATE_TEST_SQL_H

#include "project.h"

/* What is read as `t`. */
struct test_reading {
	const char *relation;
	const char *from; /* the relation, or its changed rows with a column sign: … */
	bool changes;     /* … then counts are of what came less what went */
};

/* One row: null, then per test the rows looked at and the failures. Of a unique test they are the values, and how many of them
 * are not the first of their kind. */
void test_sql_scan(const struct test_reading *read, const struct node *const *test, size_t count, struct buf *to);

/* A query of one column that asks all that the tests of a relation ask, for memory_exact(). */
void test_sql_asked(const struct test_reading *read, const struct node *const *test, size_t count, struct buf *to);

/* One row: how many values a unique test has, how many of them occur more than once. */
void test_sql_unique(const struct test_reading *read, const struct node *test, struct buf *to);

/* `select columns from (the singular test) t behind`. Returns where its own SQL begins. */
size_t test_sql_singular(const struct node *test, const char *columns, const char *behind, struct buf *to);

/* The rows that fail, as JSON, up to the test's limit. Returns where the SQL of a singular test begins, else 0. */
size_t test_sql_rows(const struct test_reading *read, const struct node *test, struct buf *to);

#endif
