/*
 * A run as a job: tried again when that can cure it, limited in time, and with a word to somebody when it failed in the
 * end. What Airflow does for a task.
 */
#ifndef AGGREGATE_OPERATE_H
#define AGGREGATE_OPERATE_H

#include "run.h"

struct operate_options {
	int64_t retries; /* further tries after the first */
	int64_t backoff; /* microseconds before the second try; doubles from try to try, up to five minutes */
};

/*
 * Run, again after EXIT_RETRY as often as `retries` allows: nothing else is cured by waiting. `lines` gets the report of the
 * last try. Returns its exit status.
 */
int operate_run(const struct project *p, const struct run_options *run, const struct operate_options *options,
                struct buf *lines);

/*
 * The run of `command` has failed: hand its report, or one line that says why there is none, to the standard input of
 * `hook`, a command for /bin/sh. What that prints goes to stderr.
 */
void operate_tell(const char *hook, const char *project, const char *command, int status, const struct buf *lines);

#endif
