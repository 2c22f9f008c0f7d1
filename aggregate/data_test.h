/*
 * Running data tests. All row tests of a relation share one scan; a test that a constraint of the table proves is not
 * run; the failing rows are fetched at once, because a run that rolls back must still be able to write them down.
 */
#ifndef AGGREGATE_DATA_TEST_H
#define AGGREGATE_DATA_TEST_H

#include "memory.h"

/*
 * Run `count` tests that read the same relation (one, if it is singular) in the current transaction, and fill their
 * outcomes. Uses a savepoint: an error of one test does not touch the others. With a memory (or NULL) only what changed is
 * read where that says enough, and the memory learns what was found.
 */
void data_test_run(struct session *s, const struct project *p, struct memory *memory, struct outcome **test, size_t count);

#endif
