#include "migrate.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "exit.h"
#include "log.h"

#include "embed/pgload/sql/schema_0001_tables.sql.h"
#include "embed/pgload/sql/schema_0002_positions.sql.h"
#include "embed/pgload/sql/schema_0003_changes.sql.h"
#include "embed/pgload/sql/schema_0004_parts.sql.h"
#include "embed/pgload/sql/schema_0005_holes.sql.h"
#include "embed/pgload/sql/schema_0006_track.sql.h"
#include "embed/pgload/sql/schema_0007_letters.sql.h"
#include "embed/pgload/sql/migrate.sql.h"

static const struct {
	const char *name, *sql;
} steps[] = {
    {"tables", schema_0001_tables_sql},
    {"positions", schema_0002_positions_sql},
    {"changes", schema_0003_changes_sql},
    {"parts", schema_0004_parts_sql},
    {"holes", schema_0005_holes_sql},
    {"track", schema_0006_track_sql},
    {"letters", schema_0007_letters_sql},
};

enum { STEPS = sizeof(steps) / sizeof(steps[0]) };

static int failed(struct server *s, const char *what)
{
	log_error("%s: %s (SQLSTATE %s); nothing was changed", what, s->message, s->sqlstate);
	server_rollback(s);
	return s->class == PG_ROW ? EXIT_USAGE : pg_exit_status(s->class);
}

static int take_step(struct server *s, int version, struct out *out)
{
	char what[64], number[16];
	const char *values[] = {number, steps[version - 1].name};
	struct buf line = {0};
	PGresult *r;

	snprintf(what, sizeof(what), "schema step %d (%s)", version, steps[version - 1].name);
	snprintf(number, sizeof(number), "%d", version);
	if (server_do(s, steps[version - 1].sql) < 0)
		return failed(s, what);
	r = server_query(s, "insert into txpipe_schema (version, name) values ($1::integer, $2)", 2, values);
	if (r == NULL)
		return failed(s, what);
	PQclear(r);
	buf_addf(&line, "{\"version\":%d,\"name\":\"%s\"}\n", version, steps[version - 1].name);
	out_add_span(out, buf_span(&line));
	buf_free(&line);
	return EXIT_DONE;
}

int migrate(struct server *s, struct out *out)
{
	PGresult *r;
	int seen, status = EXIT_DONE;

	if (server_do(s, "begin") < 0 || server_do(s, migrate_sql) < 0)
		return failed(s, "preparing the schema");
	r = server_query(s, "select coalesce(max(version), 0) from txpipe_schema", 0, NULL);
	if (r == NULL)
		return failed(s, "reading the schema's version");
	seen = (int)strtol(PQgetvalue(r, 0, 0), NULL, 10);
	PQclear(r);
	if (seen > STEPS) {
		log_error("the database was set up by a later version (schema %d, this one knows %d): use that version", seen,
		          STEPS);
		server_rollback(s);
		return EXIT_USAGE;
	}
	for (int version = seen + 1; status == EXIT_DONE && version <= STEPS; version++)
		status = take_step(s, version, out);
	if (status != EXIT_DONE)
		return status;
	if (server_do(s, "commit") < 0)
		return failed(s, "committing the schema");
	if (seen == STEPS)
		log_info("the schema is at version %d already", STEPS);
	return out_flush(out) < 0 ? out_failed(out, "stdout") : EXIT_DONE;
}
