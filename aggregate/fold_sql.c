#include "fold_sql.h"

#include <string.h>

/*
 * The pieces, in the order in which a row goes through them:
 *
 *   aggregate_delta    what changed, grouped as the fold groups
 *   aggregate_met      each group of it beside the table's row: what the row will be; which extremes a retraction touched
 *   aggregate_again    those groups once more, from the whole source (only if something was retracted)
 *   aggregate_new      the rows as they will be
 *
 * All parts of the statement see the table as it was.
 */

struct writing {
	const struct build *b;
	const struct fold *f;
	const struct source *source;
	struct arena *arena;
	bool again; /* there may be groups to compute anew */
	struct buf *to;
};

static const char *name(const struct writing *w, size_t i)
{
	return project_quoted(w->arena, w->f->item[i].name);
}

/* Append `format` with the name of each item that is (or is not) a key, with commas; format may use it three times. */
static void each(struct writing *w, bool keys, bool measures, const char *separator, const char *format)
{
	bool any = false;

	for (size_t i = 0; i < w->f->count; i++) {
		const char *at = format;

		if (w->f->item[i].kind == FOLD_KEY ? !keys : !measures)
			continue;
		if (any)
			buf_add_text(w->to, separator);
		any = true;
		for (; *at != '\0'; at++)
			if (*at == '@')
				buf_add_text(w->to, name(w, i));
			else
				buf_add_char(w->to, *at);
	}
}

/* A measure over rows: as the query says it, but 0 for a sum of nothing. Of extremes only rows of that sign (or all). */
static void measure(struct writing *w, size_t i, const char *sign)
{
	static const char *const functions[] = {[FOLD_SUM] = "sum", [FOLD_MIN] = "min", [FOLD_MAX] = "max"};
	const struct fold_item *item = &w->f->item[i];

	sign = item->kind == FOLD_SUM ? NULL : sign;
	buf_addf(w->to, "%s%s(%s)", item->kind == FOLD_SUM ? "coalesce(" : "", functions[item->kind], item->expression);
	if (sign != NULL || item->filter != NULL)
		buf_addf(w->to, " filter (where (%s)", item->filter != NULL ? item->filter : "true");
	if (sign != NULL)
		buf_addf(w->to, " and %s.sign %s 0", w->f->alias, sign);
	buf_addf(w->to, "%s%s", sign != NULL || item->filter != NULL ? ")" : "", item->kind == FOLD_SUM ? ", 0)" : "");
}

static void group_by(struct writing *w)
{
	bool any = false;

	buf_add_text(w->to, "\ngroup by ");
	for (size_t i = 0; i < w->f->count; i++) {
		if (w->f->item[i].kind != FOLD_KEY)
			continue;
		buf_addf(w->to, "%s%zu", any ? ", " : "", i + 1);
		any = true;
	}
}

static void grouped(struct writing *w, const char *sign)
{
	for (size_t i = 0; i < w->f->count; i++) {
		buf_add_text(w->to, i > 0 ? ", " : "select ");
		if (w->f->item[i].kind == FOLD_KEY)
			buf_addf(w->to, "%s", w->f->item[i].expression);
		else
			measure(w, i, sign);
		buf_addf(w->to, " as %s", name(w, i));
	}
}

static void delta(struct writing *w)
{
	buf_add_text(w->to, "with aggregate_delta as materialized (\n");
	grouped(w, w->again ? ">" : NULL);
	for (size_t i = 0; i < w->f->count && w->again; i++) {
		if (w->f->item[i].kind != FOLD_MIN && w->f->item[i].kind != FOLD_MAX)
			continue;
		buf_add_text(w->to, ", ");
		measure(w, i, "<");
		buf_addf(w->to, " as aggregate_gone_%zu", i);
	}
	buf_add_text(w->to, "\nfrom ");
	changes_sql(w->b->s, w->source, w->b->state->snapshot, w->again, w->to);
	buf_addf(w->to, " as %s", w->f->alias);
	if (w->f->where != NULL)
		buf_addf(w->to, "\nwhere %s", w->f->where);
	group_by(w);
	buf_add_text(w->to, "\n)");
}

