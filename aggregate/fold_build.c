#include "fold_build.h"

#include <stdint.h>
#include <string.h>

#include "changes.h"
#include "exit.h"
#include "fold.h"
#include "fold_sql.h"
#include "table.h"

static const struct fold *fold_of(const struct build *b)
{
	return b->n->fold;
}

/* --- rules that only the server can judge ----------------------------------------------------------------------- */

static bool is_integer(Oid type)
{
	return type == 20 || type == 21 || type == 23;
}

static bool is_numeric(Oid type)
{
	return type == 1700;
}

/* A sum over mixed currencies means nothing; a sum of floating point depends on the order. */
static int check_types(struct build *b, const struct source *source)
{
	const struct fold *f = fold_of(b);
	bool currency = false;

	for (size_t i = 0; i < f->count; i++)
		currency = currency || (f->item[i].kind == FOLD_KEY && strcasestr(f->item[i].expression, "currency") != NULL);
	currency = currency || (f->where != NULL && strcasestr(f->where, "currency") != NULL);
	for (size_t i = 0; i < f->count; i++) {
		const struct fold_item *item = &f->item[i];
		const struct column *c = relation_column(&b->want, item->name);

		if (item->kind == FOLD_KEY || c == NULL)
			continue;
		if (item->kind == FOLD_SUM && !is_integer(c->type_id) && !is_numeric(c->type_id))
			return build_fault(b, EXIT_USAGE, "%s:%d: fold, rule exact numbers: %s is neither integer nor numeric; a sum of "
			                   "floating point depends on its order and never comes back to 0", item->at.file, item->at.line,
			                   item->name);
		if (!is_integer(c->type_id) && source->has_currency && !currency)
			return build_fault(b, EXIT_USAGE, "%s:%d: fold, rule currency: %s adds amounts of several currencies; make currency a "
			                   "key, and convert in a view on top", item->at.file, item->at.line, item->name);
	}
	return 0;
}

static int prove(struct build *b, const struct source *source, const char *type, const char *expression, const char *what,
                 struct place at)
{
	const struct db *db = &b->s->db;

	if (expression == NULL)
		return 0;
	buf_clear(&b->sql);
	fold_proof_sql(fold_of(b), source, type, expression, &b->sql);
	if (db_query(&b->s->db, buf_text(&b->sql), NULL) == 0)
		return 0;
	if (strcmp(db->sqlstate, "42P17") != 0)
		return build_fault(b, db_exit_status(db), "%s:%d: fold: %s: %s", at.file, at.line, what, db->message);
	return build_fault(b, EXIT_USAGE, "%s:%d: fold, rule only the row: %s depends on more than the row (a clock, a setting, the "
	                   "session's time zone); a day is (… at time zone '{{ var(\"time_zone\") }}')::date", at.file, at.line, what);
}

/* Once, when it is computed from the whole: what an expression gave when a row came, it gives when the row goes. */
static int check_expressions(struct build *b, const struct source *source)
{
	const struct fold *f = fold_of(b);

	if (relation_type_names(b->s, &b->want) < 0)
		return build_catalogue_error(b);
	for (size_t i = 0; i < f->count; i++) {
		const struct fold_item *item = &f->item[i];
		const char *type = item->kind == FOLD_SUM ? "numeric" : relation_column(&b->want, item->name)->type;

		if (prove(b, source, type, item->expression, item->name, item->at) < 0 ||
		    prove(b, source, "boolean", item->filter, item->name, item->at) < 0)
			return -1;
	}
	return prove(b, source, "boolean", f->where, "where", b->n->at);
}

/* --- building --------------------------------------------------------------------------------------------------- */

static int whole(struct build *b, const struct source *source)
{
	if (check_expressions(b, source) < 0)
		return -1;
	return table_build(b);
}

static int negative(struct build *b, const PGresult *r)
{
	return build_fault(b, EXIT_CONFLICT, "%s: more rows were retracted than the group (%s) of %s has: the mart, or its source "
	                   "behind the triggers, was changed by somebody else: run once with --full-refresh", b->n->at.file,
	                   PQgetvalue(r, 0, 4), b->n->relation);
}

