/*
 * The scanner against itself without vector instructions: the same spans. And against jansson: one text, the same verdict and the same values. The known
 * differences:
 * - jansson refuses integers that do not fit 64 bits, and numbers beyond the range of a double ("numeric overflow");
 *   the scanner keeps numbers as text and takes them all;
 * - jansson refuses half a surrogate pair (\ud800); for the scanner it is grammatical and json_unescape() refuses it;
 * - jansson takes a name that occurs twice and keeps the last value; the scanner yields both and json_duplicate()
 *   tells;
 * - jansson overlooks a raw NUL byte right behind a number or a word; the scanner refuses it;
 * - jansson stops at 2048 levels, the scanner at JSON_MAX_DEPTH;
 * - the scanner wants an object and says so; jansson is asked for any value (JSON_DECODE_ANY). Both refuse U+0000, as
 *   escape too.
 */
#ifndef TXPIPE_JSON_COMPARE_H
#define TXPIPE_JSON_COMPARE_H

#include "buf.h"
#include "span.h"

enum compared {
	COMPARED_TAKEN,      /* by both, and all values are the same */
	COMPARED_DUPLICATE,  /* the same, and a top-level name occurs twice */
	COMPARED_REFUSED,    /* by both */
	COMPARED_NOT_OBJECT, /* both say so */
	COMPARED_OVERFLOW,   /* the known differences */
	COMPARED_SURROGATE,
	COMPARED_LOST_NUL,
	COMPARED_TOO_DEEP,
	COMPARED_DIFFERENT   /* *why says how */
};

struct json_object;

/* The same spans of the same text. */
bool json_same_members(const struct json_object *o, const struct json_object *other);

/* `o` is reused; afterwards *fault is what the scanner said (enum json_fault). */
enum compared json_compare(struct json_object *o, struct span text, int *fault, const char **why);

#endif
