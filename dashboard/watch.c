#include "watch.h"

#include <errno.h>
#include <math.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "asker.h"
#include "clock.h"
#include "count.h"
#include "database.h"
#include "exit.h"
#include "grid.h"
#include "live.h"
#include "log.h"

#include "embed/dashboard/sql/fresh_flagged.sql.h"
#include "embed/dashboard/sql/positions.sql.h"
#include "embed/dashboard/sql/tick.sql.h"

enum {
	TICK_US = 1000000,
	EARLY_US = 200000,      /* after a notification, but not more often than this */
	AGAIN_US = 500000,      /* and once more: pgload may have told nothing of what it stored within this time after it told something */
	MINUTE = 60,
};

/* Where the last look's snapshot ended, and what was in progress in it. */
struct mark {
	char *xmax, *xip;
};

struct watch {
	struct database database;
	struct broker *broker;
	struct hub *hub;
	struct asker *asker;
	struct counter *counter; /* NULL: for a report */
	struct live live;
	struct mark mark;
	double records, flagged, p50, p95;        /* since the last point */
	double positions_before, ends_before;     /* at the last point; NAN: unknown */
	double in_rate;
	int64_t ends_seen, point_at;
	double minute_records[MINUTE], minute_flagged[MINUTE];
	size_t minute;
	bool built; /* aggregate has, since the last tick */
	int wake;
	pthread_t thread;
	pthread_mutex_t mutex;                    /* of what follows */
	struct answer *text[WATCH_TEXTS];
	bool ready;
	char words[600];
};

/* --- looking ----------------------------------------------------------------------------------------------------- */

static PGresult *ask(struct watch *w, const char *sql)
{
	return w->database.c == NULL ? NULL : database_ask(&w->database, sql, 0, NULL, NULL);
}

static void replace(PGresult **place, PGresult *r)
{
	PQclear(*place);
	*place = r;
}

static double real(const PGresult *r, const char *column)
{
	int c = PQfnumber(r, column);

	return c < 0 || PQgetisnull(r, 0, c) ? NAN : strtod(PQgetvalue(r, 0, c), NULL);
}

static void keep_text(char **place, const PGresult *r, const char *column)
{
	free(*place);
	*place = xstrdup(PQgetvalue(r, 0, PQfnumber(r, column)));
}

static void forget_mark(struct watch *w)
{
	free(w->mark.xmax);
	free(w->mark.xip);
	w->mark = (struct mark){NULL, NULL};
}

/* Tell browsers of the flagged ones among what is new. */
static void tell_flagged(struct watch *w)
{
	const char *values[] = {w->mark.xmax, w->mark.xip};
	PGresult *r = database_ask(&w->database, fresh_flagged_sql, 2, NULL, values);
	struct buf data = {0};

	if (r == NULL)
		return;
	buf_add_char(&data, '{');
	grid_json(&data, r);
	buf_add_char(&data, '}');
	if (w->hub != NULL)
		hub_publish(w->hub, "flagged", buf_span(&data));
	buf_free(&data);
	PQclear(r);
}

/* What came since the last look. false: PostgreSQL did not answer. */
static bool look_at_facts(struct watch *w)
{
	const char *values[] = {w->mark.xmax, w->mark.xip}, *const none[] = {NULL, NULL};
	PGresult *r = database_ask(&w->database, tick_sql, 2, NULL, values);

	if (r == NULL && strcmp(w->database.sqlstate, "57014") == 0 && w->mark.xmax != NULL) {
		/* So much at once that it cannot be looked at in time: or else it would be asked for, in vain, for ever. */
		log_warn("too much was stored at once to tell what is new in it: %s", w->database.words);
		forget_mark(w);
		r = database_ask(&w->database, tick_sql, 2, NULL, none);
	}
	if (r == NULL)
		return false;
	if (real(r, "flagged") > 0)
		tell_flagged(w);
	w->records += real(r, "records");
	w->flagged += real(r, "flagged");
	w->live.seen += (uint64_t)real(r, "records");
	w->live.seen_flagged += (uint64_t)real(r, "flagged");
	if (real(r, "records") > 0) {
		w->p50 = real(r, "p50");
		w->p95 = real(r, "p95");
	}
	w->live.last_at = real(r, "last_at");
	if (w->database.c != NULL) { /* or else what is new was not told */
		keep_text(&w->mark.xmax, r, "xmax");
		keep_text(&w->mark.xip, r, "xip");
	}
	PQclear(r);
	return true;
}

