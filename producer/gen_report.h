/* What was written, counted by kind: one JSON line for people and tests. */
#ifndef TXPIPE_GEN_REPORT_H
#define TXPIPE_GEN_REPORT_H

#include "buf.h"
#include "gen_labels.h"
#include "gen_record.h"
#include "gen_shares.h"

struct report {
	uint64_t records; /* well-formed originals */
	uint64_t late, duplicates;
	uint64_t malformed[SHARES];
	uint64_t stories[STORIES];
	uint64_t high_amount, foreign, bad_location; /* originals that each seed rule hits */
	uint64_t flagged;                            /* … that any of them hits */
	uint64_t labels_written; /* into the stream */
	bool labels;             /* whether labels were asked for, … */
	uint64_t reported, disputed, missed; /* … and the frauds that are reported, purchases disputed, frauds nobody reports */
	uint64_t bytes;
	int64_t first, last; /* event times of the originals, late ones excepted */
};

void report_record(struct report *p, const struct record *r);

/* Before report_print(), where labels were asked for: what becomes of them. */
void report_labels(struct report *p, const struct labels *l);

/* All lines written. */
uint64_t report_lines(const struct report *p);

/* Append {"records":…,…} and a newline. */
void report_print(struct buf *to, const struct report *p);

#endif
