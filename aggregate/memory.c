#include "memory.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "json.h"
#include "words.h"

/* The difference of a source since a snapshot: many tests ask for the same. */
struct memory_probe {
	const struct node *node;
	const char *snapshot, *layout;
	const struct source *source;
	bool usable; /* false: the source cannot be followed from there */
	bool added, retracted;
};

/* The SQL of all views that a node reads, at any depth. */
static void views_below(const struct memory *m, const struct node *n, struct buf *to)
{
	const struct indexes *needs = &m->p->needs[n->index];

	for (size_t k = 0; k < needs->count; k++) {
		const struct node *need = m->p->node[needs->item[k]];

		if (need->kind != NODE_MODEL || need->config.materialised != MATERIALISE_VIEW)
			continue;
		buf_addf(to, "%s\n", need->hash);
		views_below(m, need, to);
	}
}

/* What a test asks: another question has no remembered answer. */
static void fingerprint(const struct memory *m, const struct node *n, char hash[DIGEST_HEX + 1])
{
	const struct test *t = &n->test;
	struct buf text = {0};

	if (t->kind == TEST_SINGULAR)
		buf_add(&text, n->compiled.sql, n->compiled.n);
	else
		buf_addf(&text, "%d\n%s\n%s\n%s\n%s\n%s", (int)t->kind, m->p->node[t->of]->relation, t->column,
		         t->wrong != NULL ? t->wrong : "", t->join != NULL ? t->join : "", n->config.where != NULL ? n->config.where : "");
	buf_add_char(&text, '\n');
	views_below(m, n, &text);
	digest_of(buf_span(&text), hash);
	buf_free(&text);
}

static const char *text_of(struct session *s, const PGresult *r, int row, int column)
{
	return arena_dup(&s->arena, PQgetvalue(r, row, column));
}

int memory_read(struct memory *m, struct session *s, const struct project *p, const struct outcome *outcome)
{
	const char *values[] = {p->name, s->system_identifier};
	PGresult *r;

	*m = (struct memory){.s = s, .p = p, .outcome = outcome};
	m->entry = arena_alloc(&s->arena, p->count * sizeof *m->entry);
	for (size_t i = 0; i < p->count; i++)
		m->entry[i].test = p->node[i];
	if (db_params(&s->db, "select test, compiled, snapshot, sources, judged_by, coalesce(rows, -1), failures, exact "
	                      "from aggregate.test_state where project = $1 and system_identifier = $2::bigint", 2, values, &r) < 0)
		return -1;
	for (int i = 0; i < PQntuples(r); i++) {
		const struct node *n = project_find(p, NODE_TEST, PQgetvalue(r, i, 0));
		char hash[DIGEST_HEX + 1];

		if (n == NULL || n->config.disabled)
			continue;
		fingerprint(m, n, hash);
		if (strcmp(hash, PQgetvalue(r, i, 1)) == 0)
			m->entry[n->index] = (struct memory_entry){.test = n,
			                                           .snapshot = text_of(s, r, i, 2),
			                                           .sources = text_of(s, r, i, 3),
			                                           .judged_by = text_of(s, r, i, 4),
			                                           .rows = db_int(r, i, 5),
			                                           .failures = db_int(r, i, 6),
			                                           .known = true,
			                                           .exact = PQgetvalue(r, i, 7)[0] == 't'};
	}
	PQclear(r);
	return 0;
}

void memory_forget(struct memory *m)
{
	for (size_t i = 0; i < m->p->count; i++)
		m->entry[i] = (struct memory_entry){.test = m->p->node[i]};
}

/* --- what changed ------------------------------------------------------------------------------------------------ */

static const struct memory_probe *probe(struct memory *m, const struct node *n, const struct memory_entry *e)
{
	const char *layout = changes_layout(m->s, e->sources, n->relation);
	struct memory_probe found = {.node = n, .snapshot = e->snapshot, .layout = layout};
	struct difference d;

	for (size_t i = 0; i < m->probes; i++)
		if (m->probe[i].node == n && strcmp(m->probe[i].snapshot, e->snapshot) == 0 && layout != NULL &&
		    m->probe[i].layout != NULL && strcmp(m->probe[i].layout, layout) == 0)
			return &m->probe[i];
	if (layout != NULL && db_query(&m->s->db, "savepoint aggregate_probe", NULL) == 0) {
		if (changes_source(m->s, n, &found.source) == 0 && found.source->why_not == NULL &&
		    changes_since(m->s, found.source, e->snapshot, layout, &d) == 0 && d.fault == NULL) {
			found.usable = true;
			found.added = d.added;
			found.retracted = d.retracted;
		}
		db_roll_back(&m->s->db, "rollback to aggregate_probe; release aggregate_probe");
	}
	m->probe = arena_more(&m->s->arena, m->probe, m->probes, sizeof *m->probe);
	m->probe[m->probes] = found;
	return &m->probe[m->probes++];
}

