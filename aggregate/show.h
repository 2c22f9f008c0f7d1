/* The rows of a model or seed. */
#ifndef AGGREGATE_SHOW_H
#define AGGREGATE_SHOW_H

#include "out.h"
#include "project.h"

/* Is there such a node? 0, or -1 with a message. */
int show_check(const struct project *p, const char *name);

/* Print the rows of its relation as NDJSON. Returns the exit status. */
int show_model(const struct project *p, const char *name, const char *conninfo, struct out *out);

#endif
