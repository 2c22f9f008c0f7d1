/* The SQL of the table materialisation. */
#ifndef AGGREGATE_MERGE_H
#define AGGREGATE_MERGE_H

#include "outcome.h"
#include "relation.h"

/* One statement that merges the model's query into its table and answers (rows of the query, rows of the table before,
 * inserted, updated, deleted). `columns` are the query's. */
void merge_sql(struct arena *arena, const struct node *n, const struct relation *columns, struct buf *to);

/* Create and fill the table, with its primary key. */
void merge_create_sql(struct arena *arena, const struct node *n, struct buf *to);

/* Empty a table and give it the query's columns and key, keeping the table itself. */
void merge_reshape_sql(struct arena *arena, const struct node *n, const struct relation *table,
                       const struct relation *query, struct buf *to);

/* Fill an empty, reshaped table. */
void merge_fill_sql(struct arena *arena, const struct node *n, const struct relation *columns, struct buf *to);

/* A query for one key that occurs more than once in the model's query. */
void merge_twice_sql(struct arena *arena, const struct node *n, struct buf *to);

#endif