/* Transaction numbers as text, of whatever length. */
static bool not_after(const char *a, const char *b)
{
	return strtoull(a, NULL, 10) <= strtoull(b, NULL, 10);
}

/* Does a relation hold the rows that it held when the test was judged? A view does if all that it reads does. */
static bool same(struct memory *m, const struct node *n, const struct memory_entry *e)
{
	const struct state *state;
	const struct memory_probe *p;

	if (n->kind == NODE_SOURCE) {
		p = probe(m, n, e);
		return p->usable && !p->added && !p->retracted;
	}
	state = session_state(m->s, n->schema, n->identifier);
	if (m->outcome[n->index].status != OUTCOME_UNCHANGED && m->outcome[n->index].status != OUTCOME_NONE)
		return false;
	if (state == NULL || state->changed_by == NULL || !not_after(state->changed_by, e->judged_by))
		return false;
	for (size_t k = 0; n->kind == NODE_MODEL && n->config.materialised == MATERIALISE_VIEW && k < m->p->needs[n->index].count; k++)
		if (!same(m, m->p->node[m->p->needs[n->index].item[k]], e))
			return false;
	return true;
}

enum memory_plan memory_plan(struct memory *m, const struct node *test, const struct source **source, bool *retracted)
{
	const struct memory_entry *e = &m->entry[test->index];
	const struct indexes *needs = &m->p->needs[test->index];
	const struct memory_probe *of;
	bool others = true;

	if (e->snapshot == NULL || !e->exact)
		return MEMORY_WHOLE;
	for (size_t k = 0; k < needs->count && others; k++)
		if (test->test.kind == TEST_SINGULAR || needs->item[k] != test->test.of)
			others = same(m, m->p->node[needs->item[k]], e);
	if (!others)
		return MEMORY_WHOLE;
	if (test->test.kind == TEST_SINGULAR || same(m, m->p->node[test->test.of], e))
		return MEMORY_SAME;
	if (m->p->node[test->test.of]->kind != NODE_SOURCE || test->test.kind == TEST_UNIQUE)
		return MEMORY_WHOLE;
	of = probe(m, m->p->node[test->test.of], e);
	*source = of->source;
	*retracted = of->retracted;
	return of->usable ? MEMORY_DELTA : MEMORY_WHOLE;
}

/* --- what can be remembered -------------------------------------------------------------------------------------- */

/* The views below a view, the functions that all of them call, the tables that they read; subqueries in what is asked, if $2. */
static const char proof[] =
	"with recursive v(oid) as (select 'pg_temp.aggregate_asked'::regclass::oid union select d.refobjid from v "
	"join pg_rewrite r on r.ev_class = v.oid join pg_depend d on d.classid = 'pg_rewrite'::regclass and d.objid = r.oid "
	"and d.refclassid = 'pg_class'::regclass and d.refobjid <> v.oid), "
	"a as materialized (select r.ev_action::text as tree from v join pg_rewrite r on r.ev_class = v.oid), "
	"f as (select distinct m[1]::oid as oid from a, "
	"regexp_matches(a.tree, ':(?:funcid|opfuncid|aggfnoid|winfnoid) ([0-9]+)', 'g') m) "
	"select not exists (select from a where tree ~ 'SQLVALUEFUNCTION') and not ($2 and exists (select from pg_rewrite "
	"where ev_class = 'pg_temp.aggregate_asked'::regclass and ev_action::text ~ '[{]SUBLINK ')) and not exists (select from f join pg_proc p using (oid) "
	"where p.provolatile = 'v' or p.provolatile = 's' and (p.pronamespace <> 'pg_catalog'::regnamespace or p.proname in "
	"('now', 'transaction_timestamp', 'statement_timestamp', 'age', 'current_setting', 'current_database', 'current_schema', "
	"'current_user', 'session_user', 'txid_current_snapshot', 'pg_current_snapshot', 'has_table_privilege') "
	"or p.proname like 'pg\\_%')) "
	"and not exists (select from v join pg_class c using (oid) where c.relkind in ('r', 'p', 'm', 'f') and not c.oid = any("
	"array(select to_regclass(x)::oid from jsonb_array_elements_text($1::jsonb) x where to_regclass(x) is not null)))";

/* The relations of everything that the tests depend on. */
static void known_relations(const struct memory *m, const struct node *const *test, size_t count, struct buf *to)
{
	bool *below = xcalloc(m->p->count, sizeof *below);

	for (size_t i = 0; i < count; i++)
		below[test[i]->index] = true;
	graph_ancestors(m->p->needs, m->p->count, below);
	buf_add_char(to, '[');
	for (size_t i = 0; i < m->p->count; i++) {
		if (!below[i] || m->p->node[i]->kind == NODE_TEST)
			continue;
		buf_add_text(to, to->n > 1 ? "," : "");
		json_quote(to, span_of(m->p->node[i]->relation));
	}
	buf_add_char(to, ']');
	free(below);
}

