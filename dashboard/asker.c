#include "asker.h"

#include <pthread.h>
#include <stdlib.h>

#include "clock.h"
#include "database.h"
#include "exit.h"
#include "grid.h"
#include "log.h"
#include "rfc3339.h"
#include "scrape.h"

#include "embed/dashboard/sql/marts.sql.h"

enum { KEPT = 128, WAITING_MAX = 256, TIMES = 20, FRESH_MIN_US = 1000000, FRESH_MAX_US = 60000000 };

struct question {
	const struct endpoint *endpoint;
	struct params params;
	bool csv;
	char *key;
	asker_done *done;
	void *arg;
	struct question *next;
};

struct kept {
	char *key;
	struct answer *answer;
	int64_t until;
};

/* One thread, one connection, one question after the other. */
struct lane {
	struct asker *asker;
	pthread_t thread;
	pthread_cond_t given;
	struct question *first, **last;
	size_t waiting;
	struct database database;
	uint64_t age; /* the asker's, when this one asked last */
};

enum { QUICK, SLOW, LANES };

struct asker {
	pthread_mutex_t mutex;
	struct lane lane[LANES];
	bool stop;
	uint64_t age; /* grows when answers of before are good no more */
	struct kept kept[KEPT];
};

/* --- one question ------------------------------------------------------------------------------------------------ */

static struct answer *failed(struct database *d, bool csv)
{
	struct buf body = {0};

	if (d->c == NULL) {
		buf_addf(&body, "PostgreSQL cannot be asked: %s", d->words);
	} else if (database_lacks_tables(d) && !csv) {
		/* Not an error: there is nothing yet. */
		buf_add_text(&body, "{\"as_of\":\"");
		rfc3339_write(&body, clock_wall() / 1000 * 1000);
		buf_add_text(&body, "\",\"missing\":true,\"columns\":[],\"rows\":[]}\n");
		return answer_new(200, "application/json", body);
	} else if (d->sqlstate[0] == '2' && d->sqlstate[1] == '2') {
		struct answer *a = answer_error(400, d->words);

		return a;
	} else if (strcmp(d->sqlstate, "57014") == 0) {
		buf_add_text(&body, "the question took PostgreSQL longer than 8 s; a shorter time or a filter helps");
	} else {
		buf_addf(&body, "PostgreSQL: %s", d->words);
	}
	struct answer *a = answer_error(503, buf_text(&body));

	buf_free(&body);
	return a;
}

/* The first row, or NULL. */
static PGresult *ask_row(struct database *d, const char *sql)
{
	PGresult *r = d->c == NULL ? NULL : database_ask(d, sql, 0, NULL, NULL);

	if (r != NULL && PQntuples(r) > 0)
		return r;
	PQclear(r);
	return NULL;
}

/* From the marts and what has changed since, in one snapshot. NULL: they may not be asked for this, or it has failed; the facts are there. */
static PGresult *ask_marts(struct database *d, const struct endpoint *e, const char **values)
{
	PGresult *marts, *r = NULL;

	if (!database_has_runs(d) || !database_do(d, "begin isolation level repeatable read read only"))
		return NULL;
	marts = ask_row(d, marts_sql);
	if (marts != NULL) {
		for (int i = 0; i < 3; i++)
			values[PARAM_XMAX + i] = PQgetvalue(marts, 0, i);
		r = database_ask(d, endpoint_sql(e, true), PARAMS, params_types, values);
	}
	PQclear(marts);
	if (d->c != NULL)
		database_do(d, "rollback");
	for (int i = 0; i < 3; i++)
		values[PARAM_XMAX + i] = NULL;
	return r;
}

static PGresult *ask(struct database *d, const struct endpoint *e, const struct params *p, const char **values)
{
	if (e->of == ENDPOINT_SUMS && params_whole_days(p)) {
		PGresult *r = ask_marts(d, e, values);

		if (r != NULL || d->c == NULL || strcmp(d->sqlstate, "57014") == 0) /* what takes too long here takes longer there */
			return r;
	}
	return database_ask(d, endpoint_sql(e, false), PARAMS, params_types, values);
}

struct answer *asker_now(struct database *d, const struct endpoint *e, const struct params *p, bool csv)
{
	const char *values[PARAMS];
	struct buf body = {0}, rules = {0};
	PGresult *r = NULL;

	for (size_t i = 0; i < PARAMS; i++)
		values[i] = p->value[i];
	values[PARAM_RULES] = scrape_rules(&rules);
	if (database_ready(d))
		r = ask(d, e, p, values);
	buf_free(&rules);
	if (r == NULL)
		return failed(d, csv);
	if (csv) {
		grid_csv(&body, r);
	} else {
		buf_add_text(&body, "{\"as_of\":\"");
		rfc3339_write(&body, clock_wall() / 1000 * 1000);
		buf_add_text(&body, "\",");
		grid_json(&body, r);
		buf_add_text(&body, "}\n");
	}
	PQclear(r);
	return answer_new(200, csv ? "text/csv; charset=utf-8; header=present" : "application/json", body);
}

/* --- what is remembered ------------------------------------------------------------------------------------------ */

static struct answer *recall(struct asker *k, const char *key)
{
	int64_t now = clock_monotonic();

	for (size_t i = 0; i < KEPT; i++)
		if (k->kept[i].key != NULL && strcmp(k->kept[i].key, key) == 0 && k->kept[i].until > now)
			return answer_keep(k->kept[i].answer);
	return NULL;
}

static void let_go(struct kept *place)
{
	free(place->key);
	answer_drop(place->answer);
	*place = (struct kept){0};
}

