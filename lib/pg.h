/*
 * PostgreSQL, as the tools use it: one way to connect, one table of error classes (docs/design.md, "Server errors").
 */
#ifndef TXPIPE_PG_H
#define TXPIPE_PG_H

#include <libpq-fe.h>
#include <stdbool.h>
#include <stdint.h>

enum pg_class {
	PG_FINE,      /* not an error */
	PG_ROW,       /* the row is at fault: 22, 23, 54, P0001 */
	PG_AGAIN,     /* re-run with back-off, then EXIT_RETRY: 08, 25, 40, 53, 55, 57, 58, XX, connection lost, any
	               * other */
	PG_CONFIG     /* EXIT_USAGE: 0A, 28, 3D, 3F, 42 */
};

/* By SQLSTATE (NULL or "": the connection was lost). */
enum pg_class pg_classify(const char *sqlstate);

/* The exit status that goes with a class: EXIT_DATA for PG_ROW, EXIT_RETRY, EXIT_USAGE. */
int pg_exit_status(enum pg_class class);

/*
 * Connect. `conninfo` is a connection string or URI, or NULL for the PG* variables. Sets application_name to log_tool()
 * (unless the caller's conninfo says otherwise), connect_timeout 10, keepalives, tcp_user_timeout 30 s, client_encoding
 * UTF8. Waits for the server with back-off and jitter for at most `patience` microseconds if it cannot be reached or is
 * starting up (wrong password or certificate, unknown database, a password in `conninfo`, where all can read it: at once). On failure NULL, one message with host and reason, and
 * *status: EXIT_RETRY or EXIT_USAGE. Never prints the password.
 */
PGconn *pg_connect(const char *conninfo, int64_t patience, int *status);

/* One try at connecting, for those who tell of it in their own way: without a word, NULL with the reason (one line, never the password) and
 * *status as above. The connection string must be well-formed, as pg_connect() has seen it to be. */
PGconn *pg_try(const char *conninfo, char *reason, size_t size, int *status);

/* One statement; commands and queries alike. PG_FINE and *result (the caller clears it), or the class with *result NULL
 * and a message printed: "what: ERROR text (SQLSTATE …)". `result` may be NULL for commands. */
enum pg_class pg_run(PGconn *c, const char *what, const char *sql, PGresult **result);

/* The same with text parameters ($1…; NULL is null). */
enum pg_class pg_run_params(PGconn *c, const char *what, const char *sql, int count, const char *const *values,
                            PGresult **result);

/* Back-off before try `attempt` (1, 2, …): 100 ms doubling up to 10 s, with jitter; sleeps, but wakes up on a signal.
 * false if a signal asked for the end meanwhile. */
bool pg_backoff(int attempt);

/* PQgetResult() for a statement that may take long: when the grace time after a signal is over, the statement is
 * cancelled on the server (57014). */
PGresult *pg_result(PGconn *c);

/* The message of a failed statement: "what: text (SQLSTATE …)"; without a result (or one without a text) the
 * connection's words. */
void pg_log_failure(const PGconn *c, const char *what, const PGresult *r);

/* SQLSTATE of a result, "" if there is none. */
const char *pg_sqlstate(const PGresult *r);

#endif
