/* One model being built: what the modules that build it hand to one another. */
#ifndef AGGREGATE_BUILD_H
#define AGGREGATE_BUILD_H

#include "outcome.h"
#include "relation.h"

struct build {
	struct session *s;
	const struct project *p;
	const struct node *n;
	bool full_refresh;
	struct relation have, want; /* what is there; what the query yields */
	const struct state *state;  /* of what is there, or NULL */
	struct outcome *o;
	struct buf sql;
	struct span query; /* what a table is filled from: the model's SQL, or something around it … */
	size_t within;     /* … which begins there */
	const char *part;  /* " where …": the rows of the table that the query speaks of; NULL: all */
};

/* An error of ours: -1. */
#define build_fault(b, ...) outcome_error((b)->o, __VA_ARGS__)

/* Run b->sql, in which the model's SQL begins at `prefix` (SIZE_MAX: nowhere). 0, or -1 with the error as outcome. */
int build_run(struct build *b, size_t prefix, PGresult **r);

/* An error of a question to the catalogue: -1. */
int build_catalogue_error(struct build *b);

/* Drop the views of this project that read what is about to change and are built again later in this run. */
int build_drop_views_above(struct build *b);
int build_drop_views_of(struct session *s, const struct project *p, const struct node *n, struct outcome *o);

/* Say how the query's columns differ from what is there: -1. */
int build_columns_changed(struct build *b);

/* Keep the server's error as the outcome of a node, with file and line if the position lies in the node's SQL, which
 * begins at byte `prefix` of `sql` (NULL: no SQL of the node). */
void build_error(const struct session *s, const struct node *n, const char *sql, size_t prefix, struct outcome *o);

#endif