/* In the place of the same question, or of the oldest answer. */
static void remember(struct asker *k, const struct question *q, struct answer *a, int64_t took)
{
	int64_t fresh = took * TIMES, now = clock_monotonic();
	struct kept *place = &k->kept[0];

	for (size_t i = 0; i < KEPT; i++) {
		if (k->kept[i].until <= now) /* it may be large */
			let_go(&k->kept[i]);
		if (k->kept[i].key != NULL && strcmp(k->kept[i].key, q->key) == 0) {
			place = &k->kept[i];
			break;
		}
		if (k->kept[i].until < place->until)
			place = &k->kept[i];
	}
	if (fresh < FRESH_MIN_US)
		fresh = FRESH_MIN_US;
	if (fresh > FRESH_MAX_US)
		fresh = FRESH_MAX_US;
	let_go(place);
	*place = (struct kept){xstrdup(q->key), answer_keep(a), now + fresh};
}

void asker_forget(struct asker *k)
{
	pthread_mutex_lock(&k->mutex);
	k->age++;
	for (size_t i = 0; i < KEPT; i++)
		let_go(&k->kept[i]);
	pthread_mutex_unlock(&k->mutex);
}

/* --- the thread -------------------------------------------------------------------------------------------------- */

static void free_question(struct question *q)
{
	params_free(&q->params);
	free(q->key);
	free(q);
}

static struct answer *take_answer(struct lane *l, struct question *q)
{
	struct asker *k = l->asker;
	struct answer *a = recall(k, q->key);

	if (a != NULL || k->stop)
		return a != NULL ? a : answer_error(503, "the server is being stopped");
	if (l->age != k->age)
		l->database.again_at = 0; /* it may be back: no pause before the next try */
	l->age = k->age;
	pthread_mutex_unlock(&k->mutex);
	int64_t began = clock_monotonic();
	bool was_there = l->database.c != NULL;
	a = asker_now(&l->database, q->endpoint, &q->params, q->csv);
	if (was_there && l->database.c == NULL) { /* a connection that broke while nothing was asked: that says nothing of a new one */
		answer_drop(a);
		a = asker_now(&l->database, q->endpoint, &q->params, q->csv);
	}
	int64_t took = clock_monotonic() - began;
	pthread_mutex_lock(&k->mutex);
	/* That something is away is remembered, too, for a moment: or else a crowd of browsers would have every one of them wait for a time-out. What took
	 * too long is remembered for long: it would take as long again. */
	if (l->age == k->age)
		remember(k, q, a, l->database.c == NULL ? 0 : took);
	return a;
}

static void *work(void *arg)
{
	struct lane *l = arg;
	struct asker *k = l->asker;

	pthread_mutex_lock(&k->mutex);
	for (;;) {
		struct question *q = l->first;

		if (q == NULL && k->stop)
			break;
		if (q == NULL) {
			pthread_cond_wait(&l->given, &k->mutex);
			continue;
		}
		l->first = q->next;
		if (l->first == NULL)
			l->last = &l->first;
		l->waiting--;
		struct answer *a = take_answer(l, q);
		pthread_mutex_unlock(&k->mutex);
		q->done(q->arg, a);
		free_question(q);
		pthread_mutex_lock(&k->mutex);
	}
	pthread_mutex_unlock(&k->mutex);
	return NULL;
}

struct asker *asker_start(const char *conninfo)
{
	struct asker *k = xcalloc(1, sizeof *k);

	pthread_mutex_init(&k->mutex, NULL);
	for (size_t i = 0; i < LANES; i++) {
		struct lane *l = &k->lane[i];

		*l = (struct lane){.asker = k, .last = &l->first, .database = {.conninfo = conninfo, .quiet = i != QUICK}};
		pthread_cond_init(&l->given, NULL);
		if (pthread_create(&l->thread, NULL, work, l) != 0) {
			log_error("cannot start a thread");
			exit(EXIT_RETRY);
		}
	}
	return k;
}

void asker_stop(struct asker *k)
{
	pthread_mutex_lock(&k->mutex);
	k->stop = true;
	for (size_t i = 0; i < LANES; i++)
		pthread_cond_signal(&k->lane[i].given);
	pthread_mutex_unlock(&k->mutex);
	for (size_t i = 0; i < LANES; i++)
		pthread_join(k->lane[i].thread, NULL);
}

void asker_free(struct asker *k)
{
	for (size_t i = 0; i < KEPT; i++)
		let_go(&k->kept[i]);
	for (size_t i = 0; i < LANES; i++) {
		database_close(&k->lane[i].database);
		pthread_cond_destroy(&k->lane[i].given);
	}
	pthread_mutex_destroy(&k->mutex);
	free(k);
}

struct answer *asker_ask(struct asker *k, const struct endpoint *e, struct params *p, bool csv, asker_done *done, void *arg)
{
	struct lane *l = &k->lane[e->slow ? SLOW : QUICK];
	struct buf key = {0};
	struct question *q;
	struct answer *a;

	buf_addf(&key, "%s%s:", e->name, csv ? ".csv" : "");
	params_key(p, &key);
	buf_text(&key);
	pthread_mutex_lock(&k->mutex);
	a = recall(k, key.p);
	if (a == NULL && (l->waiting >= WAITING_MAX || k->stop))
		a = answer_error(503, "too many questions at once; try again in a moment");
	if (a == NULL) {
		q = xcalloc(1, sizeof *q);
		*q = (struct question){.endpoint = e, .params = *p, .csv = csv, .key = key.p, .done = done, .arg = arg};
		*l->last = q;
		l->last = &q->next;
		l->waiting++;
		pthread_cond_signal(&l->given);
	} else {
		params_free(p);
		buf_free(&key);
	}
	pthread_mutex_unlock(&k->mutex);
	*p = (struct params){0};
	return a;
}
