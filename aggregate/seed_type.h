/* The type that a column of a CSV file has, by the look of its cells. */
#ifndef AGGREGATE_SEED_TYPE_H
#define AGGREGATE_SEED_TYPE_H

#include "csv.h"

/* As PostgreSQL writes it: "integer", "timestamp with time zone", … */
const char *seed_type(const struct csv *csv, size_t column);

#endif
