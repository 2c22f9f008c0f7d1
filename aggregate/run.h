/*
 * A run: models and tests in dependency order, in one transaction that is published as a whole or not at all.
 */
#ifndef AGGREGATE_RUN_H
#define AGGREGATE_RUN_H

#include "buf.h"
#include "project.h"

enum run_command { RUN_BUILD, RUN_MODELS, RUN_TESTS, RUN_SEEDS, RUN_FRESHNESS, RUN_VERIFY };

struct run_options {
	enum run_command command;
	const char *conninfo; /* or NULL */
	bool full_refresh, fail_fast;
	bool json_log; /* messages are JSON: no table among them */
	int64_t timeout; /* microseconds for the run; 0: as long as it takes */
	int64_t history; /* microseconds that the runs of this project are remembered; 0: for ever */
	const char *target; /* folder for run_results.json, or NULL */
};

/* "build", "run", "test", … */
const char *run_command_name(enum run_command command);

/* Is the command about nodes of this kind? */
bool run_concerns(enum run_command command, const struct node *n);

/* Run the selected nodes; reports on stderr, and in `lines` as NDJSON (nothing if it could not begin). Returns the exit
 * status. */
int run_project(const struct project *p, const struct run_options *options, struct buf *lines);

#endif
