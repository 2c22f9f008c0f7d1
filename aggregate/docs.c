#include "docs.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "embed/aggregate/html/docs.css.h"
#include "exit.h"
#include "lineage.h"
#include "relation.h"
#include "report.h"

struct page {
	const struct project *p;
	struct session s;
	struct result *result; /* of each node */
	struct buf html;
};

static void text(struct page *g, const char *value)
{
	lineage_escape(&g->html, value);
}

static void tagged(struct page *g, const char *open, const char *value, const char *close)
{
	buf_add_text(&g->html, open);
	text(g, value);
	buf_add_text(&g->html, close);
}

static void link_to(struct page *g, const struct node *n)
{
	buf_add_text(&g->html, "<a href=\"#");
	lineage_anchor(n, &g->html);
	buf_add_text(&g->html, "\">");
	text(g, n->name);
	buf_add_text(&g->html, "</a>");
}

static void number_cell(struct page *g, int64_t n)
{
	if (n < 0)
		buf_add_text(&g->html, "<td></td>");
	else
		buf_addf(&g->html, "<td class=\"number\">%" PRId64 "</td>", n);
}

/* The word in its colour. */
static void status_word(struct page *g, const char *status)
{
	buf_addf(&g->html, "<span class=\"%s\">%s</span>", status, status);
}

/* --- one node ---------------------------------------------------------------------------------------------------- */

/* built from: a, b. used by: c */
static void neighbours(struct page *g, size_t node)
{
	const struct indexes *needs = &g->p->needs[node];
	bool any = false;

	for (size_t k = 0; k < needs->count; k++) {
		buf_add_text(&g->html, k == 0 ? "<p class=\"muted\">built from " : ", ");
		link_to(g, g->p->node[needs->item[k]]);
	}
	buf_add_text(&g->html, needs->count > 0 ? "</p>\n" : "");
	for (size_t i = 0; i < g->p->count; i++)
		for (size_t k = 0; g->p->node[i]->kind == NODE_MODEL && k < g->p->needs[i].count; k++)
			if (g->p->needs[i].item[k] == node) {
				buf_add_text(&g->html, any ? ", " : "<p class=\"muted\">used by ");
				link_to(g, g->p->node[i]);
				any = true;
			}
	buf_add_text(&g->html, any ? "</p>\n" : "");
}

/* The entry of a column in the .yml, or NULL. */
static const struct yaml *column_entry(const struct node *n, const char *name)
{
	const struct yaml *columns = n->properties != NULL ? yaml_get(n->properties, "columns") : NULL;

	for (size_t i = 0; columns != NULL && i < columns->count; i++) {
		const struct yaml *own = yaml_get(columns->item[i], "name");

		if (own != NULL && own->kind == YAML_WORD && strcmp(own->text, name) == 0)
			return columns->item[i];
	}
	return NULL;
}

static void column_row(struct page *g, const struct node *n, const char *name, const char *type)
{
	const struct yaml *entry = column_entry(n, name);
	const struct yaml *description = entry != NULL ? yaml_get(entry, "description") : NULL;

	tagged(g, "<tr><td><code>", name, "</code></td><td>");
	text(g, type);
	buf_add_text(&g->html, "</td><td>");
	if (description != NULL && description->kind == YAML_WORD)
		text(g, description->text);
	buf_add_text(&g->html, "</td></tr>\n");
}

/* What is there, with what the project says of it; and what it says of columns that are not there. */
static int columns(struct page *g, const struct node *n)
{
	const struct yaml *said = n->properties != NULL ? yaml_get(n->properties, "columns") : NULL;
	struct relation r;

	if (relation_look_up(&g->s, n->schema, n->identifier, &r) < 0)
		return db_failed(&g->s.db, "cannot read the catalogue");
	if (r.count == 0 && (said == NULL || said->count == 0))
		return EXIT_DONE;
	buf_add_text(&g->html, "<table><tr><th>column</th><th>type</th><th></th></tr>\n");
	for (size_t i = 0; i < r.count; i++)
		column_row(g, n, r.column[i].name, r.column[i].type);
	for (size_t i = 0; said != NULL && i < said->count; i++) {
		const struct yaml *name = yaml_get(said->item[i], "name");

		if (name != NULL && name->kind == YAML_WORD && relation_column(&r, name->text) == NULL)
			column_row(g, n, name->text, r.count > 0 ? "not there" : "");
	}
	buf_add_text(&g->html, "</table>\n");
	return EXIT_DONE;
}

static void test_row(struct page *g, const struct node *t)
{
	const struct result *r = &g->result[t->index];
	char age[32];

	buf_add_text(&g->html, "<tr id=\"");
	lineage_anchor(t, &g->html);
	tagged(g, "\"><td><code>", t->name, "</code></td><td>");
	if (r->status != NULL)
		status_word(g, r->status);
	else
		buf_add_text(&g->html, "<span class=\"muted\">never run</span>");
	buf_add_text(&g->html, "</td>");
	number_cell(g, r->failures);
	buf_addf(&g->html, "<td class=\"muted\">%s%s</td><td class=\"muted\">", r->status != NULL ? results_age(age, r->age) : "",
	         r->status != NULL ? " ago" : "");
	text(g, r->message != NULL ? r->message : "");
	buf_add_text(&g->html, "</td></tr>\n");
}

