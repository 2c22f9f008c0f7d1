#include "materialise.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "exit.h"
#include "merge.h"
#include "relation.h"

/* One model being built. */
struct build {
	struct session *s;
	const struct project *p;
	const struct node *n;
	bool full_refresh;
	struct relation have, want; /* what is there; what the query yields */
	const struct state *state;
	struct outcome *o;
	struct buf sql;
};

static int fault(struct build *b, int exit_status, const char *format, ...) __attribute__((format(printf, 3, 4)));

/* An error of ours: -1. */
static int fault(struct build *b, int exit_status, const char *format, ...)
{
	char text[2048];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof text, format, args);
	va_end(args);
	free(b->o->message);
	b->o->message = xstrdup(text);
	b->o->status = OUTCOME_ERROR;
	b->o->exit_status = exit_status;
	return -1;
}

static const char *advice(const struct db *db)
{
	if (strcmp(db->sqlstate, "42P01") == 0)
		return "a table of another project or of pgload is a source; a model of this one is read by ref()";
	if (strcmp(db->sqlstate, "42501") == 0)
		return "the role that aggregate connects as needs this right";
	if (strcmp(db->sqlstate, "2BP01") == 0)
		return "drop what depends on it, or select it too so that it is built anew";
	if (strcmp(db->sqlstate, "22012") == 0)
		return "divide by nullif(…, 0)";
	return NULL;
}

void materialise_error(const struct session *s, const struct node *n, const char *sql, size_t prefix, struct outcome *o)
{
	const struct db *db = &s->db;
	const char *hint = db->hint != NULL ? db->hint : advice(db);
	struct buf text = {0};
	int line = 0;

	if (db->position > 0 && sql != NULL) {
		size_t at = db_offset(sql, db->position);

		if (at >= prefix && at - prefix <= n->compiled.n)
			line = template_line(&n->template, &n->compiled, at - prefix);
	}
	buf_add_text(&text, n->at.file);
	if (line > 0)
		buf_addf(&text, ":%d", line);
	buf_addf(&text, ": %s", db->message);
	if (db->sqlstate[0] != '\0')
		buf_addf(&text, " (SQLSTATE %s)", db->sqlstate);
	if (db->detail != NULL)
		buf_addf(&text, "; %s", db->detail);
	if (hint != NULL)
		buf_addf(&text, "; hint: %s", hint);
	free(o->message);
	o->message = xstrdup(buf_text(&text));
	buf_free(&text);
	o->status = OUTCOME_ERROR;
	o->exit_status = db_exit_status(db);
}

/* Run b->sql, in which the model's query begins at `prefix`. */
static int run(struct build *b, size_t prefix, PGresult **r)
{
	if (db_query(&b->s->db, buf_text(&b->sql), r) == 0)
		return 0;
	materialise_error(b->s, b->n, buf_text(&b->sql), prefix, b->o);
	return -1;
}

static int catalogue_error(struct build *b)
{
	materialise_error(b->s, b->n, NULL, 0, b->o);
	return -1;
}

/* --- views ------------------------------------------------------------------------------------------------------ */

/* Views of this project that read what is about to change and are built again later in this run. */
static int drop_views_above(struct build *b)
{
	bool *above = xcalloc(b->p->count, sizeof *above);
	int status = 0;

	above[b->n->index] = true;
	graph_descendants(b->p->needs, b->p->count, above);
	for (size_t i = b->p->count; i-- > 0 && status == 0;) {
		const struct node *n = b->p->node[b->p->order[i]];
		struct relation there;

		if (n == b->n || n->kind != NODE_MODEL || !n->selected || !above[n->index] ||
		    session_state(b->s, n->schema, n->identifier) == NULL)
			continue;
		status = relation_look_up(b->s, n->schema, n->identifier, &there) < 0 ? catalogue_error(b) : 0;
		if (status < 0 || there.kind != 'v')
			continue;
		buf_clear(&b->sql);
		buf_addf(&b->sql, "drop view %s", n->relation);
		status = run(b, SIZE_MAX, NULL);
	}
	free(above);
	return status;
}

int materialise_drop_views(struct session *s, const struct project *p, const struct node *n, struct outcome *o)
{
	struct build b = {.s = s, .p = p, .n = n, .o = o};
	int status = drop_views_above(&b);

	buf_free(&b.sql);
	return status;
}

/* Can `create or replace` turn the one into the other: the same columns, and new ones only behind them? */
static bool extends(const struct relation *have, const struct relation *want)
{
	if (want->count < have->count)
		return false;
	for (size_t i = 0; i < have->count; i++)
		if (strcmp(have->column[i].name, want->column[i].name) != 0 ||
		    !relation_column_same(&have->column[i], &want->column[i]))
			return false;
	return true;
}

