#include "database.h"

#include <stdio.h>
#include <string.h>

#include "clock.h"
#include "log.h"

#include "embed/dashboard/sql/has_runs.sql.h"
#include "embed/dashboard/sql/listen.sql.h"
#include "embed/dashboard/sql/session.sql.h"

enum { PAUSE_US = 1000000 };

void database_close(struct database *d)
{
	PQfinish(d->c);
	d->c = NULL;
	d->impersonal = false; /* rights may have changed */
	buf_free(&d->reduced);
}

static void keep_words(struct database *d, const PGresult *r)
{
	const char *text = r == NULL ? NULL : PQresultErrorField(r, PG_DIAG_MESSAGE_PRIMARY);

	snprintf(d->sqlstate, sizeof d->sqlstate, "%s", pg_sqlstate(r));
	if (text == NULL)
		text = PQerrorMessage(d->c);
	snprintf(d->words, sizeof d->words, "%.*s", (int)strcspn(text, "\n"), text);
	if (d->words[0] == '\0')
		snprintf(d->words, sizeof d->words, "the connection was lost");
}

bool database_do(struct database *d, const char *sql)
{
	PGresult *r = NULL, *last = NULL;

	if (PQsendQuery(d->c, sql)) {
		while ((r = pg_result(d->c)) != NULL) {
			PQclear(last);
			last = r;
			if (PQresultStatus(r) != PGRES_COMMAND_OK)
				break;
		}
	}
	if (last != NULL && PQresultStatus(last) == PGRES_COMMAND_OK) {
		PQclear(last);
		return true;
	}
	keep_words(d, last);
	PQclear(last);
	return false;
}

bool database_ready(struct database *d)
{
	bool was_away = d->words[0] != '\0' && d->sqlstate[0] == '\0';
	int status;

	if (d->c != NULL && PQstatus(d->c) == CONNECTION_OK)
		return true;
	database_close(d);
	if (clock_monotonic() < d->again_at)
		return false;
	d->again_at = clock_monotonic() + PAUSE_US;
	d->sqlstate[0] = '\0';
	d->c = pg_try(d->conninfo, d->words, sizeof d->words, &status);
	if (d->c == NULL) {
		if (!was_away && !d->quiet)
			log_warn("PostgreSQL is away: %s", d->words);
		return false;
	}
	if (!database_do(d, session_sql)) {
		database_close(d);
		return false;
	}
	/* A standby has no notifications: then the clock alone drives. */
	if (d->listens && !database_do(d, listen_sql))
		log_info("no notifications: %s", d->words);
	if (was_away && !d->quiet)
		log_notice("PostgreSQL is back");
	d->words[0] = d->sqlstate[0] = '\0';
	return true;
}

static const char personal[] = "/*personal*/", end[] = "/*end*/";

static const char *reduced(struct database *d, const char *sql)
{
	buf_clear(&d->reduced);
	for (const char *from; (from = strstr(sql, personal)) != NULL;) {
		buf_add(&d->reduced, sql, (size_t)(from - sql));
		buf_add_text(&d->reduced, "null");
		sql = strstr(from, end) + sizeof end - 1;
	}
	buf_add_text(&d->reduced, sql);
	return buf_text(&d->reduced);
}

static PGresult *ask_once(struct database *d, const char *sql, int count, const Oid *types, const char *const *values)
{
	PGresult *r = NULL, *more;

	if (PQsendQueryParams(d->c, sql, count, types, values, NULL, NULL, 0))
		r = pg_result(d->c);
	if (r != NULL && PQresultStatus(r) == PGRES_TUPLES_OK) {
		while ((more = pg_result(d->c)) != NULL)
			PQclear(more);
		d->words[0] = d->sqlstate[0] = '\0';
		return r;
	}
	keep_words(d, r);
	PQclear(r);
	if (PQstatus(d->c) != CONNECTION_OK || strncmp(d->sqlstate, "57P", 3) == 0) { /* its last words */
		d->sqlstate[0] = '\0';
		if (!d->quiet)
			log_warn("PostgreSQL is away: %s", d->words);
		database_close(d);
		d->again_at = 0;
		return NULL;
	}
	while ((more = pg_result(d->c)) != NULL)
		PQclear(more);
	return NULL;
}

PGresult *database_ask(struct database *d, const char *sql, int count, const Oid *types, const char *const *values)
{
	bool may_lack = strstr(sql, personal) != NULL;
	PGresult *r = ask_once(d, may_lack && d->impersonal ? reduced(d, sql) : sql, count, types, values);

	if (r != NULL || d->c == NULL || !may_lack || d->impersonal || strcmp(d->sqlstate, "42501") != 0)
		return r;
	log_info("what is personal may not be read, and is not shown");
	d->impersonal = true;
	return ask_once(d, reduced(d, sql), count, types, values);
}

bool database_lacks_tables(const struct database *d)
{
	return strcmp(d->sqlstate, "42P01") == 0 || strcmp(d->sqlstate, "3F000") == 0 || strcmp(d->sqlstate, "42703") == 0;
}

bool database_has_runs(struct database *d)
{
	PGresult *r = database_ask(d, has_runs_sql, 0, NULL, NULL);
	bool has = r != NULL && PQgetvalue(r, 0, 0)[0] == 't';

	PQclear(r);
	return has;
}
