/*
 * Statements of a run, on its one connection: sent without blocking, so that SIGTERM and SIGINT cancel them on the
 * server; their errors are kept, because a run goes on with other nodes and tells them by file and line.
 */
#ifndef AGGREGATE_DB_H
#define AGGREGATE_DB_H

#include "buf.h"
#include "pg.h"

struct db {
	PGconn *c;
	bool cancelled;  /* a signal came: what ran was cancelled, and nothing more is sent until … */
	int64_t deadline; /* when what runs is cancelled as by a signal, as clock_monotonic() counts; 0: never */
	bool timed_out;   /* that is why `cancelled` is set */
	bool last_words; /* … the owner sets this: the run is decided and is being written down, whatever signal comes */
	/* of the statement that failed last; sqlstate is "" if the connection was lost: */
	char sqlstate[6];
	char *message;   /* the server's words, one line */
	char *detail, *hint; /* or NULL */
	int position;    /* character in the statement, from 1; 0 unknown */
};

/* Run one or several statements. 0 and *result of the last (NULL pointer: not wanted; the caller clears it), or -1
 * with the error kept. */
int db_query(struct db *db, const char *sql, PGresult **result);

/* One statement with text parameters. */
int db_params(struct db *db, const char *sql, int count, const char *const *values, PGresult **result);

/* One statement that is run again and again, under a name that lives as long as the session: its plan is made once. */
int db_prepare(struct db *db, const char *name, const char *sql);
int db_execute(struct db *db, const char *name, int count, const char *const *values, PGresult **result);

/* Run a query and hand over its rows one by one, without collecting them. 0; 1 if `row` returned non-zero, which ends
 * it; -1 with the error kept. */
int db_stream(struct db *db, const char *sql, int (*row)(void *arg, const PGresult *r), void *arg);

/* Let the server parse the statement: 0 and *result with the names and types of its columns. */
int db_describe(struct db *db, const char *sql, PGresult **result);

/* Roll back, to a savepoint or wholly, even after a signal; the error that led to it stays kept. */
void db_roll_back(struct db *db, const char *sql);

/*
 * The exit status that goes with the kept error: EXIT_RETRY for what may be gone next time (connection,
 * serialisation, resources, locks, shutdown), else EXIT_USAGE: a loader's bad row (pg_classify) is a model's or
 * test's bad SQL here.
 */
int db_exit_status(const struct db *db);

/* Print the error that is kept: "what: ERROR: …". Returns the exit status that goes with it. */
int db_failed(const struct db *db, const char *what);

void db_free(struct db *db); /* closes the connection */

/* The value as a number; 0 if null. */
int64_t db_int(const PGresult *r, int row, int column);

/* Byte offset of character `position` (from 1) of a UTF-8 text. */
size_t db_offset(const char *text, int position);

#endif
