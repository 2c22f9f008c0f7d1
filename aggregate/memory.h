/*
 * What tests found in the last published build, so that the next one need not read everything again: a test whose
 * relations are unchanged has the result that it had, and a test of the rows of a source is judged by the rows that
 * changed, which are added to what was counted before. `aggregate test` reads all, and so does a build with
 * --full-refresh.
 */
#ifndef AGGREGATE_MEMORY_H
#define AGGREGATE_MEMORY_H

#include "changes.h"
#include "outcome.h"
#include "session.h"

enum memory_plan {
	MEMORY_WHOLE, /* nothing is known, or what is known is of no use */
	MEMORY_DELTA, /* read what changed since `snapshot`, and add */
	MEMORY_SAME   /* nothing changed: the counts are those of last time */
};

struct memory_entry {
	const struct node *test;
	const char *snapshot;  /* as of the last time; NULL: nothing is known */
	const char *sources;   /* layouts of the sources then */
	const char *judged_by; /* transaction */
	int64_t rows, failures;
	bool known;  /* `exact` is */
	bool exact;  /* see memory_exact() */
	bool judged; /* in this run: `rows`, `failures` and `exact` are of now */
};

struct memory {
	struct session *s;
	const struct project *p;
	const struct outcome *outcome; /* of each node in this run */
	struct memory_entry *entry;    /* of each node of the project; of those that are tests */
	struct memory_probe *probe;    /* differences that were asked for */
	size_t probes;
};

/* Read what is known. 0, or -1 with the error kept. */
int memory_read(struct memory *m, struct session *s, const struct project *p, const struct outcome *outcome);

/* Nothing is known: everything is to be read. */
void memory_forget(struct memory *m);

/* How to judge a test; with MEMORY_DELTA also the source and whether there are retracted rows. Errors of the server (kept)
 * make it MEMORY_WHOLE, whose own statement will then say what is wrong. */
enum memory_plan memory_plan(struct memory *m, const struct node *test, const struct source **source, bool *retracted);

/*
 * Is what these tests of one relation ask decided by the rows of the project's relations alone, through whatever views? Not
 * if it calls a clock, chance, somebody's own function that is not immutable, or reads a table that the project does not
 * know, or if the condition of a row looks at other rows: then there is nothing to remember. `sql` is a query that contains
 * what they ask.
 */
bool memory_exact(struct memory *m, const struct node *const *test, size_t count, const char *sql);

/* The test was judged: counts as of now. */
void memory_note(struct memory *m, const struct node *test, int64_t rows, int64_t failures, bool exact);

/* Write down what was judged, in the transaction that publishes the run. 0, or -1 with the error kept. */
int memory_write(struct memory *m);

#endif
