/* How each node ended the last time that it took part in a run. */
#ifndef AGGREGATE_RESULTS_H
#define AGGREGATE_RESULTS_H

#include "session.h"

struct result {
	const char *status, *started_at; /* NULL: in no run that is remembered, or not lately */
	const char *message;             /* or NULL */
	double ms;
	int64_t rows, failures;          /* -1: does not apply */
	int64_t age;                     /* seconds since that run began */
};

/* Fill result[] for each node of the project, by its index, in the transaction that is open; texts live in the session's
 * arena. 0, or -1 with the error kept. */
int results_read(struct session *s, const struct project *p, struct result *result);

/* "3 min", "2 d"; "?" if negative. */
const char *results_age(char to[32], int64_t seconds);

#endif
