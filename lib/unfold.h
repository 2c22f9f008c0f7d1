/*
 * Ad-hoc replay: turns a JSON array of objects, or pretty-printed objects one after the other, into one record a line.
 * Only white space between tokens is lost; nothing is parsed into values, so numbers stay as they are. Streamed: memory is
 * bounded by one record. What is already one object a line passes through as it is.
 */
#ifndef TXPIPE_UNFOLD_H
#define TXPIPE_UNFOLD_H

#include "buf.h"
#include "span.h"

struct unfold {
	int mode;      /* undecided, lines, array, objects */
	int depth;
	bool in_string, escaped;
	uint64_t line; /* lines of input seen, for messages */
	struct buf record;
};

/*
 * Feed bytes; appends whole records, each ended by \n, to `to`. The mode is decided by the first bytes: `[` as the first
 * token is an array; an object that is not closed on its first line is pretty-printed; all else is lines (NDJSON), where the
 * bytes pass through untouched, faults included. 0, or -1 with a static text in *why (unbalanced brackets, text between records,
 * a record longer than max) — the caller names file and line.
 */
int unfold_feed(struct unfold *u, struct span bytes, size_t max, struct buf *to, const char **why);

/* At the end of input: an unfinished record or array is torn (-1). In mode lines the rest leaves as it is. */
int unfold_finish(struct unfold *u, struct buf *to, const char **why);

void unfold_free(struct unfold *u);

#endif
