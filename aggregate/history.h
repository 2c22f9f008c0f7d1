/* What a run leaves in the schema `aggregate`: itself, its nodes, failing rows, and the state of what it built. */
#ifndef AGGREGATE_HISTORY_H
#define AGGREGATE_HISTORY_H

#include "outcome.h"
#include "session.h"

struct run_result {
	const char *command;
	const char *status;  /* published, checked, rolled_back, cancelled, failed */
	const char *message; /* or NULL */
	int exit_status;
	int64_t run_id; /* set by history_write() */
};

/* Write down the run, in the transaction that is open. 0, or -1 with the error kept. */
int history_write(struct session *s, const struct project *p, struct run_result *run, const struct outcome *outcome);

/* Delete what is older than `keep` microseconds of this project's runs (0: nothing). 0, or -1 with the error kept. */
int history_forget(struct session *s, const struct project *p, int64_t keep);

/* The state of the models that were built, in the transaction that built them. */
int history_state(struct session *s, const struct project *p, const struct outcome *outcome);

#endif
