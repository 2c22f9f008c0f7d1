#include "relation.h"

#include <string.h>

#include "parse.h"

/* The definition once, not for each column: a wide view would take seconds. */
static const char catalogue[] =
	"with c as materialized (select c.oid, c.relkind, case when c.relkind = 'v' then md5(pg_get_viewdef(c.oid)) end as definition "
	"from pg_class c join pg_namespace n on n.oid = c.relnamespace where n.nspname = $1 and c.relname = $2) "
	"select c.relkind, a.attname, a.atttypid, a.atttypmod, format_type(a.atttypid, a.atttypmod), "
	"(select array_position(i.conkey, a.attnum) from pg_constraint i where i.conrelid = c.oid and i.contype = 'p'), "
	"(select i.conname from pg_constraint i where i.conrelid = c.oid and i.contype = 'p'), c.definition "
	"from c left join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped "
	"order by 6, a.attnum";

static const char *text_of(struct session *s, const PGresult *r, int row, int column)
{
	return PQgetisnull(r, row, column) ? NULL : arena_dup(&s->arena, PQgetvalue(r, row, column));
}

int relation_look_up(struct session *s, const char *schema, const char *name, struct relation *to)
{
	const char *values[] = {schema, name};
	PGresult *r;

	*to = (struct relation){0};
	if (db_params(&s->db, catalogue, 2, values, &r) < 0)
		return -1;
	to->column = arena_alloc(&s->arena, (size_t)PQntuples(r) * sizeof *to->column);
	for (int i = 0; i < PQntuples(r); i++) {
		to->kind = PQgetvalue(r, i, 0)[0];
		to->key_name = text_of(s, r, i, 6);
		to->definition = text_of(s, r, i, 7);
		if (PQgetisnull(r, i, 1))
			continue;
		to->column[to->count++] = (struct column){text_of(s, r, i, 1), text_of(s, r, i, 4), (Oid)db_int(r, i, 2),
		                                          (int)db_int(r, i, 3)};
		if (!PQgetisnull(r, i, 5)) {
			to->key.item = arena_more(&s->arena, to->key.item, to->key.count, sizeof *to->key.item);
			to->key.item[to->key.count++] = to->column[to->count - 1].name;
		}
	}
	PQclear(r);
	return 0;
}

int relation_of_query(struct session *s, const char *sql, struct relation *to)
{
	PGresult *r;

	*to = (struct relation){0};
	if (db_describe(&s->db, sql, &r) < 0)
		return -1;
	to->count = (size_t)PQnfields(r);
	to->column = arena_alloc(&s->arena, to->count * sizeof *to->column);
	for (int i = 0; i < PQnfields(r); i++)
		to->column[i] = (struct column){arena_dup(&s->arena, PQfname(r, i)), NULL, PQftype(r, i), PQfmod(r, i)};
	PQclear(r);
	return 0;
}

int relation_type_names(struct session *s, struct relation *to)
{
	for (size_t i = 0; i < to->count; i++) {
		const char *values[] = {arena_format(&s->arena, "%u", to->column[i].type_id),
		                        arena_format(&s->arena, "%d", to->column[i].modifier)};
		PGresult *r;

		if (db_params(&s->db, "select format_type($1::oid, $2::int)", 2, values, &r) < 0)
			return -1;
		to->column[i].type = text_of(s, r, 0, 0);
		PQclear(r);
	}
	return 0;
}

const struct column *relation_column(const struct relation *r, const char *name)
{
	for (size_t i = 0; i < r->count; i++)
		if (strcmp(r->column[i].name, name) == 0)
			return &r->column[i];
	return NULL;
}

bool relation_column_same(const struct column *a, const struct column *b)
{
	return a->type_id == b->type_id && a->modifier == b->modifier;
}

bool relation_same(const struct relation *a, const struct relation *b)
{
	if (a->count != b->count)
		return false;
	for (size_t i = 0; i < a->count; i++) {
		const struct column *other = relation_column(b, a->column[i].name);

		if (other == NULL || !relation_column_same(&a->column[i], other))
			return false;
	}
	return true;
}

void relation_difference(const struct relation *from, const struct relation *to, struct buf *text)
{
	for (size_t i = 0; i < to->count; i++) {
		const struct column *now = &to->column[i], *before = relation_column(from, now->name);

		if (before == NULL)
			buf_addf(text, "%s+ %s (%s)", text->n > 0 ? ", " : "", now->name, now->type);
		else if (!relation_column_same(before, now))
			buf_addf(text, "%s%s: %s -> %s", text->n > 0 ? ", " : "", now->name, before->type, now->type);
	}
	for (size_t i = 0; i < from->count; i++)
		if (relation_column(to, from->column[i].name) == NULL)
			buf_addf(text, "%s- %s", text->n > 0 ? ", " : "", from->column[i].name);
	if (text->n == 0)
		buf_add_text(text, "another order");
}
