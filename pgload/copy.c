#include "copy.h"

static const char header[] = "PGCOPY\n\377\r\n\0\0\0\0\0\0\0\0"; /* signature, flags, length of the extension */
static const char trailer[] = "\377\377";
enum { HEADER_BYTES = 19, TRAILER_BYTES = 2, CHUNK = 64 << 10 };

/* The server may have said why before it stopped reading. */
static int failed(struct server *s)
{
	PGresult *r = pg_result(s->c);

	server_judge(s, r);
	PQclear(r);
	while ((r = pg_result(s->c)) != NULL) {
		ExecStatusType status = PQresultStatus(r);

		PQclear(r);
		if (status == PGRES_COPY_IN)
			break; /* the connection is of no use any more */
	}
	return -1;
}

int copy_start(struct server *s, const char *sql)
{
	PGresult *r = PQsendQuery(s->c, sql) ? pg_result(s->c) : NULL;

	if (PQresultStatus(r) != PGRES_COPY_IN) {
		server_judge(s, r);
		PQclear(r);
		while ((r = pg_result(s->c)) != NULL)
			PQclear(r);
		return -1;
	}
	PQclear(r);
	return copy_rows(s, (struct span){header, HEADER_BYTES});
}

int copy_rows(struct server *s, struct span rows)
{
	while (rows.n > 0) {
		size_t n = rows.n < CHUNK ? rows.n : CHUNK;

		if (PQputCopyData(s->c, rows.p, (int)n) != 1)
			return failed(s);
		rows.p += n;
		rows.n -= n;
	}
	return 0;
}

int copy_end(struct server *s)
{
	if (copy_rows(s, (struct span){trailer, TRAILER_BYTES}) < 0)
		return -1;
	if (PQputCopyEnd(s->c, NULL) != 1)
		return failed(s);
	return server_finish(s);
}
