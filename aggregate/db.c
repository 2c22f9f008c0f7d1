#include "db.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "exit.h"
#include "log.h"
#include "metrics.h"
#include "parse.h"
#include "sig.h"

enum { TICK_MS = 1000 };

static void clear_error(struct db *db)
{
	free(db->message);
	free(db->detail);
	free(db->hint);
	db->message = db->detail = db->hint = NULL;
	db->sqlstate[0] = '\0';
	db->position = 0;
}

/* As one line. */
static char *one_line(const char *text)
{
	char *copy = xstrdup(text);
	size_t n = strlen(copy);

	while (n > 0 && copy[n - 1] == '\n')
		copy[--n] = '\0';
	for (char *c = copy; *c != '\0'; c++)
		if (*c == '\n' || *c == '\t')
			*c = ' ';
	return copy;
}

static char *field(const PGresult *r, int code)
{
	const char *text = r != NULL ? PQresultErrorField(r, code) : NULL;

	return text != NULL ? one_line(text) : NULL;
}

static int keep_error(struct db *db, const PGresult *r)
{
	const char *state = pg_sqlstate(r);
	char *position;
	int64_t at = 0;

	clear_error(db);
	if (strlen(state) == 5)
		memcpy(db->sqlstate, state, 6);
	db->message = field(r, PG_DIAG_MESSAGE_PRIMARY);
	if (db->message == NULL)
		db->message = one_line(PQerrorMessage(db->c));
	db->detail = field(r, PG_DIAG_MESSAGE_DETAIL);
	db->hint = field(r, PG_DIAG_MESSAGE_HINT);
	position = field(r, PG_DIAG_STATEMENT_POSITION);
	if (position != NULL && parse_int(span_of(position), &at) == 0)
		db->position = (int)at;
	free(position);
	return -1;
}

static void cancel(struct db *db)
{
	char why[256];
	PGcancel *handle = PQgetCancel(db->c);

	db->cancelled = true;
	if (handle != NULL && !PQcancel(handle, why, sizeof why))
		log_warn("the statement cannot be cancelled on the server: %s", why);
	PQfreeCancel(handle);
}

/* A signal came, or the time is over. */
static bool asked(struct db *db)
{
	if (sig_asked() != 0)
		return true;
	if (db->deadline > 0 && clock_monotonic() >= db->deadline)
		db->timed_out = true;
	return db->timed_out;
}

static int tick_ms(const struct db *db, bool watch)
{
	int64_t left = db->deadline - clock_monotonic();

	if (!watch || db->deadline == 0 || left > (int64_t)TICK_MS * 1000)
		return TICK_MS;
	return left > 0 ? (int)(left / 1000) + 1 : 1;
}

/* Until the next result can be fetched without blocking. 0, or -1 if the connection is gone. */
static int await(struct db *db, bool watch_signals)
{
	while (PQisBusy(db->c)) {
		struct pollfd fds[2] = {{.fd = PQsocket(db->c), .events = POLLIN},
		                        {.fd = watch_signals && !db->cancelled ? sig_fd() : -1, .events = POLLIN}};
		int n = poll(fds, 2, tick_ms(db, watch_signals && !db->cancelled));

		metrics_tick();
		if (n < 0 && errno != EINTR)
			return -1;
		if (watch_signals && !db->cancelled && asked(db))
			cancel(db);
		if (n > 0 && fds[0].revents != 0 && !PQconsumeInput(db->c))
			return -1;
	}
	return 0;
}

/* All results of what was sent; the first error wins. */
static int collect(struct db *db, bool watch_signals, PGresult **result)
{
	PGresult *r, *last = NULL;
	int status = 0;

	watch_signals = watch_signals && !db->last_words;
	for (;;) {
		if (await(db, watch_signals) < 0) {
			if (status == 0)
				status = keep_error(db, NULL);
			break;
		}
		r = PQgetResult(db->c);
		if (r == NULL)
			break;
		if (PQresultStatus(r) == PGRES_FATAL_ERROR && status == 0)
			status = keep_error(db, r);
		PQclear(last);
		last = r;
	}
	if (status == 0 && result != NULL) {
		*result = last;
		return 0;
	}
	PQclear(last);
	return status;
}

static int refused(struct db *db, PGresult **result)
{
	if (result != NULL)
		*result = NULL;
	if (db->last_words || (!db->cancelled && !asked(db)))
		return 0;
	db->cancelled = true;
	clear_error(db);
	db->message = xstrdup(db->timed_out ? "the time is over" : "interrupted");
	return -1;
}

