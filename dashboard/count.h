/*
 * A thread for the counts that may take seconds: is everything there that was counted, dead letters by reason, how the runs of aggregate went.
 * Nothing else of the page waits for it, and it works at most a twentieth of the time for each.
 */
#ifndef TXDASH_COUNT_H
#define TXDASH_COUNT_H

#include <libpq-fe.h>
#include <stdbool.h>
#include <stdint.h>

enum count_what { COUNT_RUNS, COUNT_DEAD, COUNT_BOOKS, COUNTS };

/* What was counted last. */
struct count {
	PGresult *result; /* NULL: unknown */
	int64_t at;       /* Unix time in microseconds; 0: not yet */
	char words[512];  /* why it could not be counted, else "" */
};

struct counter;

struct counter *counter_start(const char *conninfo);
void counter_stop(struct counter *k);
void counter_free(struct counter *k); /* NULL is fine */

/* Is there something new? Then it is the caller's, and what was in `to` is let go. */
bool counter_take(struct counter *k, enum count_what what, struct count *to);

/* Something has happened (the server came back, aggregate has built): count everything at once. */
void counter_again(struct counter *k);

/* One count, here and now, for a report: `to` is filled. */
struct database;
void count_now(struct database *d, enum count_what what, struct count *to);

#endif
