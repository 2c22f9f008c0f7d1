/* How things stand: per model and seed the last run, its rows and duration, its tests, and who still writes to what it is
 * built from. */
#ifndef AGGREGATE_STATUS_H
#define AGGREGATE_STATUS_H

#include "out.h"
#include "project.h"

/* Print the selected models and seeds as a table, or as lines of JSON. Returns the exit status. */
int status_print(const struct project *p, const char *conninfo, bool json, struct out *out);

#endif
