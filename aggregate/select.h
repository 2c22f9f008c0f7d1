/*
 * --select and --exclude, as dbt writes them: words separated by blanks (any of them), terms of a word joined by
 * commas (all of them), a term being a name (with * and ?), a path below the project folder, tag:T, path:P or
 * source:S, state:modified, with + before it for everything it needs and + behind it for everything that needs it. Tests come with
 * what they read.
 */
#ifndef AGGREGATE_SELECT_H
#define AGGREGATE_SELECT_H

#include "opt.h"
#include "project.h"

/* Does a term ask what differs from what was built last? Then somebody has to set `modified` of the nodes first. */
bool select_needs_state(const struct opt_list *select, const struct opt_list *exclude);

/* Sets `selected` of every node. 0, or -1 with a message: a word that matches nothing is an error. */
int select_nodes(struct project *p, const struct opt_list *select, const struct opt_list *exclude);

#endif
