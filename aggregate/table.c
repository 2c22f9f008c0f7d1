#include "table.h"

#include <string.h>

#include "exit.h"
#include "merge.h"

static int key_is_column(struct build *b)
{
	const struct texts *key = &b->n->config.unique_key;

	for (size_t i = 0; i < key->count; i++)
		if (relation_column(&b->want, key->item[i]) == NULL)
			return build_fault(b, EXIT_USAGE, "%s: unique_key '%s' is not a column of the query", b->n->at.file, key->item[i]);
	return 0;
}

static bool same_key(const struct build *b)
{
	const struct texts *want = &b->n->config.unique_key, *have = &b->have.key;

	if (b->n->config.append)
		return have->count == 0;
	if (want->count != have->count)
		return false;
	for (size_t i = 0; i < want->count; i++)
		if (strcmp(want->item[i], have->item[i]) != 0)
			return false;
	return true;
}

/* A broken promise of the model, not of SQL: told like a failed test. */
int table_key_error(struct build *b)
{
	const struct db *db = &b->s->db;

	if (strcmp(db->sqlstate, "23505") == 0 || strcmp(db->sqlstate, "23502") == 0)
		return build_fault(b, EXIT_DATA, "%s: unique_key: %s%s%s", b->n->at.file, db->message, db->detail != NULL ? "; " : "",
		             db->detail != NULL ? db->detail : "");
	return -1;
}

static int count_rows(struct build *b)
{
	PGresult *r;

	buf_clear(&b->sql);
	buf_addf(&b->sql, "select count(*) from %s", b->n->relation);
	if (build_run(b, SIZE_MAX, &r) < 0)
		return -1;
	b->o->rows = b->o->inserted = db_int(r, 0, 0);
	b->o->updated = b->o->deleted = 0;
	PQclear(r);
	b->o->status = OUTCOME_SUCCESS;
	return 0;
}

static int create(struct build *b)
{
	size_t prefix;

	buf_clear(&b->sql);
	prefix = merge_create_sql(b, &b->sql);
	if (build_run(b, prefix + b->within, NULL) < 0)
		return table_key_error(b);
	return count_rows(b);
}

static int reshape(struct build *b)
{
	if (relation_type_names(b->s, &b->want) < 0)
		return build_catalogue_error(b);
	if (build_drop_views_above(b) < 0)
		return -1;
	buf_clear(&b->sql);
	merge_reshape_sql(&b->s->arena, b->n, &b->have, &b->want, &b->sql);
	if (build_run(b, SIZE_MAX, NULL) < 0)
		return -1;
	buf_clear(&b->sql);
	merge_fill_sql(b, &b->sql);
	if (build_run(b, SIZE_MAX, NULL) < 0)
		return table_key_error(b);
	return count_rows(b);
}

/* Two rows of the query met one row of the table: the server did not notice, the counts did. */
static int key_twice(struct build *b)
{
	PGresult *r;

	buf_clear(&b->sql);
	merge_twice_sql(b, &b->sql);
	if (build_run(b, SIZE_MAX, &r) < 0)
		return -1;
	build_fault(b, EXIT_DATA, "%s: unique_key is not unique: the query yields (%s) more than once", b->n->at.file,
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
	merge_sql(b, &b->sql);
	if (build_run(b, SIZE_MAX, &r) < 0)
		return table_key_error(b);
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

int table_check(struct build *b)
{
	if (key_is_column(b) < 0)
		return -1;
	if (b->have.kind == 0 || b->full_refresh || (relation_same(&b->have, &b->want) && same_key(b)))
		return 0;
	if (relation_same(&b->have, &b->want))
		return build_fault(b, EXIT_USAGE, "%s: unique_key is no longer the primary key of %s: run once with --full-refresh",
		             b->n->at.file, b->n->relation);
	return build_columns_changed(b);
}

int table_build(struct build *b)
{
	if (table_check(b) < 0)
		return -1;
	if (b->have.kind == 0)
		return create(b);
	if (!relation_same(&b->have, &b->want) || !same_key(b) || b->have.key.count == 0)
		return reshape(b);
	return merge(b);
}
