#include "proof.h"

#include <string.h>

struct promise {
	const char *column, *type;
	bool not_null, unique;
};

int proof_read(struct proof *p, struct session *s, const struct node *of)
{
	const char *values[] = {of->relation};
	PGresult *r;

	*p = (struct proof){.relation = of->relation};
	if (db_params(&s->db,
	              "select a.attname, a.attnotnull, exists (select from pg_index i where i.indrelid = c.oid "
	              "and i.indisunique and i.indisvalid and i.indimmediate and i.indpred is null "
	              "and i.indnkeyatts = 1 and i.indkey[0] = a.attnum), format_type(a.atttypid, a.atttypmod), c.relkind = 'v' "
	              "from pg_class c join pg_attribute a on a.attrelid = c.oid "
	              "where c.oid = to_regclass($1) and (c.relkind in ('p', 'v') or c.relkind = 'r' and not c.relhassubclass) "
	              "and a.attnum > 0 and not a.attisdropped", 1, values, &r) < 0)
		return -1;
	p->count = (size_t)PQntuples(r);
	p->column = arena_alloc(&s->arena, p->count * sizeof *p->column);
	for (size_t i = 0; i < p->count; i++) {
		p->column[i] = (struct promise){arena_dup(&s->arena, PQgetvalue(r, (int)i, 0)), arena_dup(&s->arena, PQgetvalue(r, (int)i, 3)),
		                                PQgetvalue(r, (int)i, 1)[0] == 't', PQgetvalue(r, (int)i, 2)[0] == 't'};
		p->is_view = PQgetvalue(r, (int)i, 4)[0] == 't';
	}
	PQclear(r);
	return 0;
}

static const struct promise *column_of(const struct proof *p, const struct test *t)
{
	for (size_t i = 0; t->kind != TEST_SINGULAR && t->attribute != NULL && i < p->count; i++)
		if (strcmp(p->column[i].column, t->attribute) == 0)
			return &p->column[i];
	return NULL;
}

bool proof_by_constraint(const struct proof *p, const struct test *t)
{
	const struct promise *c = column_of(p, t);

	return c != NULL && ((t->kind == TEST_NOT_NULL && c->not_null) || (t->kind == TEST_UNIQUE && c->unique));
}

/*
 * The planner leaves an outer join out if no row can meet more than one of the other side and nothing of it is asked for: then
 * nothing of the view is in the plan. It needs a view of which it sees the inside: no `with`.
 */
bool proof_by_query(const struct proof *p, struct session *s, const struct test *t)
{
	const struct promise *c = column_of(p, t);
	const char *sql;
	bool proved = false;
	PGresult *r;

	if (!p->is_view || t->kind != TEST_UNIQUE || c == NULL)
		return false;
	sql = arena_format(&s->arena, "explain (costs off) select from (values (null::%s), (null)) x(k) left join %s v on v.%s = x.k",
	                   c->type, p->relation, project_quoted(&s->arena, c->column));
	if (db_query(&s->db, "savepoint aggregate_proof", NULL) < 0)
		return false;
	if (db_query(&s->db, sql, &r) == 0) {
		proved = PQntuples(r) == 1 && strncmp(PQgetvalue(r, 0, 0), "Values Scan", 11) == 0;
		PQclear(r);
	}
	db_roll_back(&s->db, "rollback to aggregate_proof; release aggregate_proof");
	return proved;
}
