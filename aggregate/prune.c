#include "prune.h"

#include <inttypes.h>
#include <string.h>

#include "exit.h"
#include "json.h"
#include "session.h"
#include "sig.h"

/* Rows of one transaction: locks and the images that triggers keep stay small. */
#define BATCH "50000"

struct pruning {
	const struct project *p;
	struct session s;
	const char *before; /* a moment, as text */
	bool dry;
	struct out *out;
};

static int fail(struct pruning *u, const char *what)
{
	if (sig_asked() != 0)
		return EXIT_SIGNAL + sig_asked();
	return db_failed(&u->s.db, what);
}

static int line(struct pruning *u, const char *relation, int64_t rows)
{
	struct buf text = {0};
	int status;

	buf_add_text(&text, "{\"relation\":");
	json_quote(&text, span_of(relation));
	buf_addf(&text, ",\"before\":\"%s\",\"%s\":%" PRId64 "}\n", u->before, u->dry ? "rows" : "deleted", rows);
	status = out_add_span(u->out, buf_span(&text)) < 0 || out_flush(u->out) < 0 ? out_failed(u->out, "stdout") : EXIT_DONE;
	buf_free(&text);
	return status;
}

/* A statement with the moment as $1 that answers a count. */
static int count(struct pruning *u, const char *sql, int64_t *to)
{
	const char *values[] = {u->before};
	PGresult *r;

	if (sig_asked() != 0 || db_params(&u->s.db, sql, 1, values, &r) < 0)
		return -1;
	*to = db_int(r, 0, 0);
	PQclear(r);
	return 0;
}

/* With its single quotes doubled, for a literal. */
static const char *quoted_text(struct pruning *u, const char *text)
{
	char *to = arena_alloc(&u->s.arena, 2 * strlen(text) + 1), *at = to;

	for (; *text != '\0'; text++) {
		if (*text == '\'')
			*at++ = '\'';
		*at++ = *text;
	}
	return to;
}

/* Rows of `relation` for which `old` (with $1) holds, batch by batch. `counted`: aggregate.pruned says how many, in the same
 * transaction, so that the books of the stream still balance. */
static int prune_rows(struct pruning *u, const char *relation, const char *old, bool counted)
{
	const char *noted = arena_format(&u->s.arena, ", noted as (insert into aggregate.pruned as p (relation, rows) select '%s', "
	                                              "count(*) from gone having count(*) > 0 on conflict (relation) do update "
	                                              "set rows = p.rows + excluded.rows, pruned_at = now())", quoted_text(u, relation));
	const char *sql;
	int64_t rows = 0, some;

	if (u->dry) {
		sql = arena_format(&u->s.arena, "select count(*) from %s where %s", relation, old);
		return count(u, sql, &rows) < 0 ? fail(u, relation) : line(u, relation, rows);
	}
	sql = arena_format(&u->s.arena, "with old as (select tableoid as part, ctid as place from %s where %s limit " BATCH "), "
	                                "gone as (delete from %s t using old where t.tableoid = old.part and t.ctid = old.place "
	                                "returning 1)%s select count(*) from gone", relation, old, relation, counted ? noted : "");
	do {
		if (count(u, sql, &some) < 0)
			return fail(u, relation);
		rows += some;
	} while (some > 0);
	return line(u, relation, rows);
}

static int prune_source(struct pruning *u, const struct node *n)
{
	return prune_rows(u, n->relation, arena_format(&u->s.arena, "%s < $1::timestamptz", project_quoted(&u->s.arena, n->prune_by)), true);
}

/*
 * The images of changed and deleted rows (TABLE_retracted) are needed until every relation and test that follows changes has
 * seen them: those of transactions that all their snapshots contain are not.
 */
static int prune_retracted(struct pruning *u, const struct node *n)
{
	const char *name = arena_format(&u->s.arena, "%s_retracted", n->identifier);
	const char *relation = arena_format(&u->s.arena, "%s.%s", project_quoted(&u->s.arena, n->schema), project_quoted(&u->s.arena, name));
	const char *values[] = {relation};
	PGresult *r;
	bool there;

	if (db_params(&u->s.db, "select exists (select from pg_attribute where attrelid = to_regclass($1) and attname = 'retracted_by')",
	              1, values, &r) < 0)
		return fail(u, relation);
	there = PQgetvalue(r, 0, 0)[0] == 't';
	PQclear(r);
	if (!there)
		return EXIT_DONE;
	return prune_rows(u, relation, "$1::timestamptz is not null and retracted_by < (select min(pg_snapshot_xmin(snapshot)) from "
	                               "(select snapshot from aggregate.state where sources is not null union all "
	                               "select snapshot from aggregate.test_state) s)", false);
}

static int prune_sources(struct pruning *u)
{
	int status = EXIT_DONE;

	for (size_t i = 0; i < u->p->count && status == EXIT_DONE; i++) {
		const struct node *n = u->p->node[i];

		if (n->kind != NODE_SOURCE || !n->selected)
			continue;
		if (n->prune_by != NULL)
			status = prune_source(u, n);
		if (status == EXIT_DONE)
			status = prune_retracted(u, n);
	}
	return status;
}

static int prune_history(struct pruning *u)
{
	char *project = PQescapeLiteral(u->s.db.c, u->p->name, strlen(u->p->name));
	const char *old = arena_format(&u->s.arena, "started_at < $1::timestamptz and project = %s", project);

	PQfreemem(project);
	return prune_rows(u, "aggregate.run", old, false);
}

static int set_moment(struct pruning *u, int64_t older)
{
	PGresult *r;
	const char *sql = arena_format(&u->s.arena, "select now() - %" PRId64 " * interval '1 s'", older / 1000000);

	if (db_query(&u->s.db, sql, &r) < 0)
		return fail(u, "cannot ask for the time");
	u->before = arena_dup(&u->s.arena, PQgetvalue(r, 0, 0));
	PQclear(r);
	return EXIT_DONE;
}

int prune(const struct project *p, const char *conninfo, int64_t older, bool dry, struct out *out)
{
	struct pruning u = {.p = p, .dry = dry, .out = out};
	int status = session_open(&u.s, conninfo);

	if (status == EXIT_DONE)
		status = session_migrate(&u.s);
	if (status == EXIT_DONE)
		status = set_moment(&u, older);
	if (status == EXIT_DONE)
		status = prune_sources(&u);
	if (status == EXIT_DONE)
		status = prune_history(&u);
	session_close(&u.s);
	return status;
}
