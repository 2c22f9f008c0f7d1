#include "incremental.h"

#include <string.h>

#include "exit.h"
#include "log.h"
#include "table.h"

static void column_names(struct build *b, const char *before)
{
	for (size_t i = 0; i < b->want.count; i++)
		buf_addf(&b->sql, "%s%s%s", i > 0 ? ", " : "", before, project_quoted(&b->s->arena, b->want.column[i].name));
}

/* Equal rows are not written again. */
static void upsert_sql(struct build *b)
{
	const struct texts *key = &b->n->config.unique_key;

	buf_add_text(&b->sql, "\non conflict (");
	for (size_t i = 0; i < key->count; i++)
		buf_addf(&b->sql, "%s%s", i > 0 ? ", " : "", project_quoted(&b->s->arena, key->item[i]));
	buf_add_text(&b->sql, ") do update set ");
	for (size_t i = 0; i < b->want.count; i++) {
		const char *c = project_quoted(&b->s->arena, b->want.column[i].name);

		buf_addf(&b->sql, "%s%s = excluded.%s", i > 0 ? ", " : "", c, c);
	}
	buf_add_text(&b->sql, " where row(");
	column_names(b, "t.");
	buf_add_text(&b->sql, ") is distinct from row(");
	column_names(b, "excluded.");
	buf_add_char(&b->sql, ')');
}

/* Returns where the model's SQL begins. */
static size_t increment_sql(struct build *b)
{
	size_t prefix;

	buf_clear(&b->sql);
	buf_addf(&b->sql, "with aggregate_written as (insert into %s as t (", b->n->relation);
	column_names(b, "");
	buf_add_text(&b->sql, ") select ");
	column_names(b, "q.");
	buf_add_text(&b->sql, " from (\n");
	prefix = b->sql.n;
	buf_add(&b->sql, b->n->increment.sql, b->n->increment.n);
	buf_add_text(&b->sql, "\n) q");
	if (b->have.key.count > 0)
		upsert_sql(b);
	buf_add_text(&b->sql, "\nreturning xmax = 0 as fresh) select count(*) filter (where fresh), count(*) filter (where not fresh) "
	                      "from aggregate_written");
	return prefix;
}

static int increment(struct build *b)
{
	struct outcome *o = b->o;
	PGresult *r;

	if (build_run(b, increment_sql(b), &r) < 0) {
		if (strcmp(b->s->db.sqlstate, "21000") == 0)
			return build_fault(b, EXIT_DATA, "%s: unique_key is not unique: the query yields a key more than once", b->n->at.file);
		return table_key_error(b);
	}
	o->inserted = db_int(r, 0, 0);
	o->updated = db_int(r, 0, 1);
	o->deleted = 0;
	PQclear(r);
	o->rows = b->state->rows >= 0 ? b->state->rows + o->inserted : -1;
	o->status = o->inserted + o->updated > 0 ? OUTCOME_SUCCESS : OUTCOME_UNCHANGED;
	return 0;
}

int incremental_build(struct build *b)
{
	bool whole = b->have.kind == 0 || b->full_refresh;

	if (table_check(b) < 0)
		return -1;
	log_warn("%s: incremental: a row that commits after rows with a higher mark were read is never seen, nor are updates and "
	         "deletes; materialized='fold' or 'rebuild' loses nothing%s", b->n->at.file,
	         !whole && strcmp(b->state->compiled, b->n->hash) != 0
	         ? ". Its SQL changed: rows from before keep what the old one gave, until --full-refresh" : "");
	return whole ? table_build(b) : increment(b);
}