static int columns_changed(struct build *b)
{
	struct buf text = {0};
	int status;

	if (relation_type_names(b->s, &b->want) < 0)
		return catalogue_error(b);
	relation_difference(&b->have, &b->want, &text);
	status = fault(b, EXIT_USAGE, "%s: the columns of %s changed (%s): run once with --full-refresh", b->n->at.file,
	               b->n->relation, buf_text(&text));
	buf_free(&text);
	return status;
}

static int drop(struct build *b, const char *kind)
{
	if (drop_views_above(b) < 0)
		return -1;
	buf_clear(&b->sql);
	buf_addf(&b->sql, "drop %s %s", kind, b->n->relation);
	return run(b, SIZE_MAX, NULL);
}

static int keep_definition(struct build *b)
{
	struct relation now;

	if (relation_look_up(b->s, b->n->schema, b->n->identifier, &now) < 0)
		return catalogue_error(b);
	b->o->definition = now.definition != NULL ? xstrdup(now.definition) : NULL;
	return 0;
}

static int view(struct build *b)
{
	size_t prefix;

	if (b->have.kind == 'v' && strcmp(b->state->compiled, b->n->hash) == 0 && b->state->definition != NULL &&
	    strcmp(b->state->definition, b->have.definition) == 0 && extends(&b->have, &b->want) &&
	    b->have.count == b->want.count) {
		b->o->status = OUTCOME_UNCHANGED;
		b->o->definition = xstrdup(b->have.definition);
		return 0;
	}
	if (b->have.kind == 'v' && !extends(&b->have, &b->want)) {
		if (!b->full_refresh)
			return columns_changed(b);
		if (drop(b, "view") < 0)
			return -1;
	}
	buf_clear(&b->sql);
	buf_addf(&b->sql, "create or replace view %s as\n", b->n->relation);
	prefix = b->sql.n;
	buf_add(&b->sql, b->n->compiled.sql, b->n->compiled.n);
	if (run(b, prefix, NULL) < 0)
		return -1;
	b->o->status = OUTCOME_SUCCESS;
	return keep_definition(b);
}

/* --- tables ----------------------------------------------------------------------------------------------------- */

static int key_is_column(struct build *b)
{
	const struct texts *key = &b->n->config.unique_key;

	for (size_t i = 0; i < key->count; i++)
		if (relation_column(&b->want, key->item[i]) == NULL)
			return fault(b, EXIT_USAGE, "%s: unique_key '%s' is not a column of the query", b->n->at.file, key->item[i]);
	return 0;
}

static bool same_key(const struct build *b)
{
	const struct texts *want = &b->n->config.unique_key, *have = &b->have.key;

	if (want->count != have->count)
		return false;
	for (size_t i = 0; i < want->count; i++)
		if (strcmp(want->item[i], have->item[i]) != 0)
			return false;
	return true;
}

/* A broken promise of the model, not of SQL: told like a failed test. */
static int key_error(struct build *b)
{
	const struct db *db = &b->s->db;

	if (strcmp(db->sqlstate, "23505") == 0 || strcmp(db->sqlstate, "23502") == 0)
		return fault(b, EXIT_DATA, "%s: unique_key: %s%s%s", b->n->at.file, db->message, db->detail != NULL ? "; " : "",
		             db->detail != NULL ? db->detail : "");
	return -1;
}

static int count_rows(struct build *b)
{
	PGresult *r;

	buf_clear(&b->sql);
	buf_addf(&b->sql, "select count(*) from %s", b->n->relation);
	if (run(b, SIZE_MAX, &r) < 0)
		return -1;
	b->o->rows = b->o->inserted = db_int(r, 0, 0);
	b->o->updated = b->o->deleted = 0;
	PQclear(r);
	b->o->status = OUTCOME_SUCCESS;
	return 0;
}

static int create(struct build *b)
{
	struct buf head = {0};
	size_t prefix;

	buf_addf(&head, "create table %s as\n", b->n->relation);
	prefix = head.n;
	buf_free(&head);
	buf_clear(&b->sql);
	merge_create_sql(&b->s->arena, b->n, &b->sql);
	if (run(b, prefix, NULL) < 0)
		return key_error(b);
	return count_rows(b);
}

