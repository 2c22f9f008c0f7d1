/* The query of a fold while it is taken apart: what fold.c and fold_measure.c share. */
#ifndef AGGREGATE_FOLD_READ_H
#define AGGREGATE_FOLD_READ_H

#include "fold.h"
#include "words.h"

struct fold_reader {
	struct project *p;
	struct node *n;
	struct words words;
	struct fold *fold;
};

/* Text and place of words. */
char *fold_text(const struct fold_reader *r, size_t from, size_t to);
struct place fold_place(const struct fold_reader *r, size_t word);

/* Does the column `sign` occur in [from, to), in quotes or not? */
bool fold_mentions_sign(const struct fold_reader *r, size_t from, size_t to);

/* FUNCTION ( … ) [filter ( where … )] in [from, to), held against the rules of a measure. 0, or -1 with a message. */
int fold_measure(struct fold_reader *r, size_t from, size_t to, struct fold_item *item);

#endif
