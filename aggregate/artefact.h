/* run_results.json, with the names that dbt gives its keys and statuses, for tools that read dbt's. */
#ifndef AGGREGATE_ARTEFACT_H
#define AGGREGATE_ARTEFACT_H

#include "history.h"
#include "outcome.h"

/* Write `folder`/run_results.json (by rename; the folder is made if it is missing). 0, or -1 with a message. */
int artefact_write(const struct project *p, const struct outcome *outcome, const struct run_result *run, int64_t us,
                   const char *folder);

#endif