static int fold(struct build *b, const struct source *source, bool retracted)
{
	struct outcome *o = b->o;
	PGresult *r;
	int status = 0;

	buf_clear(&b->sql);
	fold_merge_sql(b, fold_of(b), source, retracted, &b->sql);
	if (build_run(b, SIZE_MAX, &r) < 0)
		return table_key_error(b);
	o->inserted = db_int(r, 0, 0);
	o->updated = db_int(r, 0, 1);
	o->deleted = db_int(r, 0, 2);
	if (db_int(r, 0, 3) > 0)
		status = negative(b, r);
	PQclear(r);
	if (status < 0)
		return -1;
	o->rows = b->state->rows >= 0 ? b->state->rows + o->inserted - o->deleted : -1;
	o->status = o->inserted + o->updated + o->deleted > 0 ? OUTCOME_SUCCESS : OUTCOME_UNCHANGED;
	return 0;
}

/* What the state says must still be true of the model and of the server. */
static int check_state(struct build *b, const char *layout)
{
	const struct state *st = b->state;

	if (strcmp(st->compiled, b->n->hash) != 0)
		return build_fault(b, EXIT_USAGE, "%s: its SQL, its key or a variable (such as the time zone) is not what %s was built "
		                   "with: run once with --full-refresh", b->n->at.file, b->n->relation);
	if (strcmp(st->system_identifier, b->s->system_identifier) != 0)
		return build_fault(b, EXIT_CONFLICT, "%s: %s was built on another server and restored here, where transactions have other "
		                   "numbers: select txpipe_adopt('…') for the tables that it follows, then run once with --full-refresh",
		                   b->n->at.file, b->n->relation);
	if (layout == NULL)
		return build_fault(b, EXIT_USAGE, "%s: it follows another table than when %s was built: run once with --full-refresh",
		                   b->n->at.file, b->n->relation);
	return 0;
}

static int unchanged(struct build *b)
{
	b->o->status = OUTCOME_UNCHANGED;
	b->o->rows = b->state->rows;
	b->o->inserted = b->o->updated = b->o->deleted = 0;
	return 0;
}

static int difference(struct build *b, const struct source *source, const char *snapshot, const char *layout,
                      struct difference *d)
{
	if (changes_since(b->s, source, snapshot, layout, d) < 0)
		return build_catalogue_error(b);
	if (d->fault != NULL)
		return build_fault(b, d->exit_status, "%s: %s", b->n->at.file, d->fault);
	return 0;
}

static int build(struct build *b)
{
	const struct node *node = b->p->node[fold_of(b)->source];
	const struct source *source;
	struct difference d;
	const char *layout;

	if (table_check(b) < 0)
		return -1;
	if (changes_source(b->s, node, &source) < 0)
		return build_catalogue_error(b);
	if (source->why_not != NULL)
		return build_fault(b, EXIT_USAGE, "%s: changes(): %s", b->n->at.file, source->why_not);
	if (check_types(b, source) < 0)
		return -1;
	b->o->sources = arena_format(&b->s->arena, "%s %s\n", node->relation, source->layout);
	if (b->have.kind == 0 || b->full_refresh)
		return difference(b, source, NULL, NULL, &d) < 0 ? -1 : whole(b, source);
	layout = changes_layout(b->s, b->state->sources, node->relation);
	if (check_state(b, layout) < 0 || difference(b, source, b->state->snapshot, layout, &d) < 0)
		return -1;
	return d.added || d.retracted ? fold(b, source, d.retracted) : unchanged(b);
}

int fold_build(struct build *b)
{
	struct buf query = {0};
	int status;

	fold_first_sql(b, fold_of(b), &query);
	b->query = buf_span(&query);
	b->within = SIZE_MAX / 2; /* it is not the model's own text */
	status = build(b);
	buf_free(&query);
	return status;
}
