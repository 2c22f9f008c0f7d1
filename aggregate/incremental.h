/*
 * Models of plain dbt projects: the query, with is_incremental() true, says itself what is new, and its rows are written over
 * those of the same key (or added, without a key).
 *
 * It is here so that such a project runs, with a warning: the largest value that was read is no mark of what was read. A
 * transaction that took its number or its time before the newest one but commits after the run stays behind the mark for
 * ever, and so do updates and deletes.
 */
#ifndef AGGREGATE_INCREMENTAL_H
#define AGGREGATE_INCREMENTAL_H

#include "build.h"

/* 0, or -1 with the outcome. */
int incremental_build(struct build *b);

#endif