static void find_ends(struct watch *w)
{
	const PGresult *r = w->live.positions;
	int count = PQntuples(r);

	w->live.end = xrealloc(w->live.end, (size_t)(count + 1) * sizeof *w->live.end);
	for (int i = 0; i < count; i++)
		w->live.end[i] = broker_end(w->broker, PQgetvalue(r, i, PQfnumber(r, "topic")),
		                            atoi(PQgetvalue(r, i, PQfnumber(r, "partition"))));
	broker_state(w->broker, &w->live.broker);
	if (!w->live.broker.up) /* the ends are those of then: what has grown since is not known */
		for (int i = 0; i < count; i++)
			w->live.end[i] = -1;
}

/* What was counted meanwhile; for a report, what is counted now. */
static void take_counts(struct watch *w)
{
	struct count *const to[COUNTS] = {[COUNT_RUNS] = &w->live.runs, [COUNT_DEAD] = &w->live.dead, [COUNT_BOOKS] = &w->live.books};

	for (enum count_what i = 0; i < COUNTS; i++) {
		if (w->counter != NULL)
			counter_take(w->counter, i, to[i]);
		else if (w->database.c != NULL && to[i]->at == 0)
			count_now(&w->database, i, to[i]);
	}
}

static void set_up(struct watch *w, bool up, bool lacks)
{
	struct live *l = &w->live;

	if (!l->looked || l->up != up)
		l->since = clock_wall();
	if (l->looked && !l->up && up && w->counter != NULL) { /* before pages hear of it, and ask */
		counter_again(w->counter);
		asker_forget(w->asker);
	}
	l->looked = true;
	l->up = up;
	l->lacks_tables = lacks;
	snprintf(l->words, sizeof l->words, "%s", up ? "" : w->database.words);
}

/* Everything. */
static void look(struct watch *w)
{
	PGresult *r;

	if (!database_ready(&w->database)) {
		set_up(w, false, false);
	} else if (!look_at_facts(w)) {
		bool lacks = database_lacks_tables(&w->database);

		set_up(w, false, lacks);
		if (lacks)
			forget_mark(w);
	} else if ((r = ask(w, positions_sql)) == NULL) {
		set_up(w, false, database_lacks_tables(&w->database));
	} else {
		replace(&w->live.positions, r);
		set_up(w, true, false);
	}
	take_counts(w);
	find_ends(w);
}

/* --- what is published ------------------------------------------------------------------------------------------- */

static double growth(double now, double *before, double seconds)
{
	double grown = now - *before;

	*before = now;
	return seconds > 0 && grown >= 0 ? grown / seconds : NAN; /* also where one of them is unknown */
}

static void sum_minute(struct watch *w)
{
	w->minute_records[w->minute] = w->records;
	w->minute_flagged[w->minute] = w->flagged;
	w->minute = (w->minute + 1) % MINUTE;
	w->live.records_minute = w->live.flagged_minute = 0;
	for (size_t i = 0; i < MINUTE; i++) {
		w->live.records_minute += w->minute_records[i];
		w->live.flagged_minute += w->minute_flagged[i];
	}
}

/* Kafka is looked at by another thread: what has come in is divided by the time between its looks, not ours. */
static double in_rate(struct watch *w)
{
	int64_t seen = w->live.broker.seen_at;

	if (seen != w->ends_seen) {
		w->in_rate = growth(live_ends(&w->live), &w->ends_before, (double)(seen - w->ends_seen) / 1e6);
		w->ends_seen = seen;
	}
	return w->live.broker.up ? w->in_rate : NAN;
}

