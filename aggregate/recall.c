#include "recall.h"

#include <stdlib.h>
#include <string.h>

#include "exit.h"
#include "log.h"
#include "report.h"
#include "session.h"

/* A session that only reads. */
static int open_session(struct session *s, const char *conninfo)
{
	int status = session_open(s, conninfo);

	return status == EXIT_DONE ? session_begin(s, true) : status;
}

int recall_modified(struct project *p, const char *conninfo)
{
	struct session s = {0};
	int status = open_session(&s, conninfo);

	for (size_t i = 0; i < p->count && status == EXIT_DONE; i++) {
		struct node *n = p->node[i];
		const struct state *was = node_is_built(n) ? session_state(&s, n->schema, n->identifier) : NULL;

		n->modified = node_is_built(n) && (was == NULL || strcmp(was->compiled, n->hash) != 0 || strcmp(was->project, p->name) != 0);
	}
	session_close(&s);
	return status;
}

/* --- retry ------------------------------------------------------------------------------------------------------- */

static const char last_run[] =
	"select r.run_id, r.command, r.status, r.started_at::text, n.node, n.type from (select * from aggregate.run "
	"where project = $1 and command in ('build', 'run', 'test', 'seed') order by run_id desc limit 1) r "
	"left join aggregate.node_result n on n.run_id = r.run_id and n.status in ('fail', 'error', 'skipped', 'rolled_back')";

static struct node *node_of(const struct project *p, const char *name, const char *type)
{
	for (size_t i = 0; i < p->count; i++)
		if (strcmp(p->node[i]->name, name) == 0 && strcmp(report_kind(p->node[i]->kind), type) == 0)
			return p->node[i];
	return NULL;
}

static void mark(struct project *p, const PGresult *r, size_t *count)
{
	for (int i = 0; i < PQntuples(r) && !PQgetisnull(r, i, 4); i++) {
		struct node *n = node_of(p, PQgetvalue(r, i, 4), PQgetvalue(r, i, 5));

		if (n == NULL)
			log_warn("%s %s of the last run is no longer in the project", PQgetvalue(r, i, 5), PQgetvalue(r, i, 4));
		else if (!n->config.disabled)
			n->selected = true;
	}
	/* a model that was undone is judged anew: its tests come with it */
	for (size_t i = 0; i < p->count; i++)
		for (size_t k = 0; p->node[i]->kind == NODE_TEST && !p->node[i]->config.disabled && k < p->needs[i].count; k++)
			p->node[i]->selected |= node_is_built(p->node[p->needs[i].item[k]]) && p->node[p->needs[i].item[k]]->selected;
	for (size_t i = 0; i < p->count; i++)
		*count += p->node[i]->selected;
}

static enum run_command command_of(const char *name)
{
	enum run_command c = RUN_BUILD;

	while (strcmp(run_command_name(c), name) != 0)
		c++;
	return c;
}

static int read_last(struct session *s, struct project *p, enum run_command *command, size_t *count)
{
	const char *values[] = {p->name};
	PGresult *r;
	int status = EXIT_DONE;

	if (db_params(&s->db, last_run, 1, values, &r) < 0)
		return db_failed(&s->db, "cannot read the history");
	if (PQntuples(r) == 0) {
		log_error("the project %s has not run in this database yet: there is nothing to retry", p->name);
		status = EXIT_USAGE;
	} else {
		*command = command_of(PQgetvalue(r, 0, 1));
		mark(p, r, count);
		log_notice("the last run is %s, '%s' of %s (%s): %s", PQgetvalue(r, 0, 0), PQgetvalue(r, 0, 1), PQgetvalue(r, 0, 3),
		           PQgetvalue(r, 0, 2), *count > 0 ? "once more what it left undone" : "nothing to retry");
	}
	PQclear(r);
	return status;
}

int recall_unfinished(struct project *p, const char *conninfo, enum run_command *command, size_t *count)
{
	struct session s = {0};
	int status = session_open(&s, conninfo);

	*count = 0;
	for (size_t i = 0; i < p->count; i++)
		p->node[i]->selected = false;
	if (status == EXIT_DONE)
		status = session_migrate(&s);
	if (status == EXIT_DONE)
		status = session_begin(&s, true);
	if (status == EXIT_DONE)
		status = read_last(&s, p, command, count);
	session_close(&s);
	return status;
}
