#include "session.h"

#include <stdlib.h>
#include <string.h>

#include "embed/aggregate/sql/schema_1.sql.h"
#include "embed/aggregate/sql/schema_2.sql.h"
#include "embed/aggregate/sql/schema_3.sql.h"
#include "exit.h"
#include "log.h"

enum { LOCK_CLASS = 0x61676772 }; /* "aggr": the first of the two numbers of our advisory locks */

static const char *const migrations[] = {schema_1_sql, schema_2_sql, schema_3_sql};

enum { LATEST = sizeof migrations / sizeof migrations[0] };

/*
 * Results must not depend on who runs: zone and formats are fixed. The server looks every second whether we are still
 * there, so that a killed run leaves neither a statement nor a lock behind. Marts are aggregates: jit costs more than
 * it gives.
 */
static const char settings[] =
	"set timezone = 'UTC'; set datestyle = 'ISO, YMD'; set intervalstyle = 'iso_8601'; set extra_float_digits = 1; "
	"set bytea_output = 'hex'; set jit = off; "
	"set standard_conforming_strings = on; set client_min_messages = warning; "
	"set client_connection_check_interval = '1s'; "
	"set lock_timeout = '60s'; set idle_in_transaction_session_timeout = '60s'";

int session_open(struct session *s, const char *conninfo)
{
	int status;

	*s = (struct session){0};
	s->db.c = pg_connect(conninfo, 0, &status);
	if (s->db.c == NULL)
		return status;
	if (db_query(&s->db, settings, NULL) < 0)
		return db_failed(&s->db, "cannot set up the session");
	return EXIT_DONE;
}

void session_close(struct session *s)
{
	db_free(&s->db);
	arena_free(&s->arena);
}

static const char holder_sql[] =
	"select l.pid, coalesce(a.application_name, '?'), coalesce(a.backend_start::text, '?') "
	"from pg_locks l left join pg_stat_activity a using (pid) "
	"where l.locktype = 'advisory' and l.granted and l.classid = 1634166642 and l.objsubid = 2 "
	"and l.objid = hashtext($1)::bigint & 4294967295 "
	"and l.database = (select oid from pg_database where datname = current_database())";

static void tell_holder(struct session *s, const char *project)
{
	const char *values[] = {project};
	PGresult *r;

	if (db_params(&s->db, holder_sql, 1, values, &r) == 0 && PQntuples(r) > 0)
		log_error("already running: another run of the project %s has the lock (server process %s, %s, connected since %s)",
		          project, PQgetvalue(r, 0, 0), PQgetvalue(r, 0, 1), PQgetvalue(r, 0, 2));
	else
		log_error("already running: another run of the project %s has the lock", project);
	PQclear(r);
}

int session_lock(struct session *s, const struct project *p)
{
	const char *values[] = {p->name};
	PGresult *r;
	bool got;

	_Static_assert(LOCK_CLASS == 1634166642, "the number in the SQL");
	if (db_params(&s->db, "select pg_try_advisory_lock(1634166642, hashtext($1))", 1, values, &r) < 0)
		return db_failed(&s->db, "cannot take the lock");
	got = PQgetvalue(r, 0, 0)[0] == 't';
	PQclear(r);
	if (got)
		return EXIT_DONE;
	tell_holder(s, p->name);
	return EXIT_RETRY;
}

/* Version of the schema `aggregate`: 0 if there is none. -1 on an error, which is kept. */
static int schema_version(struct session *s)
{
	PGresult *r;
	int64_t version = 0;

	/* not to_regclass(): behind a lock it may still answer from what this session looked up before */
	if (db_query(&s->db, "select exists (select from pg_class c join pg_namespace n on n.oid = c.relnamespace "
	                     "where n.nspname = 'aggregate' and c.relname = 'migration')", &r) < 0)
		return -1;
	if (PQgetvalue(r, 0, 0)[0] == 't') {
		PQclear(r);
		if (db_query(&s->db, "select max(version) from aggregate.migration", &r) < 0)
			return -1;
		version = db_int(r, 0, 0);
	}
	PQclear(r);
	return (int)version;
}

/* Two projects may start at once on an empty database: the lock is another one here, and waits. */
int session_migrate(struct session *s)
{
	int version = schema_version(s);

	if (version == LATEST)
		return EXIT_DONE;
	if (version > LATEST) {
		log_error("the schema aggregate is of version %d, this program knows %d: install the newer aggregate",
		          version, LATEST);
		return EXIT_USAGE;
	}
	if (version < 0 || db_query(&s->db, "begin; select pg_advisory_xact_lock(1634166643)", NULL) < 0)
		return db_failed(&s->db, "cannot read the schema aggregate");
	version = schema_version(s);
	while (version >= 0 && version < LATEST && db_query(&s->db, migrations[version], NULL) == 0)
		version++;
	if (version < LATEST || db_query(&s->db, "commit", NULL) < 0)
		return db_failed(&s->db, "cannot bring the schema aggregate up to date");
	return EXIT_DONE;
}

static const char *keep(struct session *s, const PGresult *r, int row, int column)
{
	return PQgetisnull(r, row, column) ? NULL : arena_dup(&s->arena, PQgetvalue(r, row, column));
}

static int read_state(struct session *s)
{
	PGresult *r;
	int version = schema_version(s);

	if (version < LATEST)
		return version < 0 ? -1 : 0;
	if (db_query(&s->db, "select relation_schema, relation_name, project, model, compiled, definition, snapshot, "
	                     "system_identifier, sources, coalesce(rows, -1), changed_by from aggregate.state", &r) < 0)
		return -1;
	s->states = (size_t)PQntuples(r);
	s->state = arena_alloc(&s->arena, s->states * sizeof *s->state);
	for (int i = 0; i < PQntuples(r); i++)
		s->state[i] = (struct state){keep(s, r, i, 0), keep(s, r, i, 1), keep(s, r, i, 2),
		                             keep(s, r, i, 3), keep(s, r, i, 4), keep(s, r, i, 5),
		                             keep(s, r, i, 6), keep(s, r, i, 7), keep(s, r, i, 8), db_int(r, i, 9), keep(s, r, i, 10)};
	PQclear(r);
	return 0;
}

int session_begin(struct session *s, bool read_only)
{
	const char *begin = read_only ? "begin isolation level repeatable read read only"
	                              : "begin isolation level repeatable read";
	PGresult *r;

	if (db_query(&s->db, begin, NULL) < 0 ||
	    db_query(&s->db, "select pg_current_snapshot(), system_identifier, clock_timestamp() "
	                     "from pg_control_system()", &r) < 0)
		return db_failed(&s->db, "cannot begin the transaction");
	s->snapshot = keep(s, r, 0, 0);
	s->system_identifier = keep(s, r, 0, 1);
	s->started_at = keep(s, r, 0, 2);
	PQclear(r);
	return read_state(s) < 0 ? db_failed(&s->db, "cannot read aggregate.state") : EXIT_DONE;
}

const struct state *session_state(const struct session *s, const char *schema, const char *name)
{
	for (size_t i = 0; i < s->states; i++)
		if (strcmp(s->state[i].schema, schema) == 0 && strcmp(s->state[i].name, name) == 0)
			return &s->state[i];
	return NULL;
}
