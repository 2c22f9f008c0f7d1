/* SQL as words: as much of its syntax as is needed to judge a text before the server sees it. */
#ifndef AGGREGATE_WORDS_H
#define AGGREGATE_WORDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "arena.h"

enum word_kind { WORD_NAME, WORD_QUOTED, WORD_NUMBER, WORD_TEXT, WORD_HOLE, WORD_SIGN, WORD_END };

struct word {
	enum word_kind kind;
	size_t begin, end;
	int depth; /* of parentheses, brackets and case … end around it */
};

struct words {
	const char *sql;
	struct word *word; /* the last one is WORD_END */
	size_t count;
};

/* Read `sql`, which must live as long as the words; what stands in [hole_begin, hole_end) is one word of its own kind. */
void words_read(struct words *w, struct arena *arena, const char *sql, size_t hole_begin, size_t hole_end);

/* Is word `i` this keyword or sign? */
bool words_are(const struct words *w, size_t i, const char *text);

/* Can the character stand in a name, behind its first? */
bool words_goes_on(char c);

/* A text in quotes that names a moment ('now', 'today 12:00'), which the server's date types read as a clock without anything
 * in its query saying so: the first such word, or SIZE_MAX. */
size_t words_clock(const struct words *w);

#endif
