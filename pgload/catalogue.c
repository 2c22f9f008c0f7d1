#include "catalogue.h"

#include <stdlib.h>

#include "exit.h"
#include "log.h"

#include "embed/pgload/sql/catalogue.sql.h"
#include "embed/pgload/sql/table.sql.h"

enum { C_NAME, C_SQL, C_TYPE, C_TYPE_NAME, C_TYPMOD, C_BASE, C_DECLARED, C_REQUIRED, C_NEVER, C_DEFAULT, C_KEY,
      C_COMPARABLE, C_ELEMENT,
	C_CAST, C_ELEMENT_NAME };

static bool is_true(const PGresult *r, int row, int field)
{
	return PQgetvalue(r, row, field)[0] == 't';
}

static char *text_or_null(const PGresult *r, int row, int field)
{
	return PQgetisnull(r, row, field) ? NULL : xstrdup(PQgetvalue(r, row, field));
}

/* Columns that are never taken from input: what a record says of them goes into extra. */
static bool is_own(const char *name)
{
	return strcmp(name, "xid") == 0 || strcmp(name, "loaded_at") == 0 || strcmp(name, "extra") == 0;
}

static bool is_verdict(const char *name)
{
	static const char *const names[] = {"is_fraud", "fraud_score", "fraud_reasons", "ruleset"};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (strcmp(name, names[i]) == 0)
			return true;
	return false;
}

static void read_column(struct column *c, const PGresult *r, int row)
{
	const char *type = PQgetvalue(r, row, C_TYPE_NAME);

	c->name = xstrdup(PQgetvalue(r, row, C_NAME));
	c->name_length = strlen(c->name);
	c->sql = xstrdup(PQgetvalue(r, row, C_SQL));
	c->type_name = xstrdup(PQgetvalue(r, row, C_DECLARED));
	c->fallback = text_or_null(r, row, C_DEFAULT);
	c->typmod = (int32_t)strtol(PQgetvalue(r, row, C_TYPMOD), NULL, 10);
	c->element = (uint32_t)strtoul(PQgetvalue(r, row, C_ELEMENT), NULL, 10);
	c->required = is_true(r, row, C_REQUIRED) && c->fallback == NULL;
	c->key = is_true(r, row, C_KEY);
	c->comparable = is_true(r, row, C_COMPARABLE);
	c->verdict = is_verdict(c->name);
	c->encode = encode_find(type);
	if (c->encode == encode_text_array && c->typmod >= 0)
		c->encode = NULL; /* varchar(n)[]: the cast checks the lengths */
	if (c->encode != NULL) {
		c->stage_type = xstrdup(PQgetvalue(r, row, C_BASE));
	} else if (!PQgetisnull(r, row, C_ELEMENT_NAME)) {
		c->encode = encode_jsonb;
		c->stage_type = xstrdup("jsonb");
		c->array_of = xstrdup(PQgetvalue(r, row, C_ELEMENT_NAME));
	} else {
		c->encode = encode_as_text;
		c->stage_type = xstrdup("text");
		c->cast = xstrdup(PQgetvalue(r, row, C_CAST));
	}
}

static char *fingerprint(const PGresult *r)
{
	struct buf b = {0};

	for (int row = 0; row < PQntuples(r); row++)
		for (int field = 0; field < PQnfields(r); field++)
			buf_addf(&b, "%s\n", PQgetvalue(r, row, field));
	buf_text(&b);
	return b.p;
}

