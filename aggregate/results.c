#include "results.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "report.h"

/* Further back nobody looks: a node that none of these runs touched counts as never run. */
#define RUNS "500"

static const char last_results[] =
	"select distinct on (n.node, n.type) n.node, n.type, n.status, n.rows, n.ms, r.started_at, "
	"extract(epoch from clock_timestamp() - r.started_at)::bigint, n.failures, n.message "
	"from (select * from aggregate.run where project = $1 order by run_id desc limit " RUNS ") r "
	"join aggregate.node_result n using (run_id) order by n.node, n.type, n.run_id desc";

static const char *text(struct session *s, const PGresult *r, int row, int column)
{
	return PQgetisnull(r, row, column) ? NULL : arena_dup(&s->arena, PQgetvalue(r, row, column));
}

static int64_t number(const PGresult *r, int row, int column)
{
	return PQgetisnull(r, row, column) ? -1 : db_int(r, row, column);
}

int results_read(struct session *s, const struct project *p, struct result *result)
{
	const char *values[] = {p->name};
	PGresult *r;

	for (size_t k = 0; k < p->count; k++)
		result[k] = (struct result){.rows = -1, .failures = -1, .age = -1};
	if (db_params(&s->db, last_results, 1, values, &r) < 0)
		return -1;
	for (int i = 0; i < PQntuples(r); i++)
		for (size_t k = 0; k < p->count; k++)
			if (strcmp(p->node[k]->name, PQgetvalue(r, i, 0)) == 0 &&
			    strcmp(report_kind(p->node[k]->kind), PQgetvalue(r, i, 1)) == 0)
				result[k] = (struct result){text(s, r, i, 2), text(s, r, i, 5), text(s, r, i, 8),
				                            strtod(PQgetvalue(r, i, 4), NULL), number(r, i, 3), number(r, i, 7), db_int(r, i, 6)};
	PQclear(r);
	return 0;
}

const char *results_age(char to[32], int64_t s)
{
	if (s < 0)
		snprintf(to, 32, "?");
	else if (s < 120)
		snprintf(to, 32, "%" PRId64 " s", s);
	else if (s < 7200)
		snprintf(to, 32, "%" PRId64 " min", s / 60);
	else if (s < 172800)
		snprintf(to, 32, "%" PRId64 " h", s / 3600);
	else
		snprintf(to, 32, "%" PRId64 " d", s / 86400);
	return to;
}
