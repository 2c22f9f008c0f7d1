/* The SQL that fills a table from a query (b->query). */
#ifndef AGGREGATE_MERGE_H
#define AGGREGATE_MERGE_H

#include "build.h"

/* One statement that merges the query into the table and answers (rows of the query, rows of the table before,
 * inserted, updated, deleted). */
void merge_sql(const struct build *b, struct buf *to);

/* Create and fill the table, with its primary key. Returns where the query begins. */
size_t merge_create_sql(const struct build *b, struct buf *to);

/* Empty a table and give it the query's columns and key, keeping the table itself. */
void merge_reshape_sql(struct arena *arena, const struct node *n, const struct relation *table,
                       const struct relation *query, struct buf *to);

/* Fill an empty, reshaped table. */
void merge_fill_sql(const struct build *b, struct buf *to);

/* A query for one key that occurs more than once in the query. */
void merge_twice_sql(const struct build *b, struct buf *to);

#endif
