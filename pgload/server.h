/*
 * One connection and what pgload asks of it: settings, prepared statements, and errors that the caller judges before
 * anybody is told of them.
 */
#ifndef PGLOAD_SERVER_H
#define PGLOAD_SERVER_H

#include "buf.h"
#include "pg.h"

enum { SERVER_PREPARED_MAX = 64, SERVER_ARRAYS = 14 };

struct server {
	PGconn *c;
	const char *conninfo;
	bool async_commit;
	const char *prepared[SERVER_PREPARED_MAX]; /* texts prepared on this connection; their index is their name */
	int prepared_count;
	struct buf array[SERVER_ARRAYS], out; /* parameters, and rows for COPY, of the statement that is being made: array_open(), copy_rows() */
	/* of the statement that failed last */
	enum pg_class class;
	char sqlstate[6];
	char message[512]; /* UTF-8, one line */
	uint64_t affected; /* rows, of the command that server_finish() saw last */
};

/* Connect (pg_connect) and set the session up. EXIT_DONE, EXIT_RETRY or EXIT_USAGE with a message. An open
 * connection is closed first. */
int server_open(struct server *s, const char *conninfo, bool async_commit, int64_t patience);
void server_close(struct server *s); /* may be called again */

/*
 * Run one statement with text parameters, prepared on first use (its text must outlive the session). The result
 * (PQclear() it), or NULL with class, sqlstate and message set.
 */
PGresult *server_query(struct server *s, const char *sql, int count, const char *const *values);

/* Take every result of what was sent; the first fault stays in *s. 0 or -1. */
int server_finish(struct server *s);

/* Run statements without parameters and result. 0, or -1 as above. */
int server_do(struct server *s, const char *sql);

/* Take over a result got by other means: 0 if it is fine, else -1 as above. Does not clear it. */
int server_judge(struct server *s, const PGresult *r);

/* Back to outside of a transaction; false if the connection is gone. */
bool server_rollback(struct server *s);

/* An array parameter: array_open(b); array_text() or array_int() or array_null(), …; array_close(b). */
void array_open(struct buf *b);
void array_text(struct buf *b, struct span text);
void array_int(struct buf *b, int64_t value);
void array_null(struct buf *b);
const char *array_close(struct buf *b);

#endif
