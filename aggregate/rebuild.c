#include "rebuild.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "changes.h"
#include "exit.h"
#include "log.h"
#include "table.h"

enum { TOO_MANY = 50000 }; /* keys: from here on everything is compared instead */

/* What has to be computed anew. */
struct touched {
	bool all;
	struct buf keys; /* selects of keys, with `union` between them */
};

static bool is_model(const struct node *n, enum materialisation m)
{
	return n->kind == NODE_MODEL && n->config.materialised == m;
}

/* --- which keys a source touches -------------------------------------------------------------------------------- */

/* The entry of `touches` that speaks of the source: what follows the colon, or NULL. */
static const char *touches_entry(const struct build *b, const struct node *source)
{
	const struct texts *list = &b->n->config.touches;
	const char *point = strrchr(source->name, '.');

	for (size_t i = 0; i < list->count; i++) {
		const char *colon = strchr(list->item[i], ':');
		size_t n = (size_t)(colon - list->item[i]);

		if ((strlen(source->name) == n && strncmp(source->name, list->item[i], n) == 0) ||
		    (strlen(point + 1) == n && strncmp(point + 1, list->item[i], n) == 0))
			return colon + 1 + strspn(colon + 1, " ");
	}
	return NULL;
}

static bool has_column(const struct relation *r, const char *name)
{
	return relation_column(r, name) != NULL;
}

/* SQL of the keys that a row of the source touches; NULL: all of them. -1 with the error kept. */
static int keys_of(struct build *b, const struct node *source, const char **to)
{
	const struct texts *key = &b->n->config.unique_key;
	const char *entry = touches_entry(b, source);
	struct relation there;

	*to = NULL;
	if (entry != NULL) {
		*to = strcmp(entry, "*") == 0 ? NULL : entry;
		return 0;
	}
	if (relation_look_up(b->s, source->schema, source->identifier, &there) < 0)
		return build_catalogue_error(b);
	for (size_t i = 0; i < key->count; i++) {
		const char *name = project_quoted(&b->s->arena, key->item[i]);

		if (!has_column(&there, key->item[i])) {
			*to = NULL;
			return 0;
		}
		*to = *to == NULL ? name : arena_format(&b->s->arena, "%s, %s", *to, name);
	}
	return 0;
}

/* Each entry names a source that the model has. */
static int check_touches(struct build *b, const bool *below)
{
	const struct texts *list = &b->n->config.touches;

	for (size_t i = 0; i < list->count; i++) {
		bool known = strchr(list->item[i], ':') == NULL;

		if (known)
			return build_fault(b, EXIT_USAGE, "%s: touches: '%s' is not \"source: SQL of the keys\" or \"source: *\"",
			                   b->n->at.file, list->item[i]);
		for (size_t k = 0; k < b->p->count; k++) {
			const struct node *n = b->p->node[k];
			const char *entry = below[k] && n->kind == NODE_SOURCE ? touches_entry(b, n) : NULL;

			known = known || (entry != NULL && entry > list->item[i] && entry <= list->item[i] + strlen(list->item[i]));
		}
		if (!known)
			return build_fault(b, EXIT_USAGE, "%s: touches: '%s' names no source of this model", b->n->at.file, list->item[i]);
	}
	return 0;
}

/* --- what changed ----------------------------------------------------------------------------------------------- */

static int add_source(struct build *b, const struct node *n, struct buf *layouts, struct touched *t)
{
	const struct source *source;
	struct difference d;
	const char *layout, *keys;

	if (changes_source(b->s, n, &source) < 0)
		return build_catalogue_error(b);
	if (source->why_not != NULL) {
		log_info("%s: everything is compared: %s", b->n->at.file, source->why_not);
		t->all = true;
		return 0;
	}
	buf_addf(layouts, "%s %s\n", n->relation, source->layout);
	layout = b->state != NULL ? changes_layout(b->s, b->state->sources, n->relation) : NULL;
	if (t->all || layout == NULL) {
		t->all = true;
		layout = NULL;
	}
	if (changes_since(b->s, source, layout != NULL ? b->state->snapshot : NULL, layout, &d) < 0)
		return build_catalogue_error(b);
	if (d.fault != NULL && d.exit_status == EXIT_CONFLICT)
		return build_fault(b, d.exit_status, "%s: %s", b->n->at.file, d.fault);
	if (d.fault != NULL) { /* a fold could not go on; here it only costs a comparison */
		t->all = true;
		return 0;
	}
	if (!d.added && !d.retracted)
		return 0;
	if (keys_of(b, n, &keys) < 0)
		return -1;
	if (keys == NULL) {
		t->all = true;
		return 0;
	}
	buf_addf(&t->keys, "%sselect %s from ", t->keys.n > 0 ? " union " : "", keys);
	changes_sql(b->s, source, b->state->snapshot, d.retracted, &t->keys);
	buf_add_text(&t->keys, " c");
	return 0;
}

