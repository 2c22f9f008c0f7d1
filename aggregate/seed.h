/*
 * Seeds: CSV files of the project as tables. A column's type is what column_types says, else the narrowest of boolean,
 * integer, bigint, numeric, date, timestamp, timestamptz that all its cells are, else text; "007" is text. An empty cell
 * is null. The table is written only when the file or its configuration changed, and never dropped.
 */
#ifndef AGGREGATE_SEED_H
#define AGGREGATE_SEED_H

#include "outcome.h"
#include "session.h"

/* What, when it changes, makes the seed another one. */
void seed_fingerprint(struct node *n);

/* Bring the table up to date in the run's transaction; fills the outcome. After an error the caller rolls back to its
 * savepoint. `full_refresh` allows to change its columns. */
void seed_load(struct session *s, const struct project *p, const struct node *n, bool full_refresh, struct outcome *o);

#endif
