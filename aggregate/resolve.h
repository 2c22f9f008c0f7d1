/* After everything is a node: who needs whom, the order, and the SQL with the names filled in. */
#ifndef AGGREGATE_RESOLVE_H
#define AGGREGATE_RESOLVE_H

#include "project.h"

/* 0, or -1 with a message per fault: a name that nothing has, a cycle, a variable without a value. */
int resolve_project(struct project *p);

#endif