int db_query(struct db *db, const char *sql, PGresult **result)
{
	if (refused(db, result) < 0)
		return -1;
	log_debug("sql: %s", sql);
	if (!PQsendQuery(db->c, sql))
		return keep_error(db, NULL);
	return collect(db, true, result);
}

int db_stream(struct db *db, const char *sql, int (*row)(void *arg, const PGresult *r), void *arg)
{
	int status = refused(db, NULL);
	PGresult *r;

	if (status < 0)
		return -1;
	if (!PQsendQuery(db->c, sql) || !PQsetSingleRowMode(db->c))
		return keep_error(db, NULL);
	for (;;) {
		if (await(db, true) < 0)
			return status == 0 ? keep_error(db, NULL) : status;
		r = PQgetResult(db->c);
		if (r == NULL)
			return status;
		if (PQresultStatus(r) == PGRES_FATAL_ERROR && status == 0)
			status = keep_error(db, r);
		if (PQresultStatus(r) == PGRES_SINGLE_TUPLE && status == 0 && row(arg, r) != 0) {
			status = 1;
			cancel(db);
		}
		PQclear(r);
	}
}

int db_params(struct db *db, const char *sql, int count, const char *const *values, PGresult **result)
{
	if (result != NULL)
		*result = NULL;
	log_debug("sql: %s", sql);
	if (!PQsendQueryParams(db->c, sql, count, NULL, values, NULL, NULL, 0))
		return keep_error(db, NULL);
	return collect(db, false, result);
}

int db_prepare(struct db *db, const char *name, const char *sql)
{
	if (!PQsendPrepare(db->c, name, sql, 0, NULL))
		return keep_error(db, NULL);
	return collect(db, true, NULL);
}

int db_execute(struct db *db, const char *name, int count, const char *const *values, PGresult **result)
{
	*result = NULL;
	log_debug("execute: %s", name);
	if (!PQsendQueryPrepared(db->c, name, count, values, NULL, NULL, 0))
		return keep_error(db, NULL);
	return collect(db, false, result);
}

int db_describe(struct db *db, const char *sql, PGresult **result)
{
	if (refused(db, result) < 0)
		return -1;
	if (!PQsendPrepare(db->c, "", sql, 0, NULL))
		return keep_error(db, NULL);
	if (collect(db, true, NULL) < 0)
		return -1;
	if (!PQsendDescribePrepared(db->c, ""))
		return keep_error(db, NULL);
	return collect(db, true, result);
}

void db_roll_back(struct db *db, const char *sql)
{
	PGresult *r;

	if (PQstatus(db->c) != CONNECTION_OK || !PQsendQuery(db->c, sql))
		return;
	while (await(db, false) == 0 && (r = PQgetResult(db->c)) != NULL)
		PQclear(r);
}

int db_exit_status(const struct db *db)
{
	static const char again[][3] = {"08", "25", "40", "53", "55", "57", "58", "XX"};

	for (size_t i = 0; i < sizeof again / sizeof again[0]; i++)
		if (strncmp(db->sqlstate, again[i], 2) == 0)
			return EXIT_RETRY;
	return db->sqlstate[0] == '\0' ? EXIT_RETRY : EXIT_USAGE;
}

int db_failed(const struct db *db, const char *what)
{
	bool state = db->sqlstate[0] != '\0';
	const char *hint = db->hint;

	if (hint == NULL && strcmp(db->sqlstate, "42501") == 0)
		hint = "aggregate runs as the role that made the schema aggregate, or as one that has rights on it and its tables; to make it, "
		       "create on the database is needed";
	log_error("%s: %s%s%s%s%s%s%s%s", what, db->message != NULL ? db->message : "failed", state ? " (SQLSTATE " : "",
	          db->sqlstate, state ? ")" : "", db->detail != NULL ? "; " : "",
	          db->detail != NULL ? db->detail : "", hint != NULL ? "; hint: " : "", hint != NULL ? hint : "");
	return db_exit_status(db);
}

void db_free(struct db *db)
{
	clear_error(db);
	PQfinish(db->c);
	db->c = NULL;
}

int64_t db_int(const PGresult *r, int row, int column)
{
	int64_t n = 0;

	if (!PQgetisnull(r, row, column) && parse_int(span_of(PQgetvalue(r, row, column)), &n) < 0)
		n = 0;
	return n;
}

size_t db_offset(const char *text, int position)
{
	const char *p = text;

	while (*p != '\0' && position > 1) {
		p++;
		while (((unsigned char)*p & 0xc0) == 0x80)
			p++;
		position--;
	}
	return (size_t)(p - text);
}