/* The second that is over. */
static void add_point(struct watch *w)
{
	int64_t now = clock_monotonic();
	double seconds = w->point_at == 0 ? 0 : (double)(now - w->point_at) / 1e6;
	struct point p = {.at = (double)clock_wall() / 1e6, .p50 = w->p50, .p95 = w->p95, .lag = live_lag(&w->live)};

	w->point_at = now;
	p.stored = growth(w->live.up ? live_total(&w->live, "next_offset") : NAN, &w->positions_before, seconds);
	p.in = in_rate(w);
	p.flagged = seconds > 0 && w->live.up ? w->flagged / seconds : NAN;
	live_add_point(&w->live, p);
	sum_minute(w);
	w->records = w->flagged = 0;
	w->p50 = w->p95 = NAN;
}

static void put(struct watch *w, enum watch_text which, const char *type, struct buf body)
{
	struct answer *old = w->text[which];

	w->text[which] = answer_new(200, type, body);
	answer_drop(old);
}

static void publish(struct watch *w)
{
	static const char csv[] = "text/csv; charset=utf-8; header=present";
	struct buf live = {0}, partitions = {0}, partitions_csv = {0}, series = {0}, series_csv = {0}, metrics = {0}, tick = {0};

	live_json(&live, &w->live, true);
	live_json(&tick, &w->live, false);
	buf_add_char(&partitions, '{');
	live_partitions_json(&partitions, &w->live);
	buf_add_text(&partitions, "}\n");
	live_partitions_csv(&partitions_csv, &w->live);
	buf_add_char(&series, '{');
	live_series_json(&series, &w->live);
	buf_add_text(&series, "}\n");
	live_series_csv(&series_csv, &w->live);
	live_metrics(&metrics, &w->live, w->hub == NULL ? 0 : hub_streams(w->hub));
	pthread_mutex_lock(&w->mutex);
	put(w, WATCH_LIVE, "application/json", live);
	put(w, WATCH_PARTITIONS, "application/json", partitions);
	put(w, WATCH_PARTITIONS_CSV, csv, partitions_csv);
	put(w, WATCH_SERIES, "application/json", series);
	put(w, WATCH_SERIES_CSV, csv, series_csv);
	put(w, WATCH_METRICS, "text/plain; version=0.0.4; charset=utf-8", metrics);
	w->ready = w->live.up;
	snprintf(w->words, sizeof w->words, "%s", w->live.lacks_tables ? "the database is not set up: run pgload --init" :
	         !w->live.looked ? "PostgreSQL was not asked yet" : w->live.words);
	pthread_mutex_unlock(&w->mutex);
	if (w->hub != NULL)
		hub_publish(w->hub, "tick", buf_span(&tick));
	buf_free(&tick);
}

struct answer *watch_text(struct watch *w, enum watch_text which)
{
	struct answer *a;

	pthread_mutex_lock(&w->mutex);
	a = answer_keep(w->text[which]);
	pthread_mutex_unlock(&w->mutex);
	return a;
}

bool watch_ready(struct watch *w, char *words, size_t size)
{
	bool ready;

	pthread_mutex_lock(&w->mutex);
	ready = w->ready;
	snprintf(words, size, "%s", w->words);
	pthread_mutex_unlock(&w->mutex);
	return ready;
}

/* --- the thread -------------------------------------------------------------------------------------------------- */

/* What came from pgload and aggregate: true if facts did. */
static bool take_notifications(struct watch *w)
{
	bool stored = false;

	if (w->database.c == NULL || !PQconsumeInput(w->database.c))
		return false;
	for (PGnotify *n; (n = PQnotifies(w->database.c)) != NULL; PQfreemem(n)) {
		if (strcmp(n->extra, "aggregate") == 0)
			w->built = true;
		else
			stored = true;
	}
	return stored;
}

/* Once a tick, whoever notifies how often: pages ask for everything then. */
static void tell_built(struct watch *w)
{
	if (!w->built)
		return;
	w->built = false;
	counter_again(w->counter);
	asker_forget(w->asker);
	hub_publish(w->hub, "built", SPAN("{}"));
}

/* What the clock says. */
struct schedule {
	int64_t looked_at, tick_at, again_at;
	bool news; /* since the last look */
};

