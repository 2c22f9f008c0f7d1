/*
 * Deleting what is old: rows of sources whose .yml says by which column (meta: {prune_by: COLUMN}), what they leave behind
 * for models that follow changes, and the history of runs. Rows go in batches of their own transactions, through the
 * tables' triggers: models subtract them in the next run, as any other deleted row.
 */
#ifndef AGGREGATE_PRUNE_H
#define AGGREGATE_PRUNE_H

#include "out.h"
#include "project.h"

/* Prints a line of JSON per table. `older` is in microseconds; `dry`: only count. Returns the exit status. */
int prune(const struct project *p, const char *conninfo, int64_t older, bool dry, struct out *out);

#endif
