/* One page of HTML about a project: lineage, columns, tests, last results. Nothing in it is loaded from elsewhere. */
#ifndef AGGREGATE_DOCS_H
#define AGGREGATE_DOCS_H

#include "out.h"
#include "project.h"

/* Print it. Returns the exit status. */
int docs_print(const struct project *p, const char *conninfo, struct out *out);

#endif