static bool is_numeric(const struct writing *w, size_t i)
{
	const struct column *c = relation_column(&w->b->want, w->f->item[i].name);

	return c != NULL && c->type_id == 1700;
}

/* Can the sum no longer be folded: not a number, infinite? Has a retraction reached the extreme? */
static void touched(struct writing *w)
{
	buf_add_text(w->to, "coalesce(false");
	for (size_t i = 0; i < w->f->count; i++) {
		const char *n = name(w, i);

		if (w->f->item[i].kind == FOLD_MIN || w->f->item[i].kind == FOLD_MAX)
			buf_addf(w->to, " or coalesce(d.aggregate_gone_%zu %s t.%s, false)", i, w->f->item[i].kind == FOLD_MIN ? "<=" : ">=", n);
		else if (w->f->item[i].kind == FOLD_SUM && is_numeric(w, i))
			buf_addf(w->to, " or coalesce(t.%s in ('NaN', 'Infinity', '-Infinity'), false) or d.%s in ('NaN', 'Infinity', "
			                "'-Infinity')", n, n);
	}
	buf_add_text(w->to, ", false)");
}

static void met(struct writing *w)
{
	const struct fold *f = w->f;

	buf_add_text(w->to, ", aggregate_met as materialized (\nselect t.ctid as aggregate_at");
	for (size_t i = 0; i < f->count; i++) {
		static const char *const form[] = {[FOLD_KEY] = ", d.@ as @", [FOLD_SUM] = ", coalesce(t.@, 0) + d.@ as @",
		                                   [FOLD_MIN] = ", least(t.@, d.@) as @", [FOLD_MAX] = ", greatest(t.@, d.@) as @"};

		for (const char *at = form[f->item[i].kind]; *at != '\0'; at++)
			if (*at == '@')
				buf_add_text(w->to, name(w, i));
			else
				buf_add_char(w->to, *at);
	}
	if (w->again) {
		buf_add_text(w->to, ", ");
		touched(w);
		buf_add_text(w->to, " as aggregate_again");
	}
	buf_addf(w->to, "\nfrom aggregate_delta d left join %s t on ", w->b->n->relation);
	each(w, true, false, " and ", "t.@ = d.@");
	buf_add_text(w->to, "\nwhere ");
	for (size_t i = 0, any = 0; i < f->count; i++)
		if (f->item[i].kind != FOLD_KEY)
			buf_addf(w->to, "%sd.%s %s", any++ > 0 ? " or " : "", name(w, i), f->item[i].kind == FOLD_SUM ? "<> 0" : "is not null");
	for (size_t i = 0; i < f->count && w->again; i++)
		if (f->item[i].kind == FOLD_MIN || f->item[i].kind == FOLD_MAX)
			buf_addf(w->to, " or d.aggregate_gone_%zu is not null", i);
	buf_add_text(w->to, "\n)");
}

static void again(struct writing *w)
{
	const struct fold *f = w->f;

	buf_add_text(w->to, ", aggregate_again as materialized (\n");
	grouped(w, NULL);
	buf_addf(w->to, "\nfrom (select *, 1 as sign from %s) as %s\nwhere ", w->source->node->relation, f->alias);
	if (f->where != NULL)
		buf_addf(w->to, "(%s) and ", f->where);
	buf_add_char(w->to, '(');
	for (size_t i = 0, any = 0; i < f->count; i++)
		if (f->item[i].kind == FOLD_KEY)
			buf_addf(w->to, "%s(%s)", any++ > 0 ? ", " : "", f->item[i].expression);
	buf_add_text(w->to, ") in (select ");
	each(w, true, false, ", ", "@");
	buf_add_text(w->to, " from aggregate_met where aggregate_again)");
	group_by(w);
	buf_add_text(w->to, "\n), aggregate_new as materialized (\nselect m.aggregate_at");
	for (size_t i = 0; i < f->count; i++) {
		const char *n = name(w, i);

		if (f->item[i].kind == FOLD_KEY || i == f->counter)
			buf_addf(w->to, ", m.%s", n);
		else if (f->item[i].kind == FOLD_SUM)
			buf_addf(w->to, ", case when m.aggregate_again then coalesce(a.%s, 0) else m.%s end as %s", n, n, n);
		else
			buf_addf(w->to, ", case when m.aggregate_again then a.%s else m.%s end as %s", n, n, n);
	}
	buf_add_text(w->to, "\nfrom aggregate_met m left join aggregate_again a on ");
	each(w, true, false, " and ", "a.@ = m.@");
	buf_add_text(w->to, "\n)");
}

