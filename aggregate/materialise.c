#include "materialise.h"

#include <stdlib.h>
#include <string.h>

#include "build.h"
#include "exit.h"
#include "fold_build.h"
#include "incremental.h"
#include "rebuild.h"
#include "table.h"

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

static int drop(struct build *b, const char *kind)
{
	if (build_drop_views_above(b) < 0)
		return -1;
	buf_clear(&b->sql);
	buf_addf(&b->sql, "drop %s %s", kind, b->n->relation);
	return build_run(b, SIZE_MAX, NULL);
}

static int keep_definition(struct build *b)
{
	struct relation now;

	if (relation_look_up(b->s, b->n->schema, b->n->identifier, &now) < 0)
		return build_catalogue_error(b);
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
			return build_columns_changed(b);
		if (drop(b, "view") < 0)
			return -1;
	}
	buf_clear(&b->sql);
	buf_addf(&b->sql, "create or replace view %s as\n", b->n->relation);
	prefix = b->sql.n;
	buf_add(&b->sql, b->n->compiled.sql, b->n->compiled.n);
	if (build_run(b, prefix, NULL) < 0)
		return -1;
	b->o->status = OUTCOME_SUCCESS;
	return keep_definition(b);
}

/* --- either ----------------------------------------------------------------------------------------------------- */

/* Is what stands there ours, and of the right kind? */
static int check_there(struct build *b)
{
	char wanted = b->n->config.materialised == MATERIALISE_VIEW ? 'v' : 'r';

	if (b->have.kind == 0)
		return 0;
	if (b->state == NULL)
		return build_fault(b, EXIT_CONFLICT, "%s: %s exists, and aggregate did not make it: drop or rename it, or give the "
		             "model another name (alias)", b->n->at.file, b->n->relation);
	if (strcmp(b->state->project, b->p->name) != 0)
		return build_fault(b, EXIT_CONFLICT, "%s: %s belongs to the project %s: drop it, or give the model another name (alias)",
		             b->n->at.file, b->n->relation, b->state->project);
	if (b->have.kind == wanted)
		return 0;
	if (!b->full_refresh || (b->have.kind != 'v' && b->have.kind != 'r'))
		return build_fault(b, EXIT_USAGE, "%s: %s is a %s and the model now a %s: run once with --full-refresh", b->n->at.file,
		             b->n->relation, b->have.kind == 'v' ? "view" : "table",
		             config_materialisation(b->n->config.materialised));
	if (drop(b, b->have.kind == 'v' ? "view" : "table") < 0)
		return -1;
	b->have = (struct relation){0};
	return 0;
}

/* The columns of the query. It is asked for as a subquery, where the server takes nothing that writes. */
static int describe(struct build *b)
{
	size_t prefix;

	buf_clear(&b->sql);
	buf_add_text(&b->sql, "select * from (\n");
	prefix = b->sql.n;
	buf_add(&b->sql, b->n->compiled.sql, b->n->compiled.n);
	buf_add_text(&b->sql, "\n) aggregate_model");
	if (relation_of_query(b->s, buf_text(&b->sql), &b->want) == 0)
		return 0;
	build_error(b->s, b->n, buf_text(&b->sql), prefix, b->o);
	return -1;
}

static int build(struct build *b)
{
	if (describe(b) < 0)
		return -1;
	if (b->want.count == 0)
		return build_fault(b, EXIT_USAGE, "%s: not a query: a model is one select statement", b->n->at.file);
	if (relation_look_up(b->s, b->n->schema, b->n->identifier, &b->have) < 0)
		return build_catalogue_error(b);
	if (check_there(b) < 0)
		return -1;
	switch (b->n->config.materialised) {
	case MATERIALISE_VIEW:
		return view(b);
	case MATERIALISE_TABLE:
		return table_build(b);
	case MATERIALISE_FOLD:
		return fold_build(b);
	case MATERIALISE_REBUILD:
		return rebuild_build(b);
	case MATERIALISE_INCREMENTAL:
		return incremental_build(b);
	}
	return -1;
}

void materialise_model(struct session *s, const struct project *p, const struct node *n, bool full_refresh,
                       struct outcome *o)
{
	struct build b = {.s = s, .p = p, .n = n, .full_refresh = full_refresh, .o = o,
	                  .query = {n->compiled.sql, n->compiled.n}};

	b.state = session_state(s, n->schema, n->identifier);
	build(&b);
	buf_free(&b.sql);
}
