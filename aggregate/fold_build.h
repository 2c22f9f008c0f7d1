/*
 * A fold: a table of sums that takes in what changed in its source since the snapshot that it shows, and nothing else. The
 * first time, and with --full-refresh, it is computed from the whole source.
 */
#ifndef AGGREGATE_FOLD_BUILD_H
#define AGGREGATE_FOLD_BUILD_H

#include "build.h"

/* 0, or -1 with the outcome. */
int fold_build(struct build *b);

#endif