static void read_columns(struct table *t, const PGresult *r)
{
	t->column = xcalloc((size_t)PQntuples(r) + 1, sizeof(*t->column));
	t->extra = -1;
	for (int row = 0; row < PQntuples(r); row++) {
		const char *name = PQgetvalue(r, row, C_NAME), *type = PQgetvalue(r, row, C_TYPE_NAME);
		bool extra = strcmp(name, "extra") == 0 && (strcmp(type, "jsonb") == 0 || strcmp(type, "json") == 0);

		if (strcmp(name, "loaded_at") == 0 && !PQgetisnull(r, row, C_DEFAULT))
			t->has_loaded_at = true;
		if (is_true(r, row, C_NEVER) || (is_own(name) && !extra))
			continue;
		if (extra)
			t->extra = (int)t->count;
		read_column(&t->column[t->count], r, row);
		if (t->column[t->count].key)
			t->keys++;
		t->count++;
	}
	/* A key of which a part is filled by the server cannot be compared with what comes. */
	size_t keys = 0;
	for (int row = 0; row < PQntuples(r); row++)
		keys += is_true(r, row, C_KEY);
	if (keys != t->keys) {
		for (size_t i = 0; i < t->count; i++)
			t->column[i].key = false;
		t->keys = 0;
	}
	t->fingerprint = fingerprint(r);
}

int table_read(PGconn *c, const char *name, bool optional, struct table **table)
{
	PGresult *r;
	const char *values[1] = {name};
	enum pg_class class = pg_run_params(c, "looking for the table", table_sql, 1, values, &r);

	*table = NULL;
	if (class != PG_FINE)
		return pg_exit_status(class == PG_ROW ? PG_CONFIG : class);
	if (PQntuples(r) == 0 || strchr("rpfv", PQgetvalue(r, 0, 3)[0]) == NULL) {
		PQclear(r);
		if (!optional)
			log_error("there is no table %s: name one with -t, or make the suite's own with pgload --init", name);
		return optional ? EXIT_DONE : EXIT_USAGE;
	}
	struct table *t = xcalloc(1, sizeof(*t));
	char *oid = xstrdup(PQgetvalue(r, 0, 0));
	t->sql = xstrdup(PQgetvalue(r, 0, 1));
	t->target = xstrdup(PQgetvalue(r, 0, 2));
	PQclear(r);
	values[0] = oid;
	class = pg_run_params(c, "reading the table's columns", catalogue_sql, 1, values, &r);
	free(oid);
	if (class != PG_FINE) {
		table_free(t);
		return pg_exit_status(class);
	}
	read_columns(t, r);
	PQclear(r);
	if (t->count == 0) {
		log_error("table %s has no column that a record could fill", name);
		table_free(t);
		return EXIT_USAGE;
	}
	*table = t;
	return EXIT_DONE;
}

void table_free(struct table *t)
{
	if (t == NULL)
		return;
	for (size_t i = 0; i < t->count; i++) {
		struct column *c = &t->column[i];

		free(c->name);
		free(c->sql);
		free(c->type_name);
		free(c->stage_type);
		free(c->fallback);
		free(c->array_of);
		free(c->cast);
	}
	free(t->column);
	free(t->sql);
	free(t->target);
	free(t->fingerprint);
	free(t);
}

int table_find(const struct table *t, struct span name)
{
	for (size_t i = 0; i < t->count; i++)
		if (t->column[i].name_length == name.n && memcmp(t->column[i].name, name.p, name.n) == 0)
			return (int)i;
	return -1;
}

int table_set_key(struct table *t, const char *columns)
{
	for (size_t i = 0; i < t->count && *columns != '\0'; i++) {
		t->column[i].key = false;
		t->keys = 0;
	}
	for (const char *p = columns; *p != '\0';) {
		size_t n = strcspn(p, ",");
		int i = table_find(t, (struct span){p, n});

		if (i < 0 || i == t->extra) {
			log_error("--upsert: %s has no column %.*s that a record fills", t->target, (int)n, p);
			return EXIT_USAGE;
		}
		if (!t->column[i].key)
			t->keys++;
		t->column[i].key = true;
		p += n + (p[n] == ',');
	}
	if (t->keys == 0) {
		log_error("--upsert: %s has no primary key: name the columns of a unique constraint, --upsert=a,b", t->target);
		return EXIT_USAGE;
	}
	return EXIT_DONE;
}