static int64_t next_look(const struct schedule *s)
{
	int64_t at = s->news ? s->looked_at + EARLY_US : s->again_at > s->looked_at ? s->again_at : s->tick_at;

	return at < s->tick_at ? at : s->tick_at;
}

/* Sleep until it is time to look. false: it is over. */
static bool wait_for_news(struct watch *w, struct schedule *s)
{
	for (;;) {
		int64_t left = next_look(s) - clock_monotonic();
		struct pollfd fds[2] = {{.fd = w->wake, .events = POLLIN},
		                        {.fd = w->database.c != NULL && !s->news ? PQsocket(w->database.c) : -1, .events = POLLIN}};

		if (left <= 0)
			return true;
		if (poll(fds, 2, (int)(left / 1000) + 1) < 0 && errno != EINTR)
			return true;
		if (fds[0].revents != 0)
			return false;
		if (fds[1].revents != 0) {
			s->news = take_notifications(w);
			if (PQstatus(w->database.c) != CONNECTION_OK) {
				database_close(&w->database); /* the look says so */
				return true;
			}
		}
	}
}

static void *work(void *arg)
{
	struct watch *w = arg;
	struct schedule s = {.tick_at = clock_monotonic()};

	while (wait_for_news(w, &s)) {
		bool news = s.news;

		look(w);
		s.looked_at = clock_monotonic();
		s.again_at = news ? s.looked_at + AGAIN_US : 0;
		s.news = take_notifications(w); /* perhaps of what was stored while others were asked for: that was not seen yet */
		if (s.looked_at < s.tick_at)
			continue;
		add_point(w);
		publish(w);
		tell_built(w);
		s.tick_at += TICK_US;
		if (s.tick_at < s.looked_at)
			s.tick_at = s.looked_at + TICK_US;
	}
	return NULL;
}

static struct watch *watch_new(const char *conninfo, struct broker *b)
{
	struct watch *w = xcalloc(1, sizeof *w);

	w->database = (struct database){.conninfo = conninfo};
	w->broker = b;
	w->live.started = clock_wall();
	w->live.last_at = NAN;
	w->p50 = w->p95 = NAN;
	w->positions_before = w->ends_before = w->in_rate = NAN;
	w->live.end = xcalloc(1, sizeof *w->live.end);
	pthread_mutex_init(&w->mutex, NULL);
	return w;
}

void watch_free(struct watch *w)
{
	for (size_t i = 0; i < WATCH_TEXTS; i++)
		answer_drop(w->text[i]);
	forget_mark(w);
	free(w->live.end);
	PQclear(w->live.positions);
	PQclear(w->live.dead.result);
	PQclear(w->live.books.result);
	PQclear(w->live.runs.result);
	counter_free(w->counter);
	database_close(&w->database);
	pthread_mutex_destroy(&w->mutex);
	free(w);
}

struct watch *watch_start(const char *conninfo, struct broker *b, struct hub *h, struct asker *k)
{
	struct watch *w = watch_new(conninfo, b);

	w->database.listens = true;
	w->hub = h;
	w->asker = k;
	w->counter = counter_start(conninfo);
	w->wake = eventfd(0, EFD_CLOEXEC);
	publish(w);
	if (w->wake < 0 || pthread_create(&w->thread, NULL, work, w) != 0) {
		log_error("cannot start a thread");
		exit(EXIT_RETRY);
	}
	return w;
}

void watch_stop(struct watch *w)
{
	if (eventfd_write(w->wake, 1) == 0)
		pthread_join(w->thread, NULL);
	close(w->wake);
	counter_stop(w->counter);
}

struct answer *watch_once(const char *conninfo, struct broker *b)
{
	struct watch *w = watch_new(conninfo, b);
	struct answer *a;

	for (int i = 0; i < 2; i++) { /* the first look tells the broker which partitions there are */
		look(w);
		add_point(w);
		if (i == 0)
			usleep(TICK_US + EARLY_US);
	}
	publish(w);
	a = w->live.up ? watch_text(w, WATCH_LIVE) : NULL;
	if (!w->live.up)
		log_error("%s", w->words);
	watch_free(w);
	return a;
}
