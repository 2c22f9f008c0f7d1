/*
 * Ad-hoc replay: turns a JSON array of objects, or pretty-printed objects one after the other, into one record a
 * line. Only white space between tokens is lost (one blank stays where two tokens would run together); nothing is
 * parsed into values, so numbers stay as they are. Streamed: memory is bounded by one record. What is already one
 * object a line passes through as it is, faults included.
 *
 * How the three are told apart, by the first line and the token behind it:
 * - `[` and then `{` or `]` is an array; `[` and anything else is a broken record among lines.
 * - An object still open at the end of its first line is pretty-printed if the next line goes on with it: the next
 *   token is one that the grammar allows there, and the line does not begin with `{` in its first column (which
 *   pretty-printers indent). So a torn first line with a record behind it (`{"a":1` or `{"a":` or `{"a":[`, then
 *   `{"b":2}`) stays two lines, the first of which is refused. A line that ends inside a string is torn too.
 * - All else is lines.
 */
#ifndef TXPIPE_UNFOLD_H
#define TXPIPE_UNFOLD_H

#include <stdint.h>

#include "buf.h"
#include "span.h"

enum unfold_mode {
	UNFOLD_UNDECIDED,
	UNFOLD_LINES, /* the caller may leave unfold out from now on */
	UNFOLD_ARRAY,
	UNFOLD_OBJECTS,
	UNFOLD_BEHIND_ARRAY /* its ] was there: only white space may follow */
};

/* Start with all zero. */
struct unfold {
	enum unfold_mode mode;
	uint64_t line; /* lines of input that have ended, for messages */
	/* private */
	unsigned depth; /* open brackets within the record */
	bool in_string, escaped;
	bool gap;          /* white space was left out before the next byte */
	bool comma;        /* an element of the array must follow */
	struct buf record; /* the record so far; while undecided: all that came */
};

/*
 * Feed bytes; appends whole records, each ended by \n, to `to`. 0, or -1 with a static text in *why (unbalanced
 * brackets, text between records, a record longer than max, a line that ends inside a string) — the caller names file
 * and line.
 */
int unfold_feed(struct unfold *u, struct span bytes, size_t max, struct buf *to, const char **why);

/* At the end of input: an unfinished record or array is torn (-1). In mode lines the rest leaves as it is. */
int unfold_finish(struct unfold *u, struct buf *to, const char **why);

void unfold_free(struct unfold *u);

#endif
