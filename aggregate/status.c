#include "status.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "exit.h"
#include "json.h"
#include "report.h"
#include "results.h"

/* Who holds the lock of a writer, by table; a partition counts for the whole. */
static const char writers[] =
	"select n.nspname, c.relname, a.pid, coalesce(extract(epoch from clock_timestamp() - a.xact_start)::bigint, -1) "
	"from pg_locks l join pg_stat_activity a using (pid) "
	"join pg_class c on c.oid = coalesce(pg_partition_root(l.relation), l.relation) join pg_namespace n on n.oid = c.relnamespace "
	"where l.locktype = 'relation' and l.mode = 'RowExclusiveLock' and l.granted and a.pid <> pg_backend_pid() "
	"and l.database = (select oid from pg_database where datname = current_database())";

/* What is known of a node. */
struct row {
	struct result last;
	int pass, warn, fail; /* its tests, as they ended last */
	int64_t writer_age;   /* of the oldest open writer; -1: unknown */
	const char *writer;   /* its process, or NULL */
};

struct board {
	const struct project *p;
	struct session s;
	struct row *row; /* of each node */
};

static void take_writer(struct board *b, const PGresult *r, int i)
{
	for (size_t k = 0; k < b->p->count; k++) {
		const struct node *n = b->p->node[k];
		int64_t age = db_int(r, i, 3);

		if (n->kind != NODE_SOURCE || strcmp(n->schema, PQgetvalue(r, i, 0)) != 0 ||
		    strcmp(n->identifier, PQgetvalue(r, i, 1)) != 0 || (b->row[k].writer != NULL && age <= b->row[k].writer_age))
			continue;
		b->row[k].writer = arena_dup(&b->s.arena, PQgetvalue(r, i, 2));
		b->row[k].writer_age = age;
	}
}

static int read_results(struct board *b)
{
	struct result *result = xcalloc(b->p->count, sizeof *result);
	int status = results_read(&b->s, b->p, result);

	for (size_t i = 0; i < b->p->count && status == 0; i++)
		b->row[i].last = result[i];
	free(result);
	return status;
}

static int read_writers(struct board *b)
{
	PGresult *r;

	if (db_query(&b->s.db, writers, &r) < 0)
		return -1;
	for (int i = 0; i < PQntuples(r); i++)
		take_writer(b, r, i);
	PQclear(r);
	return 0;
}

/* The tests of a node, and the oldest writer of any source that it is built from. */
static void gather(struct board *b, size_t node)
{
	bool *below = xcalloc(b->p->count, sizeof *below);
	struct row *row = &b->row[node];

	below[node] = true;
	graph_ancestors(b->p->needs, b->p->count, below);
	for (size_t i = 0; i < b->p->count; i++) {
		const struct node *n = b->p->node[i];
		const struct row *other = &b->row[i];

		if (below[i] && n->kind == NODE_SOURCE && other->writer != NULL &&
		    (row->writer == NULL || other->writer_age > row->writer_age)) {
			row->writer = other->writer;
			row->writer_age = other->writer_age;
		}
		for (size_t k = 0; n->kind == NODE_TEST && other->last.status != NULL && k < b->p->needs[i].count; k++) {
			if (b->p->needs[i].item[k] != node)
				continue;
			row->pass += strcmp(other->last.status, "pass") == 0 || strcmp(other->last.status, "unchanged") == 0;
			row->warn += strcmp(other->last.status, "warn") == 0;
			row->fail += strcmp(other->last.status, "fail") == 0 || strcmp(other->last.status, "error") == 0;
		}
	}
	free(below);
}

static int read_board(struct board *b)
{
	int status = session_migrate(&b->s);

	if (status == EXIT_DONE)
		status = session_begin(&b->s, true);
	if (status == EXIT_DONE && (read_results(b) < 0 || read_writers(b) < 0))
		status = db_failed(&b->s.db, "cannot read the history");
	for (size_t i = 0; i < b->p->count && status == EXIT_DONE; i++) {
		const struct node *n = b->p->node[i];
		const struct state *state;

		if (!node_is_built(n))
			continue;
		gather(b, i);
		state = session_state(&b->s, n->schema, n->identifier);
		if (b->row[i].last.rows < 0 && state != NULL)
			b->row[i].last.rows = state->rows;
	}
	return status;
}

/* --- printing ---------------------------------------------------------------------------------------------------- */

