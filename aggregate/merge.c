#include "merge.h"

/* "a", "b" with something before each name. */
static void names(struct arena *arena, struct buf *to, const struct texts *list, const char *before)
{
	for (size_t i = 0; i < list->count; i++)
		buf_addf(to, "%s%s%s", i > 0 ? ", " : "", before, project_quoted(arena, list->item[i]));
}

static void column_names(struct arena *arena, struct buf *to, const struct relation *r, const char *before)
{
	for (size_t i = 0; i < r->count; i++)
		buf_addf(to, "%s%s%s", i > 0 ? ", " : "", before, project_quoted(arena, r->column[i].name));
}

/*
 * A full join finds what differs; the three writes then touch only that, by physical address. All parts of the
 * statement see the table as it was. The comparison is by value: 1.0 and 1.00 are the same number.
 */
void merge_sql(const struct build *b, struct buf *to)
{
	struct arena *arena = &b->s->arena;
	const struct node *n = b->n;
	const struct relation *columns = &b->want;
	const struct texts *key = &n->config.unique_key;
	const char *first = project_quoted(arena, key->item[0]), *within = b->part != NULL ? b->part : "";

	buf_add_text(to, "with aggregate_new as materialized (\n");
	buf_add_span(to, b->query);
	buf_addf(to, "\n), aggregate_diff as materialized (\n"
	             "select t.ctid as aggregate_at, n.%s is null as aggregate_gone, ", first);
	column_names(arena, to, columns, "n.");
	buf_addf(to, "\nfrom (select ctid, * from %s%s) t full join aggregate_new n on ", n->relation, within);
	for (size_t i = 0; i < key->count; i++) {
		const char *k = project_quoted(arena, key->item[i]);

		buf_addf(to, "%st.%s = n.%s", i > 0 ? " and " : "", k, k);
	}
	buf_addf(to, "\nwhere t.ctid is null or n.%s is null or row(", first);
	column_names(arena, to, columns, "t.");
	buf_add_text(to, ") is distinct from row(");
	column_names(arena, to, columns, "n.");
	buf_addf(to, ")\n), aggregate_deleted as (\ndelete from %s t using aggregate_diff d where t.ctid = d.aggregate_at and "
	             "d.aggregate_gone returning 1\n), aggregate_updated as (\nupdate %s t set ", n->relation, n->relation);
	for (size_t i = 0; i < columns->count; i++) {
		const char *c = project_quoted(arena, columns->column[i].name);

		buf_addf(to, "%s%s = d.%s", i > 0 ? ", " : "", c, c);
	}
	buf_addf(to, " from aggregate_diff d where t.ctid = d.aggregate_at and not d.aggregate_gone returning 1\n"
	             "), aggregate_inserted as (\ninsert into %s (", n->relation);
	column_names(arena, to, columns, "");
	buf_add_text(to, ") select ");
	column_names(arena, to, columns, "d.");
	buf_addf(to, " from aggregate_diff d where d.aggregate_at is null returning 1\n)\n"
	             "select (select count(*) from aggregate_new), (select count(*) from %s%s), "
	             "(select count(*) from aggregate_inserted), (select count(*) from aggregate_updated), "
	             "(select count(*) from aggregate_deleted)", n->relation, within);
}

static void key_sql(struct arena *arena, const struct node *n, struct buf *to)
{
	if (n->config.unique_key.count > 0 && !n->config.append) {
		buf_addf(to, "alter table %s add primary key (", n->relation);
		names(arena, to, &n->config.unique_key, "");
		buf_add_text(to, ");\n");
	}
	buf_addf(to, "analyze %s", n->relation);
}

size_t merge_create_sql(const struct build *b, struct buf *to)
{
	const struct node *n = b->n;
	size_t within;

	/* A fold writes the same rows again and again: room on the page spares the index a new entry. */
	buf_addf(to, "create table %s%s as\n", n->relation, n->fold != NULL ? " with (fillfactor = 70)" : "");
	within = to->n;
	buf_add_span(to, b->query);
	buf_add_text(to, "\n;\n");
	key_sql(&b->s->arena, n, to);
	return within;
}

void merge_reshape_sql(struct arena *arena, const struct node *n, const struct relation *table,
                       const struct relation *query, struct buf *to)
{
	buf_addf(to, "delete from %s;\n", n->relation);
	if (table->key_name != NULL)
		buf_addf(to, "alter table %s drop constraint %s;\n", n->relation, project_quoted(arena, table->key_name));
	for (size_t i = 0; i < table->count; i++) {
		const char *c = project_quoted(arena, table->column[i].name);
		const struct column *now = relation_column(query, table->column[i].name);

		if (now == NULL || !relation_column_same(&table->column[i], now))
			buf_addf(to, "alter table %s drop column %s;\n", n->relation, c);
		else
			buf_addf(to, "alter table %s alter column %s drop not null;\n", n->relation, c);
	}
	for (size_t i = 0; i < query->count; i++) {
		const struct column *before = relation_column(table, query->column[i].name);

		if (before == NULL || !relation_column_same(before, &query->column[i]))
			buf_addf(to, "alter table %s add column %s %s;\n", n->relation,
			         project_quoted(arena, query->column[i].name), query->column[i].type);
	}
}

void merge_fill_sql(const struct build *b, struct buf *to)
{
	struct arena *arena = &b->s->arena;
	const struct node *n = b->n;
	const struct relation *columns = &b->want;

	buf_addf(to, "insert into %s (", n->relation);
	column_names(arena, to, columns, "");
	buf_add_text(to, ") select ");
	column_names(arena, to, columns, "q.");
	buf_add_text(to, " from (\n");
	buf_add_span(to, b->query);
	buf_add_text(to, "\n) q;\n");
	key_sql(arena, n, to);
}

void merge_twice_sql(const struct build *b, struct buf *to)
{
	struct arena *arena = &b->s->arena;
	const struct node *n = b->n;

	buf_add_text(to, "select concat_ws(', ', ");
	names(arena, to, &n->config.unique_key, "q.");
	buf_add_text(to, ") from (\n");
	buf_add_span(to, b->query);
	buf_add_text(to, "\n) q group by ");
	names(arena, to, &n->config.unique_key, "q.");
	buf_add_text(to, " having count(*) > 1 limit 1");
}
