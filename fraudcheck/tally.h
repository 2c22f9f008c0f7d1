/* What fraudcheck counts: as metrics (--metrics) and as a table (--summary). */
#ifndef FRAUDCHECK_TALLY_H
#define FRAUDCHECK_TALLY_H

#include <stdio.h>

#include "judge.h"
#include "metrics.h"

struct tally {
	const struct judge *judge;
	struct metric *records, *flagged, *allowed, *labels, *passed; /* passed: rejects of other tools */
	struct metric *warm, *keys; /* NULL without features, as are: */
	struct metric *learned, *evicted, *unlearned[4], *matched[2];
	struct metric **hits; /* per rule, in the order of the file */
	struct metric *ruleset; /* 1 for the rule set that judges */
	uint64_t rejects, total; /* total: lines of every kind, for --progress */
};

/* Registers every series, so that all are there from the start, zero included. */
void tally_init(struct tally *t, const struct judge *judge);
void tally_free(struct tally *t);

/* From the next record on `judge` judges: counts of rules that it has too go on. */
void tally_switch(struct tally *t, const struct judge *judge);

/* Count the record that was judged last. */
void tally_verdict(struct tally *t);

/* Bring the counts of what was remembered up to date. */
void tally_history(struct tally *t);

/* Count a reject of our own. */
void tally_reject(struct tally *t, const char *reason);

/* The table: hits per rule, zero included, then the totals. */
void tally_print(const struct tally *t, FILE *f);

#endif
