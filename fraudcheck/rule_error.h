/*
 * What is wrong with a rule file, in a form that can be acted on: file:line:column, the line, a caret, and what was
 * probably meant. Places are spans into the text of the file.
 */
#ifndef FRAUDCHECK_RULE_ERROR_H
#define FRAUDCHECK_RULE_ERROR_H

#include "buf.h"
#include "span.h"

enum { RULE_ERRORS_SHOWN = 20 };

struct rule_source {
	const char *name; /* of the file, for messages */
	struct span text;
	int errors;
	struct buf messages; /* one after the other, each `file:line:column: text`, the line and the caret; no \n at the end */
	const char *last_at; /* where the last one was: a second one about the same place is not shown */
};

/* Note an error at `at`. Always returns -1. */
int rule_error(struct rule_source *s, struct span at, const char *format, ...) __attribute__((format(printf, 3, 4)));

/* Line, from 1, of a place. */
unsigned rule_line(const struct rule_source *s, struct span at);

void rule_source_free(struct rule_source *s);

/* Keeps the nearest of the names offered to a misspelt one; nothing if none is near enough to have been meant. */
struct suggestion {
	struct span wanted, best;
	size_t distance;
};

struct suggestion suggest_begin(struct span wanted);
void suggest_offer(struct suggestion *g, struct span candidate);

/* Edits that lead from a to b: insert, delete, replace, swap neighbours. Names beyond 64 bytes are far from everything. */
size_t edit_distance(struct span a, struct span b);

#endif
