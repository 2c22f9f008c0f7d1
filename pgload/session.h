/*
 * One connection and what pgload asks of it: settings, prepared statements, and errors that the caller judges before anybody
 * is told of them.
 */
#ifndef PGLOAD_SESSION_H
#define PGLOAD_SESSION_H

#include "buf.h"
#include "pg.h"

enum { SESSION_PREPARED_MAX = 64 };

struct session {
	PGconn *c;
	const char *conninfo;
	bool async_commit;
	const char *prepared[SESSION_PREPARED_MAX]; /* texts prepared on this connection; their index is their name */
	int prepared_count;
	/* of the statement that failed last */
	enum pg_class class;
	char sqlstate[6];
	char message[512]; /* UTF-8, one line */
};

/* Connect (pg_connect) and set the session up. EXIT_DONE, EXIT_RETRY or EXIT_USAGE with a message. An open connection is closed first. */
int session_open(struct session *s, const char *conninfo, bool async_commit, int64_t patience);
void session_close(struct session *s);

/*
 * Run one statement with text parameters, prepared on first use (its text must outlive the session). The result (PQclear() it), or NULL with
 * class, sqlstate and message set.
 */
PGresult *session_query(struct session *s, const char *sql, int count, const char *const *values);

/* Run statements without parameters and result. 0, or -1 as above. */
int session_do(struct session *s, const char *sql);

/* Take over a result got by other means: 0 if it is fine, else -1 as above. Does not clear it. */
int session_judge(struct session *s, const PGresult *r);

/* Back to outside of a transaction; false if the connection is gone. */
bool session_rollback(struct session *s);

/* An array parameter: array_open(b); array_text() or array_int() or array_null(), …; array_close(b). */
void array_open(struct buf *b);
void array_text(struct buf *b, struct span text);
void array_int(struct buf *b, int64_t value);
void array_null(struct buf *b);
const char *array_close(struct buf *b);

#endif