bool memory_exact(struct memory *m, const struct node *const *test, size_t count, const char *sql)
{
	struct db *db = &m->s->db;
	struct buf view = {0}, known = {0};
	const char *values[2];
	struct words words;
	bool exact = false;
	PGresult *r;

	words_read(&words, &m->s->arena, sql, SIZE_MAX, SIZE_MAX);
	if (words_clock(&words) != SIZE_MAX) /* already a constant in what the server makes of it */
		return false;
	buf_addf(&view, "create temporary view aggregate_asked as %s", sql);
	known_relations(m, test, count, &known);
	values[0] = buf_text(&known);
	values[1] = test[0]->test.kind == TEST_SINGULAR ? "f" : "t"; /* of changed rows alone a subquery cannot be judged */
	if (db_query(db, "savepoint aggregate_probe", NULL) == 0) {
		if (db_query(db, buf_text(&view), NULL) == 0 && db_params(db, proof, 2, values, &r) == 0) {
			exact = PQgetvalue(r, 0, 0)[0] == 't';
			PQclear(r);
		}
		db_roll_back(db, "rollback to aggregate_probe; release aggregate_probe");
	}
	buf_free(&view);
	buf_free(&known);
	return exact;
}

/* --- writing ----------------------------------------------------------------------------------------------------- */

void memory_note(struct memory *m, const struct node *test, int64_t rows, int64_t failures, bool exact)
{
	struct memory_entry *e = &m->entry[test->index];

	e->rows = rows;
	e->failures = failures;
	e->exact = exact;
	e->judged = true;
}

/* The layouts of the sources that the test depends on, directly or through views; one that cannot be followed has none. */
static void layouts(struct memory *m, const struct node *n, struct buf *to)
{
	const struct indexes *needs = &m->p->needs[n->index];

	for (size_t k = 0; k < needs->count; k++) {
		const struct node *need = m->p->node[needs->item[k]];
		const struct source *source;

		if (need->kind == NODE_MODEL && need->config.materialised == MATERIALISE_VIEW)
			layouts(m, need, to);
		else if (need->kind == NODE_SOURCE && changes_source(m->s, need, &source) == 0 && source->why_not == NULL)
			buf_addf(to, "%s %s\n", need->relation, source->layout);
	}
}

static void entry_json(struct memory *m, const struct memory_entry *e, struct buf *to)
{
	char hash[DIGEST_HEX + 1];
	struct buf sources = {0};

	fingerprint(m, e->test, hash);
	layouts(m, e->test, &sources);
	buf_addf(to, "%s{\"test\":", to->n > 1 ? "," : "");
	json_quote(to, span_of(e->test->name));
	buf_addf(to, ",\"compiled\":\"%s\",\"exact\":%s,\"rows\":%" PRId64 ",\"failures\":%" PRId64 ",\"sources\":", hash,
	         e->exact ? "true" : "false", e->rows, e->failures);
	json_quote(to, span_of(buf_text(&sources)));
	buf_add_char(to, '}');
	buf_free(&sources);
}

int memory_write(struct memory *m)
{
	struct buf rows = {0};
	int status = 0;

	buf_add_char(&rows, '[');
	for (size_t i = 0; i < m->p->count; i++)
		if (m->entry[i].judged)
			entry_json(m, &m->entry[i], &rows);
	buf_add_char(&rows, ']');
	if (rows.n > 2) {
		const char *values[] = {buf_text(&rows), m->p->name, m->s->snapshot, m->s->system_identifier};

		status = db_params(&m->s->db,
		                   "insert into aggregate.test_state (project, test, compiled, exact, rows, failures, snapshot, "
		                   "system_identifier, sources) select $2, x.test, x.compiled, x.exact, nullif(x.rows, -1), x.failures, "
		                   "$3::pg_snapshot, $4::bigint, x.sources from jsonb_to_recordset($1::jsonb) as x(test text, compiled text, "
		                   "exact boolean, rows bigint, failures bigint, sources text) on conflict (project, test) do update set "
		                   "compiled = excluded.compiled, exact = excluded.exact, rows = excluded.rows, failures = excluded.failures, "
		                   "snapshot = excluded.snapshot, system_identifier = excluded.system_identifier, sources = excluded.sources, "
		                   "judged_by = excluded.judged_by, judged_at = excluded.judged_at", 4, values, NULL);
	}
	buf_free(&rows);
	return status;
}
