/* What the database remembers of earlier runs, where it decides what the next one is about. */
#ifndef AGGREGATE_RECALL_H
#define AGGREGATE_RECALL_H

#include "run.h"

/* Set `modified` of every model and seed that is not there yet, or was built last from other SQL, another file or another
 * configuration. Returns the exit status. */
int recall_modified(struct project *p, const char *conninfo);

/*
 * Select what the last run of the project did not bring to a good end (failed, broke, was skipped or undone) with the
 * tests of it, and say which command that run was. *count is how many nodes that are: 0 if all was well. Returns the exit
 * status; a project that never ran is EXIT_USAGE.
 */
int recall_unfinished(struct project *p, const char *conninfo, enum run_command *command, size_t *count);

#endif