static void writes(struct writing *w)
{
	const char *relation = w->b->n->relation, *rows = w->again ? "aggregate_new" : "aggregate_met";
	const char *count = name(w, w->f->counter);

	buf_addf(w->to, ", aggregate_deleted as (\ndelete from %s t using %s n where t.ctid = n.aggregate_at and n.%s = 0 returning 1\n"
	                "), aggregate_updated as (\nupdate %s t set ", relation, rows, count, relation);
	each(w, false, true, ", ", "@ = n.@");
	buf_addf(w->to, " from %s n where t.ctid = n.aggregate_at and n.%s > 0 and row(", rows, count);
	each(w, false, true, ", ", "t.@");
	buf_add_text(w->to, ") is distinct from row(");
	each(w, false, true, ", ", "n.@");
	buf_addf(w->to, ") returning 1\n), aggregate_inserted as (\ninsert into %s (", relation);
	each(w, true, true, ", ", "@");
	buf_add_text(w->to, ") select ");
	each(w, true, true, ", ", "n.@");
	buf_addf(w->to, " from %s n where n.aggregate_at is null and n.%s > 0 returning 1\n)\n"
	                "select (select count(*) from aggregate_inserted), (select count(*) from aggregate_updated), "
	                "(select count(*) from aggregate_deleted), count(*) filter (where n.%s < 0), "
	                "min(concat_ws(', ', ", rows, count, count);
	each(w, true, false, ", ", "n.@");
	buf_addf(w->to, ")) filter (where n.%s < 0) from %s n", count, rows);
}

void fold_whole_sql(const struct build *b, const struct fold *f, struct buf *to)
{
	struct writing w = {b, f, NULL, &b->s->arena, false, to};

	for (size_t i = 0; i < f->count; i++)
		buf_addf(to, f->item[i].kind == FOLD_SUM ? "%scoalesce(q.%s, 0) as %s" : "%sq.%s", i > 0 ? ", " : "select ", name(&w, i),
		         name(&w, i));
	buf_add_text(to, " from (\n");
	buf_add(to, b->n->compiled.sql, b->n->compiled.n);
	buf_add_text(to, "\n) q");
}

void fold_first_sql(const struct build *b, const struct fold *f, struct buf *to)
{
	struct writing w = {b, f, NULL, &b->s->arena, false, to};

	for (size_t i = 0; i < f->count; i++) {
		const struct fold_item *item = &f->item[i];

		buf_add_text(to, i > 0 ? ", " : "select ");
		if (item->kind == FOLD_KEY)
			buf_add_text(to, item->expression);
		else if (item->kind != FOLD_SUM)
			measure(&w, i, NULL);
		else if (item->filter == NULL)
			buf_addf(to, item->factor != NULL ? "coalesce(sum(%s), 0)" : "count(*)", item->factor);
		else if (item->factor != NULL)
			buf_addf(to, "coalesce(sum(%s) filter (where %s), 0)", item->factor, item->filter);
		else
			buf_addf(to, "count(*) filter (where %s)", item->filter);
		buf_addf(to, " as %s", name(&w, i));
	}
	buf_addf(to, "\nfrom %s as %s", b->p->node[f->source]->relation, f->alias);
	if (f->where != NULL)
		buf_addf(to, "\nwhere %s", f->where);
	group_by(&w);
}

void fold_merge_sql(const struct build *b, const struct fold *f, const struct source *source, bool retracted,
                    struct buf *to)
{
	struct writing w = {b, f, source, &b->s->arena, retracted, to};

	delta(&w);
	met(&w);
	if (retracted)
		again(&w);
	writes(&w);
}

void fold_proof_sql(const struct fold *f, const struct source *source, const char *type, const char *expression,
                    struct buf *to)
{
	buf_addf(to, "create temporary table %s (like %s, sign int, aggregate_proof %s generated always as (%s) stored); "
	             "drop table pg_temp.%s", f->alias, source->node->relation, type, expression, f->alias);
}