static int find_touched(struct build *b, struct buf *layouts, struct touched *t)
{
	bool *below = xcalloc(b->p->count, sizeof *below);
	int status;

	below[b->n->index] = true;
	graph_ancestors(b->p->needs, b->p->count, below);
	below[b->n->index] = false;
	status = check_touches(b, below);
	for (size_t i = 0; i < b->p->count && status == 0; i++) {
		const struct node *n = b->p->node[i];

		if (!below[i])
			continue;
		if (n->kind == NODE_SOURCE)
			status = add_source(b, n, layouts, t);
		else if (n->kind == NODE_SEED || !is_model(n, MATERIALISE_VIEW))
			t->all = true;
	}
	free(below);
	return status;
}

/* --- computing anew --------------------------------------------------------------------------------------------- */

/* The keys as literal arrays, one a column: conditions on constants reach down into the model's query, where a join with
 * them would stay outside. Rows that only the product of the columns contains are computed too, and come out equal. */
static int keys_read(struct build *b, struct touched *t, struct buf *where)
{
	const struct texts *key = &b->n->config.unique_key;
	PGresult *r;
	int64_t count;

	buf_clear(&b->sql);
	buf_add_text(&b->sql, "with k(");
	for (size_t i = 0; i < key->count; i++)
		buf_addf(&b->sql, "%sk%zu", i > 0 ? ", " : "", i);
	buf_addf(&b->sql, ") as materialized (%s) select count(*)", buf_text(&t->keys));
	for (size_t i = 0; i < key->count; i++)
		buf_addf(&b->sql, ", (select quote_literal(array_agg(distinct k%zu)::text) from k), (select bool_or(k%zu is null) from k)", i, i);
	buf_addf(&b->sql, " from (select from k limit %d) l", TOO_MANY + 1);
	if (build_run(b, SIZE_MAX, &r) < 0)
		return -1;
	count = db_int(r, 0, 0);
	if (count > TOO_MANY)
		t->all = true;
	for (size_t i = 0; i < key->count && count > 0 && !t->all; i++) {
		const char *name = project_quoted(&b->s->arena, key->item[i]);

		buf_addf(where, "%s(%s = any(%s::%s[])", i > 0 ? " and " : " where ", name, PQgetvalue(r, 0, 2 * (int)i + 1),
		         relation_column(&b->want, key->item[i])->type);
		if (PQgetvalue(r, 0, 2 * (int)i + 2)[0] == 't') /* no row may have it: the primary key will say so */
			buf_addf(where, " or %s is null", name);
		buf_add_char(where, ')');
	}
	PQclear(r);
	return 0;
}

static int unchanged(struct build *b)
{
	b->o->status = OUTCOME_UNCHANGED;
	b->o->rows = b->state->rows;
	b->o->inserted = b->o->updated = b->o->deleted = 0;
	return 0;
}

static int rebuild_part(struct build *b, struct buf *where)
{
	struct buf query = {0};
	int64_t before = b->state->rows;
	int status;

	buf_addf(&query, "select * from (\n%s\n) aggregate_q%s", b->n->compiled.sql, buf_text(where));
	b->query = buf_span(&query);
	b->part = buf_text(where);
	status = table_build(b);
	if (status == 0)
		b->o->rows = before >= 0 ? before + b->o->inserted - b->o->deleted : -1;
	buf_free(&query);
	return status;
}

static int rebuild(struct build *b, struct touched *t)
{
	struct buf where = {0};
	int status = 0;

	if (b->have.kind == 0 || b->full_refresh || t->all)
		return table_build(b);
	if (t->keys.n == 0)
		return unchanged(b);
	if (relation_type_names(b->s, &b->want) < 0)
		return build_catalogue_error(b);
	status = keys_read(b, t, &where);
	if (status == 0 && t->all)
		status = table_build(b);
	else if (status == 0)
		status = where.n > 0 ? rebuild_part(b, &where) : unchanged(b);
	buf_free(&where);
	return status;
}

/* Another query, or another server: then it is not known which keys are as they should be. */
static void check_state(struct build *b, struct touched *t)
{
	t->all = b->have.kind == 0 || b->full_refresh || b->state->sources == NULL ||
	         strcmp(b->state->compiled, b->n->hash) != 0 ||
	         strcmp(b->state->system_identifier, b->s->system_identifier) != 0;
}

int rebuild_build(struct build *b)
{
	struct touched t = {0};
	struct buf layouts = {0};
	int status;

	if (table_check(b) < 0)
		return -1;
	check_state(b, &t);
	status = find_touched(b, &layouts, &t);
	if (status == 0) {
		b->o->sources = arena_dup(&b->s->arena, buf_text(&layouts));
		status = rebuild(b, &t);
	}
	buf_free(&layouts);
	buf_free(&t.keys);
	return status;
}
