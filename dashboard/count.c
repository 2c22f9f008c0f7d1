#include "count.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "buf.h"
#include "clock.h"
#include "database.h"
#include "exit.h"
#include "log.h"

#include "embed/dashboard/sql/books.sql.h"
#include "embed/dashboard/sql/dead_by_reason.sql.h"
#include "embed/dashboard/sql/run_pulse.sql.h"

enum { AWAY_US = 1000000 };

/* How long each rests at least, and how many times as long as it took. */
static const struct {
	const char *sql;
	int64_t pause, times;
} all[COUNTS] = {
	[COUNT_RUNS] = {run_pulse_sql, 5000000, 20},
	[COUNT_DEAD] = {dead_by_reason_sql, 5000000, 20},
	[COUNT_BOOKS] = {books_sql, 15000000, 50}, /* all rows of all targets */
};

struct counter {
	pthread_t thread;
	pthread_mutex_t mutex;
	pthread_cond_t wake;
	bool stop, again;
	struct {
		bool news;
		struct count count; /* with `news`: what nobody has taken yet */
		int64_t due;
	} slot[COUNTS];
	struct database database;
};

/* --- counting ---------------------------------------------------------------------------------------------------- */

void count_now(struct database *d, enum count_what what, struct count *to)
{
	bool ask = what != COUNT_RUNS || database_has_runs(d);

	PQclear(to->result);
	to->result = ask && d->c != NULL ? database_ask(d, all[what].sql, 0, NULL, NULL) : NULL;
	to->at = clock_wall();
	snprintf(to->words, sizeof to->words, "%s", ask && to->result == NULL ? d->words : "");
	if (ask && to->result == NULL && strcmp(d->sqlstate, "57014") == 0)
		snprintf(to->words, sizeof to->words, "too many rows to count within 8 s%s", what == COUNT_BOOKS ? "; scripts/reconcile takes its time" : "");
}

static void leave(struct counter *k, enum count_what what, const struct count *count, int64_t took)
{
	int64_t rest = took * all[what].times;

	pthread_mutex_lock(&k->mutex);
	PQclear(k->slot[what].count.result);
	k->slot[what].count = *count;
	k->slot[what].news = true;
	k->slot[what].due = clock_monotonic() + (rest > all[what].pause ? rest : all[what].pause);
	pthread_mutex_unlock(&k->mutex);
}

/* --- the thread -------------------------------------------------------------------------------------------------- */

/* Under the mutex. */
static enum count_what next_due(const struct counter *k)
{
	enum count_what first = 0;

	for (enum count_what i = 1; i < COUNTS; i++)
		if (k->slot[i].due < k->slot[first].due)
			first = i;
	return first;
}

/* Until something is due, but not before `not_before`. false: it is over. */
static bool wait_for_due(struct counter *k, int64_t not_before, enum count_what *what)
{
	bool stop;

	pthread_mutex_lock(&k->mutex);
	for (;;) {
		int64_t due;

		if (k->again)
			for (enum count_what i = 0; i < COUNTS; i++)
				k->slot[i].due = 0;
		k->again = false;
		*what = next_due(k);
		due = k->slot[*what].due > not_before ? k->slot[*what].due : not_before;
		if (k->stop || clock_monotonic() >= due)
			break;
		pthread_cond_timedwait(&k->wake, &k->mutex, &(struct timespec){due / 1000000, due % 1000000 * 1000});
	}
	stop = k->stop;
	pthread_mutex_unlock(&k->mutex);
	return !stop;
}

/* A server that is away is told of by whoever looks every second; what was counted last stays. */
static void *work(void *arg)
{
	struct counter *k = arg;
	int64_t not_before = 0;
	enum count_what what;

	while (wait_for_due(k, not_before, &what)) {
		struct count count = {0};
		int64_t began = clock_monotonic();

		if (database_ready(&k->database))
			count_now(&k->database, what, &count);
		if (k->database.c != NULL)
			leave(k, what, &count, clock_monotonic() - began);
		else
			PQclear(count.result);
		not_before = k->database.c != NULL ? 0 : clock_monotonic() + AWAY_US;
	}
	return NULL;
}

struct counter *counter_start(const char *conninfo)
{
	struct counter *k = xcalloc(1, sizeof *k);
	pthread_condattr_t monotonic;

	k->database = (struct database){.conninfo = conninfo, .quiet = true};
	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	pthread_mutex_init(&k->mutex, NULL);
	pthread_cond_init(&k->wake, &monotonic);
	pthread_condattr_destroy(&monotonic);
	if (pthread_create(&k->thread, NULL, work, k) != 0) {
		log_error("cannot start a thread");
		exit(EXIT_RETRY);
	}
	return k;
}

bool counter_take(struct counter *k, enum count_what what, struct count *to)
{
	bool news;

	pthread_mutex_lock(&k->mutex);
	news = k->slot[what].news;
	if (news) {
		PQclear(to->result);
		*to = k->slot[what].count;
		k->slot[what].count.result = NULL;
		k->slot[what].news = false;
	}
	pthread_mutex_unlock(&k->mutex);
	return news;
}

static void tell(struct counter *k, bool *what)
{
	pthread_mutex_lock(&k->mutex);
	*what = true;
	pthread_cond_signal(&k->wake);
	pthread_mutex_unlock(&k->mutex);
}

void counter_again(struct counter *k)
{
	tell(k, &k->again);
}

void counter_stop(struct counter *k)
{
	tell(k, &k->stop);
	pthread_join(k->thread, NULL);
}

void counter_free(struct counter *k)
{
	if (k == NULL)
		return;
	for (enum count_what i = 0; i < COUNTS; i++)
		PQclear(k->slot[i].count.result);
	database_close(&k->database);
	pthread_cond_destroy(&k->wake);
	pthread_mutex_destroy(&k->mutex);
	free(k);
}
