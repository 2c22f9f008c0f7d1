/*
 * Generic tests, as schema.yml names them: unique, not_null, accepted_values, relationships, between. Each is a
 * condition on one row (or, unique, on one column), so that all tests of a relation fit into one scan.
 */
#ifndef AGGREGATE_GENERIC_TEST_H
#define AGGREGATE_GENERIC_TEST_H

#include "project.h"

/* One entry of a list of tests: a word, or a map of one name to its arguments and configuration. `column` is NULL for
 * a test of the whole relation (then column_name is an argument). 0, or -1 with a message. */
int generic_test_add(struct project *p, struct node *of, const char *column, const struct yaml *entry);

/* Once all relations have names: the SQL condition of a test, and the join it needs. `to` is the relation of a
 * relationships test. */
void generic_test_compile(struct arena *arena, struct node *n, const char *to);

#endif
