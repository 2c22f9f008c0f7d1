#include "verify.h"

#include <inttypes.h>
#include <stdlib.h>

#include "build.h"
#include "fold.h"
#include "fold_sql.h"

bool verify_concerns(const struct node *n)
{
	return n->kind == NODE_MODEL && n->config.materialised != MATERIALISE_VIEW && n->config.materialised != MATERIALISE_TABLE;
}

/* Rows count as often as they occur: also a model without a key can be compared. */
static void compare_sql(struct build *b, const struct buf *whole, struct buf *to)
{
	struct buf columns = {0};

	for (size_t i = 0; i < b->want.count; i++)
		buf_addf(&columns, "%s%s", i > 0 ? ", " : "", project_quoted(&b->s->arena, b->want.column[i].name));
	buf_addf(to, "with aggregate_stored as (select %s from %s), aggregate_counted as materialized (select %s from (",
	         buf_text(&columns), b->n->relation, buf_text(&columns));
	buf_add(to, whole->p, whole->n);
	buf_add_text(to, ") q), aggregate_different as materialized ("
	                 "select 'stored' as aggregate_side, x.* from (select * from aggregate_stored except all "
	                 "select * from aggregate_counted) x union all "
	                 "select 'counted', x.* from (select * from aggregate_counted except all select * from aggregate_stored) x) "
	                 "select (select count(*) from aggregate_stored), (select count(*) from aggregate_different), ");
	buf_addf(to, "(select string_agg(r.row::text, ',') from (select jsonb_build_object(d.aggregate_side, "
	             "to_jsonb(d) - 'aggregate_side') as row from aggregate_different d limit %" PRId64 ") r), "
	             "(select count(*) from (select from aggregate_different limit %" PRId64 ") r)", b->n->config.limit,
	         b->n->config.limit);
	buf_free(&columns);
}

static void compare(struct build *b, const struct buf *whole)
{
	struct outcome *o = b->o;
	PGresult *r;

	compare_sql(b, whole, &b->sql);
	if (build_run(b, SIZE_MAX, &r) < 0)
		return;
	o->rows = db_int(r, 0, 0);
	o->failures = db_int(r, 0, 1);
	o->status = o->failures > 0 ? OUTCOME_FAIL : OUTCOME_PASS;
	if (o->failures > 0) {
		struct buf text = {0};

		buf_addf(&text, "%s: %" PRId64 " rows of %s and of a count of everything differ: --full-refresh repairs it", b->n->at.file,
		         o->failures, b->n->relation);
		free(o->message);
		o->message = xstrdup(buf_text(&text));
		buf_free(&text);
		buf_add_text(&o->kept, PQgetvalue(r, 0, 2));
		o->kept_count = (int)db_int(r, 0, 3);
	}
	PQclear(r);
}

void verify_model(struct session *s, const struct project *p, const struct node *n, struct outcome *o)
{
	struct build b = {.s = s, .p = p, .n = n, .o = o};
	struct buf whole = {0};

	if (n->fold != NULL)
		fold_whole_sql(&b, n->fold, &whole);
	else
		buf_add(&whole, n->compiled.sql, n->compiled.n);
	if (relation_of_query(s, buf_text(&whole), &b.want) < 0)
		build_catalogue_error(&b);
	else
		compare(&b, &whole);
	buf_free(&whole);
	buf_free(&b.sql);
}