static void tests_text(const struct row *row, char to[64])
{
	int n = 0;

	to[0] = '\0';
	if (row->pass > 0)
		n += snprintf(to + n, 64 - (size_t)n, "%d pass", row->pass);
	if (row->warn > 0)
		n += snprintf(to + n, 64 - (size_t)n, "%s%d warn", n > 0 ? " " : "", row->warn);
	if (row->fail > 0)
		snprintf(to + n, 64 - (size_t)n, "%s%d fail", n > 0 ? " " : "", row->fail);
}

static void table_row(const struct node *n, const struct row *row, int width, struct buf *to)
{
	char age[32] = "never", ran[48] = "never", rows[24] = "", ms[32] = "", tests[64], since[32], writer[64] = "";

	if (row->last.status != NULL) {
		snprintf(ran, sizeof ran, "%s ago", results_age(age, row->last.age));
		snprintf(ms, sizeof ms, "%.1f", row->last.ms);
	}
	if (row->last.rows >= 0)
		snprintf(rows, sizeof rows, "%" PRId64, row->last.rows);
	if (row->writer != NULL)
		snprintf(writer, sizeof writer, "%s (process %s)", results_age(since, row->writer_age), row->writer);
	tests_text(row, tests);
	buf_addf(to, "%-*s  %-5s  %-11s  %-10s %10s %9s  %-20s  %s\n", width, n->name, report_kind(n->kind),
	         row->last.status != NULL ? row->last.status : "", ran, rows, ms, tests, writer);
}

static void number_member(struct buf *to, const char *name, int64_t n)
{
	buf_addf(to, ",\"%s\":", name);
	if (n < 0)
		buf_add_text(to, "null");
	else
		buf_add_int(to, n);
}

static void json_row(const struct node *n, const struct row *row, struct buf *to)
{
	buf_add_text(to, "{\"node\":");
	json_quote(to, span_of(n->name));
	buf_addf(to, ",\"type\":\"%s\",\"status\":", report_kind(n->kind));
	if (row->last.status == NULL)
		buf_add_text(to, "null,\"last_run\":null,\"ms\":null");
	else
		buf_addf(to, "\"%s\",\"last_run\":\"%s\",\"ms\":%.3f", row->last.status, row->last.started_at, row->last.ms);
	number_member(to, "rows", row->last.rows);
	buf_addf(to, ",\"tests\":{\"pass\":%d,\"warn\":%d,\"fail\":%d}", row->pass, row->warn, row->fail);
	if (row->writer != NULL) {
		buf_addf(to, ",\"open_writer\":{\"process\":%s", row->writer);
		number_member(to, "seconds", row->writer_age);
		buf_add_text(to, "}}\n");
	} else {
		buf_add_text(to, ",\"open_writer\":null}\n");
	}
}

static void print_board(const struct board *b, bool json, struct buf *to)
{
	int width = 4;

	for (size_t i = 0; i < b->p->count; i++)
		if (node_is_built(b->p->node[i]) && b->p->node[i]->selected && (int)strlen(b->p->node[i]->name) > width)
			width = (int)strlen(b->p->node[i]->name);
	if (!json)
		buf_addf(to, "%-*s  %-5s  %-11s  %-10s %10s %9s  %-20s  %s\n", width, "node", "type", "status", "last run", "rows", "ms",
		         "tests", "oldest open writer");
	for (size_t i = 0; i < b->p->count; i++) {
		size_t k = b->p->order[i];

		if (!node_is_built(b->p->node[k]) || !b->p->node[k]->selected)
			continue;
		if (json)
			json_row(b->p->node[k], &b->row[k], to);
		else
			table_row(b->p->node[k], &b->row[k], width, to);
	}
}

int status_print(const struct project *p, const char *conninfo, bool json, struct out *out)
{
	struct board b = {.p = p, .row = xcalloc(p->count, sizeof *b.row)};
	struct buf text = {0};
	int status = session_open(&b.s, conninfo);

	for (size_t i = 0; i < p->count; i++)
		b.row[i].writer_age = -1;
	if (status == EXIT_DONE)
		status = read_board(&b);
	if (status == EXIT_DONE) {
		print_board(&b, json, &text);
		if (out_add_span(out, buf_span(&text)) < 0 || out_flush(out) < 0)
			status = out_failed(out, "stdout");
	}
	buf_free(&text);
	session_close(&b.s);
	free(b.row);
	return status;
}
