/*
 * Turning a model's query into its relation. A view is replaced only if it changed. A table is merged: the query
 * runs, and only rows that differ by the key are inserted, updated or deleted; the table itself is never dropped or
 * renamed, so that readers, grants and what others built on it stay.
 */
#ifndef AGGREGATE_MATERIALISE_H
#define AGGREGATE_MATERIALISE_H

#include "outcome.h"
#include "session.h"

/*
 * Build one model in the run's transaction; fills the outcome. After an error (the outcome says it) the
 * caller rolls back to its savepoint. `full_refresh` allows to change columns, key and kind of what is there.
 */
void materialise_model(struct session *s, const struct project *p, const struct node *n, bool full_refresh,
                       struct outcome *o);

#endif
