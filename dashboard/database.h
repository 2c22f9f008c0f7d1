/* A read-only connection that comes back by itself, and tells in words why it is away. Each thread has one of its own. */
#ifndef TXDASH_DATABASE_H
#define TXDASH_DATABASE_H

#include "buf.h"
#include "pg.h"

struct database {
	const char *conninfo;
	bool listens;      /* for what pgload and aggregate tell */
	bool quiet;        /* another connection's owner tells that the server is away */
	PGconn *c;         /* NULL: not connected */
	int64_t again_at;  /* not before (clock_monotonic()) */
	char words[512];   /* what went wrong last, "" if nothing */
	char sqlstate[6];  /* "": the connection */
	bool impersonal;   /* what is personal may not be read */
	struct buf reduced;
};

/* Connected? If not, one try, at most once a second. */
bool database_ready(struct database *d);

/*
 * One statement with text parameters of these types; NULL with words and sqlstate. A lost connection is closed. What stands between the comments
 * personal and end in it is null for a role that may not read it.
 */
PGresult *database_ask(struct database *d, const char *sql, int count, const Oid *types, const char *const *values);

/* One or more statements without an answer. */
bool database_do(struct database *d, const char *sql);

/* The tables asked for are not there: nobody made them yet. */
bool database_lacks_tables(const struct database *d);

/* Has aggregate run here, and may we look at what it keeps? To ask beforehand leaves no error in the server's log. */
bool database_has_runs(struct database *d);

void database_close(struct database *d);

#endif