static int reshape(struct build *b)
{
	if (relation_type_names(b->s, &b->want) < 0)
		return catalogue_error(b);
	if (drop_views_above(b) < 0)
		return -1;
	buf_clear(&b->sql);
	merge_reshape_sql(&b->s->arena, b->n, &b->have, &b->want, &b->sql);
	if (run(b, SIZE_MAX, NULL) < 0)
		return -1;
	buf_clear(&b->sql);
	merge_fill_sql(&b->s->arena, b->n, &b->want, &b->sql);
	if (run(b, SIZE_MAX, NULL) < 0)
		return key_error(b);
	return count_rows(b);
}

/* Two rows of the query met one row of the table: the server did not notice, the counts did. */
static int key_twice(struct build *b)
{
	PGresult *r;

	buf_clear(&b->sql);
	merge_twice_sql(&b->s->arena, b->n, &b->sql);
	if (run(b, SIZE_MAX, &r) < 0)
		return -1;
	fault(b, EXIT_DATA, "%s: unique_key is not unique: the query yields (%s) more than once", b->n->at.file,
	      PQntuples(r) > 0 ? PQgetvalue(r, 0, 0) : "?");
	PQclear(r);
	return -1;
}

static int merge(struct build *b)
{
	struct outcome *o = b->o;
	int64_t before;
	PGresult *r;

	buf_clear(&b->sql);
	merge_sql(&b->s->arena, b->n, &b->want, &b->sql);
	if (run(b, SIZE_MAX, &r) < 0)
		return key_error(b);
	o->rows = db_int(r, 0, 0);
	before = db_int(r, 0, 1);
	o->inserted = db_int(r, 0, 2);
	o->updated = db_int(r, 0, 3);
	o->deleted = db_int(r, 0, 4);
	PQclear(r);
	if (o->rows != before + o->inserted - o->deleted)
		return key_twice(b);
	o->status = o->inserted + o->updated + o->deleted > 0 ? OUTCOME_SUCCESS : OUTCOME_UNCHANGED;
	return 0;
}

static int table(struct build *b)
{
	if (key_is_column(b) < 0)
		return -1;
	if (b->have.kind == 0)
		return create(b);
	if (relation_same(&b->have, &b->want) && same_key(b))
		return merge(b);
	if (b->full_refresh)
		return reshape(b);
	if (relation_same(&b->have, &b->want))
		return fault(b, EXIT_USAGE, "%s: unique_key is no longer the primary key of %s: run once with --full-refresh",
		             b->n->at.file, b->n->relation);
	return columns_changed(b);
}

/* --- either ----------------------------------------------------------------------------------------------------- */

/* Is what stands there ours, and of the right kind? */
static int check_there(struct build *b)
{
	char wanted = b->n->config.materialised == MATERIALISE_VIEW ? 'v' : 'r';

	if (b->have.kind == 0)
		return 0;
	if (b->state == NULL)
		return fault(b, EXIT_CONFLICT, "%s: %s exists, and aggregate did not make it: drop or rename it, or give the "
		             "model another name (alias)", b->n->at.file, b->n->relation);
	if (strcmp(b->state->project, b->p->name) != 0)
		return fault(b, EXIT_CONFLICT, "%s: %s belongs to the project %s: drop it, or give the model another name (alias)",
		             b->n->at.file, b->n->relation, b->state->project);
	if (b->have.kind == wanted)
		return 0;
	if (!b->full_refresh || (b->have.kind != 'v' && b->have.kind != 'r'))
		return fault(b, EXIT_USAGE, "%s: %s is a %s and the model now a %s: run once with --full-refresh", b->n->at.file,
		             b->n->relation, b->have.kind == 'v' ? "view" : "table",
		             config_materialisation(b->n->config.materialised));
	if (drop(b, b->have.kind == 'v' ? "view" : "table") < 0)
		return -1;
	b->have = (struct relation){0};
	return 0;
}

static int build(struct build *b)
{
	if (relation_of_query(b->s, b->n->compiled.sql, &b->want) < 0) {
		materialise_error(b->s, b->n, b->n->compiled.sql, 0, b->o);
		return -1;
	}
	if (b->want.count == 0)
		return fault(b, EXIT_USAGE, "%s: not a query: a model is one select statement", b->n->at.file);
	if (relation_look_up(b->s, b->n->schema, b->n->identifier, &b->have) < 0)
		return catalogue_error(b);
	if (check_there(b) < 0)
		return -1;
	return b->n->config.materialised == MATERIALISE_VIEW ? view(b) : table(b);
}

void materialise_model(struct session *s, const struct project *p, const struct node *n, bool full_refresh,
                       struct outcome *o)
{
	struct build b = {.s = s, .p = p, .n = n, .full_refresh = full_refresh, .o = o};

	b.state = session_state(s, n->schema, n->identifier);
	build(&b);
	buf_free(&b.sql);
}
