/*
 * Tables filled from a query (b->query). A table that is there is merged: only rows that differ by the key are inserted,
 * updated or deleted; it is never dropped or renamed, so that readers, grants and what others built on it stay.
 */
#ifndef AGGREGATE_TABLE_H
#define AGGREGATE_TABLE_H

#include "build.h"

/* Has the query the key, and do columns and key fit the table that is there (if there is one, or they may change)? */
int table_check(struct build *b);

/* Make the table hold what the query yields. 0, or -1 with the outcome. */
int table_build(struct build *b);

/* After an error of a statement that wrote rows: told as the broken promise of a key, if it was that. -1. */
int table_key_error(struct build *b);

#endif