static void tests(struct page *g, size_t node)
{
	bool any = false;

	for (size_t i = 0; i < g->p->count; i++) {
		const struct node *t = g->p->node[i];

		for (size_t k = 0; t->kind == NODE_TEST && !t->config.disabled && k < g->p->needs[i].count; k++) {
			/* what a relationships test looks into is not what it tests */
			if (g->p->needs[i].item[k] != node || (t->test.kind != TEST_SINGULAR && t->test.of != node))
				continue;
			if (!any)
				buf_add_text(&g->html, "<table><tr><th>test</th><th>last</th><th>failures</th><th>when</th><th></th></tr>\n");
			any = true;
			test_row(g, t);
		}
	}
	buf_add_text(&g->html, any ? "</table>\n" : "");
}

static void last_run(struct page *g, const struct node *n)
{
	const struct result *r = &g->result[n->index];
	char age[32];

	if (r->status == NULL)
		return;
	buf_add_text(&g->html, "<p>");
	status_word(g, r->status);
	buf_addf(&g->html, " <span class=\"muted\">%s ago, %.1f ms", results_age(age, r->age), r->ms);
	if (r->rows >= 0)
		buf_addf(&g->html, ", %" PRId64 " rows", r->rows);
	buf_add_text(&g->html, "</span>");
	if (r->message != NULL)
		tagged(g, "<br>", r->message, "");
	buf_add_text(&g->html, "</p>\n");
}

static int node_section(struct page *g, const struct node *n)
{
	int status;

	buf_add_text(&g->html, "<h2 id=\"");
	lineage_anchor(n, &g->html);
	tagged(g, "\">", n->name, " <small>");
	buf_addf(&g->html, "%s%s%s, ", report_kind(n->kind), n->kind == NODE_MODEL ? ", " : "",
	         n->kind == NODE_MODEL ? config_materialisation(n->config.materialised) : "");
	tagged(g, "<code>", n->relation, "</code></small></h2>\n");
	if (n->description != NULL)
		tagged(g, "<p>", n->description, "</p>\n");
	last_run(g, n);
	neighbours(g, n->index);
	status = columns(g, n);
	tests(g, n->index);
	if (n->kind == NODE_MODEL)
		tagged(g, "<details><summary>SQL</summary><pre>", n->compiled.sql, "</pre></details>\n");
	return status;
}

/* --- the page ---------------------------------------------------------------------------------------------------- */

static int head(struct page *g)
{
	const char *values[] = {g->p->name};
	PGresult *r;

	buf_add_text(&g->html, "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">"
	                       "<meta name=\"viewport\" content=\"width=device-width\"><title>");
	text(g, g->p->name);
	buf_addf(&g->html, "</title>\n<style>\n%s</style></head>\n<body>\n", docs_css);
	tagged(g, "<h1>", g->p->name, "</h1>\n");
	if (db_params(&g->s.db, "select run_id, command, status, started_at::timestamptz(0), now()::timestamptz(0) from aggregate.run "
	                        "where project = $1 order by run_id desc limit 1", 1, values, &r) < 0)
		return db_failed(&g->s.db, "cannot read the history");
	if (PQntuples(r) > 0) {
		buf_addf(&g->html, "<p>Last run: %s, %s of %s, ", PQgetvalue(r, 0, 0), PQgetvalue(r, 0, 1), PQgetvalue(r, 0, 3));
		status_word(g, PQgetvalue(r, 0, 2));
		buf_addf(&g->html, ". <span class=\"muted\">Written %s.</span></p>\n", PQgetvalue(r, 0, 4));
	} else {
		buf_add_text(&g->html, "<p>Not run yet.</p>\n");
	}
	PQclear(r);
	return EXIT_DONE;
}

static int write_page(struct page *g)
{
	static const enum node_kind kinds[] = {NODE_MODEL, NODE_SEED, NODE_SOURCE};
	int status = head(g);

	buf_add_text(&g->html, "<div class=\"lineage\">\n");
	lineage_svg(g->p, g->result, &g->html);
	buf_add_text(&g->html, "</div>\n");
	for (size_t k = 0; k < sizeof kinds / sizeof kinds[0]; k++)
		for (size_t i = 0; i < g->p->count && status == EXIT_DONE; i++) {
			const struct node *n = g->p->node[g->p->order[i]];

			if (n->kind == kinds[k] && !n->config.disabled)
				status = node_section(g, n);
		}
	buf_add_text(&g->html, "</body></html>\n");
	return status;
}

int docs_print(const struct project *p, const char *conninfo, struct out *out)
{
	struct page g = {.p = p, .result = xcalloc(p->count, sizeof *g.result)};
	int status = session_open(&g.s, conninfo);

	if (status == EXIT_DONE)
		status = session_migrate(&g.s);
	if (status == EXIT_DONE)
		status = session_begin(&g.s, true);
	if (status == EXIT_DONE && results_read(&g.s, p, g.result) < 0)
		status = db_failed(&g.s.db, "cannot read the history");
	if (status == EXIT_DONE)
		status = write_page(&g);
	if (status == EXIT_DONE && (out_add_span(out, buf_span(&g.html)) < 0 || out_flush(out) < 0))
		status = out_failed(out, "stdout");
	buf_free(&g.html);
	session_close(&g.s);
	free(g.result);
	return status;
}
