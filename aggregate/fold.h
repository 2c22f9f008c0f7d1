/*
 * The query of a fold, taken apart and held against the rules that make folding exact. What is folded must be linear in
 * `sign`: then adding what changed gives the same numbers as counting everything again, whatever order it came in.
 *
 *   select KEY as NAME, …, sum(sign) as NAME, sum(sign * X) [filter (where F)] as NAME, min(X) as NAME, max(X) as NAME
 *   from {{ changes('table') }} [ALIAS] [where W] group by KEY, …
 *
 * One source, no join, no subquery; the keys are the unique_key; one measure is sum(sign), which counts: a group whose count
 * falls to 0 goes. A sum without rows is 0. A minimum or maximum cannot be taken back: when a retraction touches it, its
 * group is computed anew. Averages, rates, conversions and names are views on top.
 */
#ifndef AGGREGATE_FOLD_H
#define AGGREGATE_FOLD_H

#include "project.h"

enum fold_kind { FOLD_KEY, FOLD_SUM, FOLD_MIN, FOLD_MAX };

struct fold_item {
	enum fold_kind kind;
	const char *name;
	const char *expression; /* of a key; of a measure what stands in the parentheses */
	const char *filter;     /* of a measure: the condition, or NULL */
	const char *factor;     /* of a sum: what `sign` is multiplied with, or NULL */
	struct place at;
};

struct fold {
	size_t source; /* the node whose changes it folds */
	const char *alias; /* the source's in the query, as SQL */
	struct fold_item *item;
	size_t count;
	size_t counter; /* the item that is sum(sign) */
	const char *where; /* or NULL */
	bool extremes;     /* some item is a minimum or maximum */
};

/* Does a name for the source follow behind changes()? `text` is what follows in the file. */
bool fold_names_source(const char *text, const char *end);

/* Take the compiled query of a model apart, into n->fold. 0, or -1 with a message that names the rule. */
int fold_read(struct project *p, struct node *n);

#endif
