/* What a run says: one NDJSON line a node on stdout, a table for people on stderr. */
#ifndef AGGREGATE_REPORT_H
#define AGGREGATE_REPORT_H

#include "history.h"
#include "outcome.h"

const char *report_status(enum outcome_status status);

/* "source", "model", "test", "seed" */
const char *report_kind(enum node_kind kind);

/* {"node":…,"type":…,"status":…,"rows":…,"inserted":…,"updated":…,"deleted":…,"failures":…,"ms":…,"message":…} */
void report_json(const struct outcome *o, struct buf *to);

/* Every node that took part, in the order of the run, and a last line of type run. */
void report_lines(const struct project *p, const struct outcome *outcome, const struct run_result *run, int64_t us,
                  struct buf *to);

/* The same as a table on stderr, unless --quiet or --log json; in colour on a terminal. */
void report_table(const struct project *p, const struct outcome *outcome, const struct run_result *run, int64_t us,
                  bool json_log);

/* Metrics of the run. */
void report_metrics(const struct project *p, const struct outcome *outcome, const struct run_result *run, int64_t us);

#endif
