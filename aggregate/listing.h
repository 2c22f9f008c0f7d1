/* What a project holds, without a server: its SQL, its nodes. */
#ifndef AGGREGATE_LISTING_H
#define AGGREGATE_LISTING_H

#include "out.h"
#include "project.h"

/* The compiled SQL of the selected models and singular tests, as psql runs it. Returns the exit status. */
int listing_compile(const struct project *p, struct out *out);

/* The selected nodes, one line of JSON each. Returns the exit status. */
int listing_nodes(const struct project *p, struct out *out);

#endif
