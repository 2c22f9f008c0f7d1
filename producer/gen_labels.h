/*
 * Charge-backs: what becomes known of a record days after it. A fraud is reported after a log-normal delay, or never; a customer now and then
 * disputes a purchase of his own. All of it follows from the record's own id: labels do not draw from the stream, which is the same with and
 * without them.
 */
#ifndef TXPIPE_GEN_LABELS_H
#define TXPIPE_GEN_LABELS_H

#include <stddef.h>

#include "gen_emit.h"

/* How labels come. Shortest delay, longest one and the end of the time to object are fixed parts of the median: 1/96, 11 and 11.25 times. */
struct label_rules {
	int64_t delay;   /* the median, microseconds */
	double spread;   /* standard deviation of the delay's logarithm */
	double missed;   /* share of the frauds that nobody reports */
	double disputed; /* share of the legitimate records that are reported as fraud */
};

struct label {
	int64_t known; /* when the label comes, microseconds */
	uint64_t number; /* of equal times, the label of the earlier record comes first */
	struct record record;
};

/* Labels on their way, and what became of the records so far. */
struct labels {
	struct label_rules rules;
	struct label *heap; /* the one that comes next first */
	size_t count, cap;
	uint64_t seen, fraud, disputed, missed;
};

/* When the truth about a record is known: of a fraud, or a disputed purchase, when it is reported; else when the time to object is over. */
int64_t labels_known(const struct label_rules *rules, const struct record *r, bool reported);

void labels_init(struct labels *l, const struct label_rules *rules);
void labels_free(struct labels *l);

/* Tell of each original; `now` is when it is written: no label comes before its record. */
void labels_see(struct labels *l, const struct record *r, int64_t now);

/*
 * The next label that comes before `until`, written to `to` (EMIT_MAX bytes): its length, or 0. Labels come in the order of their times if no
 * record is seen afterwards whose `now` lies before `until`.
 */
size_t labels_next(struct labels *l, int64_t until, char *to);

#endif
