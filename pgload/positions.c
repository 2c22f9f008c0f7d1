#include "positions.h"

#include "exit.h"
#include "log.h"

#include "embed/pgload/sql/positions.sql.h"
#include "embed/pgload/sql/reset.sql.h"

static int failed(struct server *s, const char *what)
{
	log_error("%s: %s (SQLSTATE %s)%s", what, s->message, s->sqlstate,
	          strcmp(s->sqlstate, "42P01") == 0 ? "; set the database up with pgload --init" : "");
	return pg_exit_status(s->class);
}

static int print(const PGresult *r, struct out *out)
{
	for (int row = 0; row < PQntuples(r); row++)
		if (out_add_span(out, span_of(PQgetvalue(r, row, 0))) < 0 || out_add(out, "\n", 1) < 0)
			return out_failed(out, "stdout");
	return out_flush(out) < 0 ? out_failed(out, "stdout") : EXIT_DONE;
}

static int check_primary(struct server *s)
{
	PGresult *r = server_query(s, "select pg_is_in_recovery()", 0, NULL);
	int status = EXIT_DONE;

	if (r == NULL)
		return failed(s, "reading positions");
	if (PQgetvalue(r, 0, 0)[0] == 't') {
		log_error("this server is a standby, and may be behind: ask the primary for positions");
		status = EXIT_RETRY;
	}
	PQclear(r);
	return status;
}

int positions_print(struct server *s, const char *stream, const char *target, struct out *out)
{
	const char *values[] = {stream, target};
	int status = check_primary(s);
	PGresult *r;

	if (status != EXIT_DONE)
		return status;
	r = server_query(s, positions_sql, 2, values);
	if (r == NULL)
		return failed(s, "reading positions");
	for (int row = 0; status == EXIT_DONE && row < PQntuples(r); row++) {
		if (PQgetisnull(r, row, 1))
			continue;
		log_error("stream %s is broken since %s: records of %s/%s came out of order on their way to %s. Read it again "
		          "from its beginning, after "
		          "pgload --reset-stream --stream %s (what is stored is not stored twice)",
		          stream, PQgetvalue(r, row, 1), PQgetvalue(r, row, 2), PQgetvalue(r, row, 3),
		          PQgetvalue(r, row, 4), stream);
		status = EXIT_CONFLICT;
	}
	if (status == EXIT_DONE)
		status = print(r, out);
	PQclear(r);
	return status;
}

int positions_reset(struct server *s, const char *stream, const char *target, struct out *out)
{
	const char *values[] = {stream, target};
	PGresult *r = server_query(s, reset_sql, 2, values);
	int status;

	if (r == NULL)
		return failed(s, "forgetting positions");
	if (PQntuples(r) == 0)
		log_notice("stream %s has no stored position", stream);
	status = print(r, out);
	PQclear(r);
	return status;
}
