#include "history.h"

#include <inttypes.h>
#include <stdio.h>

#include "json.h"
#include "report.h"

/* One statement: a run is written down whole or not at all. */
static const char write_sql[] =
	"with r as (insert into aggregate.run (project, command, status, exit_status, started_at, snapshot, message) "
	"values ($1, $2, $3, $4::int, $5::timestamptz, $6::pg_snapshot, $7) returning run_id), "
	"n as (insert into aggregate.node_result (run_id, node, type, status, rows, inserted, updated, deleted, failures, "
	"ms, message) select r.run_id, x.node, x.type, x.status, x.rows, x.inserted, x.updated, x.deleted, x.failures, "
	"x.ms, x.message "
	"from r, jsonb_to_recordset($8::jsonb) as x(node text, type text, status text, rows bigint, inserted bigint, "
	"updated bigint, deleted bigint, failures bigint, ms float8, message text)), "
	"f as (insert into aggregate.failure (run_id, node, number, row) select r.run_id, x.node, e.number, e.row "
	"from r, jsonb_to_recordset($9::jsonb) as x(node text, rows jsonb), "
	"jsonb_array_elements(x.rows) with ordinality as e(row, number)) select run_id from r";

static const char state_sql[] =
	"insert into aggregate.state as s (relation_schema, relation_name, project, model, materialised, compiled, "
	"definition, snapshot, system_identifier, built_at, changed_at, changed_by, sources, rows) "
	"select x.schema, x.name, $2, x.model, x.materialised, x.compiled, x.definition, $3::pg_snapshot, $4::bigint, now(), "
	"case when x.changed then now() else '-infinity' end, case when x.changed then pg_current_xact_id() end, x.sources, nullif(x.rows, -1) "
	"from jsonb_to_recordset($1::jsonb) as x(schema text, name text, model text, materialised text, compiled text, "
	"definition text, changed boolean, sources text, rows bigint) "
	"on conflict (relation_schema, relation_name) do update set project = excluded.project, model = excluded.model, "
	"materialised = excluded.materialised, compiled = excluded.compiled, definition = excluded.definition, "
	"snapshot = excluded.snapshot, system_identifier = excluded.system_identifier, built_at = excluded.built_at, "
	"changed_at = greatest(s.changed_at, excluded.changed_at), changed_by = coalesce(excluded.changed_by, s.changed_by, pg_current_xact_id()), sources = excluded.sources, rows = excluded.rows";

static void nodes_json(const struct project *p, const struct outcome *outcome, struct buf *nodes, struct buf *failures)
{
	buf_add_char(nodes, '[');
	buf_add_char(failures, '[');
	for (size_t i = 0; i < p->count; i++) {
		const struct outcome *o = &outcome[p->order[i]];

		if (o->status == OUTCOME_NONE)
			continue;
		buf_add_text(nodes, nodes->n > 1 ? "," : "");
		report_json(o, nodes);
		if (o->kept_count == 0)
			continue;
		buf_addf(failures, "%s{\"node\":", failures->n > 1 ? "," : "");
		json_quote(failures, span_of(o->node->name));
		buf_add_text(failures, ",\"rows\":[");
		buf_add(failures, o->kept.p, o->kept.n);
		buf_add_text(failures, "]}");
	}
	buf_add_char(nodes, ']');
	buf_add_char(failures, ']');
}

int history_write(struct session *s, const struct project *p, struct run_result *run, const struct outcome *outcome)
{
	struct buf nodes = {0}, failures = {0};
	char exit_status[16];
	PGresult *r;
	int status;

	nodes_json(p, outcome, &nodes, &failures);
	snprintf(exit_status, sizeof exit_status, "%d", run->exit_status);
	{
		const char *values[] = {p->name, run->command, run->status, exit_status, s->started_at, s->snapshot, run->message,
		                        buf_text(&nodes), buf_text(&failures)};

		status = db_params(&s->db, write_sql, 9, values, &r);
	}
	if (status == 0) {
		run->run_id = db_int(r, 0, 0);
		PQclear(r);
	}
	buf_free(&nodes);
	buf_free(&failures);
	return status;
}

int history_forget(struct session *s, const struct project *p, int64_t keep)
{
	char seconds[32];
	const char *values[] = {p->name, seconds};

	if (keep == 0)
		return 0;
	snprintf(seconds, sizeof seconds, "%" PRId64, keep / 1000000);
	return db_params(&s->db, "delete from aggregate.run where project = $1 and started_at < now() - $2::bigint * interval '1 s'",
	                 2, values, NULL);
}

static void text_member(struct buf *to, const char *name, const char *text)
{
	buf_addf(to, ",\"%s\":", name);
	if (text != NULL)
		json_quote(to, span_of(text));
	else
		buf_add_text(to, "null");
}

int history_state(struct session *s, const struct project *p, const struct outcome *outcome)
{
	struct buf rows = {0};
	int status;

	buf_add_char(&rows, '[');
	for (size_t i = 0; i < p->count; i++) {
		const struct outcome *o = &outcome[i];

		if (o->status == OUTCOME_NONE || !node_is_built(o->node))
			continue;
		buf_addf(&rows, "%s{\"changed\":%s", rows.n > 1 ? "," : "", o->status == OUTCOME_SUCCESS ? "true" : "false");
		text_member(&rows, "schema", o->node->schema);
		text_member(&rows, "name", o->node->identifier);
		text_member(&rows, "model", o->node->name);
		text_member(&rows, "materialised", o->node->kind == NODE_SEED ? "seed" : config_materialisation(o->node->config.materialised));
		text_member(&rows, "compiled", o->node->hash);
		text_member(&rows, "definition", o->definition);
		text_member(&rows, "sources", o->sources);
		buf_addf(&rows, ",\"rows\":%" PRId64, o->rows);
		buf_add_char(&rows, '}');
	}
	buf_add_char(&rows, ']');
	{
		const char *values[] = {buf_text(&rows), p->name, s->snapshot, s->system_identifier};

		status = rows.n > 2 ? db_params(&s->db, state_sql, 4, values, NULL) : 0;
	}
	buf_free(&rows);
	return status;
}
