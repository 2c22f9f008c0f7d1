#include "run.h"

#include <stdlib.h>
#include <string.h>

#include "artefact.h"
#include "build.h"
#include "changes.h"
#include "clock.h"
#include "data_test.h"
#include "exit.h"
#include "freshness.h"
#include "history.h"
#include "log.h"
#include "materialise.h"
#include "memory.h"
#include "report.h"
#include "seed.h"
#include "session.h"
#include "sig.h"
#include "verify.h"

struct run {
	const struct project *p;
	const struct run_options *options;
	struct session s;
	struct outcome *outcome; /* of each node */
	struct run_result result;
	struct memory memory;    /* of tests, in a build */
	bool remembers;
	bool stopped; /* nothing more is begun */
	int64_t began;
};

static const char *const commands[] = {"build", "run", "test", "seed", "freshness", "verify"};

/* Tests and freshness write nothing but history … */
static bool only_looks(const struct run *run)
{
	return run->options->command == RUN_TESTS || run->options->command == RUN_FRESHNESS;
}

/* … and verify takes back what it wrote. */
static bool publishes(const struct run *run)
{
	return !only_looks(run) && run->options->command != RUN_VERIFY;
}

/* --- nodes ------------------------------------------------------------------------------------------------------ */

const char *run_command_name(enum run_command command)
{
	return commands[command];
}

bool run_concerns(enum run_command command, const struct node *n)
{
	switch (command) {
	case RUN_BUILD: return n->kind != NODE_SOURCE;
	case RUN_MODELS: return n->kind == NODE_MODEL;
	case RUN_TESTS: return n->kind == NODE_TEST;
	case RUN_SEEDS: return n->kind == NODE_SEED;
	case RUN_FRESHNESS: return freshness_wanted(n);
	case RUN_VERIFY: return verify_concerns(n);
	}
	return false;
}

static bool takes_part(const struct run *run, const struct node *n)
{
	return n->selected && run_concerns(run->options->command, n);
}

/* Does what became of node `i` forbid to go on with what comes after it? */
static bool blocks(const struct run *run, size_t i)
{
	const struct outcome *o = &run->outcome[i];

	if (o->status == OUTCOME_FAIL)
		return project_gates(o->node);
	return o->status == OUTCOME_ERROR || o->status == OUTCOME_SKIPPED;
}

static const struct node *blocked_by(const struct run *run, const struct node *n)
{
	const struct indexes *after = &run->p->after[n->index];

	for (size_t k = 0; k < after->count; k++)
		if (blocks(run, after->item[k]))
			return run->p->node[after->item[k]];
	return NULL;
}

static void skip(struct outcome *o, const struct node *because)
{
	struct buf text = {0};

	if (because != NULL)
		buf_addf(&text, "comes after %s", because->name);
	else
		buf_add_text(&text, "the run was stopped");
	o->message = xstrdup(buf_text(&text));
	buf_free(&text);
	o->status = OUTCOME_SKIPPED;
}

static void tell(struct run *run, const struct outcome *o)
{
	switch (o->status) {
	case OUTCOME_ERROR:
		log_error("%s", o->message);
		break;
	case OUTCOME_FAIL:
		log_error("%s %s %s: %s", report_kind(o->node->kind), o->node->name,
		          o->node->kind == NODE_SOURCE ? "is stale" : "failed", o->message);
		break;
	case OUTCOME_WARN:
		log_warn("%s %s: %s", report_kind(o->node->kind), o->node->name, o->message);
		break;
	default:
		log_info("%s %s: %s", report_kind(o->node->kind), o->node->name, report_status(o->status));
	}
	if (run->s.db.cancelled || PQstatus(run->s.db.c) != CONNECTION_OK ||
	    (run->options->fail_fast && (o->status == OUTCOME_ERROR || o->status == OUTCOME_FAIL)))
		run->stopped = true;
}

/* A model or a seed. */
static void run_build(struct run *run, struct outcome *o)
{
	struct db *db = &run->s.db;
	int64_t began = clock_monotonic();

	if (db_query(db, "savepoint aggregate_node", NULL) < 0)
		build_error(&run->s, o->node, NULL, 0, o);
	else if (o->node->kind == NODE_SEED)
		seed_load(&run->s, run->p, o->node, run->options->full_refresh, o);
	else
		materialise_model(&run->s, run->p, o->node, run->options->full_refresh, o);
	if (o->status != OUTCOME_ERROR && run->options->command == RUN_VERIFY)
		verify_model(&run->s, run->p, o->node, o);
	if (o->status != OUTCOME_ERROR && db_query(db, "release aggregate_node", NULL) < 0)
		build_error(&run->s, o->node, NULL, 0, o);
	if (o->status == OUTCOME_ERROR)
		db_roll_back(db, "rollback to aggregate_node; release aggregate_node");
	o->us = clock_monotonic() - began;
	tell(run, o);
}

static void run_freshness(struct run *run, struct outcome *o)
{
	freshness_check(&run->s, o);
	tell(run, o);
}

/* Everything that a test reads has been built, or is not going to be. */
static bool ready(const struct run *run, const struct node *n)
{
	for (size_t k = 0; k < run->p->needs[n->index].count; k++) {
		const struct node *need = run->p->node[run->p->needs[n->index].item[k]];

		if (takes_part(run, need) && run->outcome[need->index].status == OUTCOME_NONE)
			return false;
	}
	return true;
}

/* The test and all others of the same relation that can run now: one scan serves them. */
static void run_tests(struct run *run, struct outcome *first)
{
	const struct project *p = run->p;
	struct outcome **batch = xcalloc(p->count, sizeof *batch);
	size_t count = 0;

	batch[count++] = first;
	for (size_t i = 0; i < p->count && first->node->test.kind != TEST_SINGULAR; i++) {
		const struct node *n = p->node[i];
		struct outcome *o = &run->outcome[i];

		if (o != first && n->kind == NODE_TEST && takes_part(run, n) && n->test.kind != TEST_SINGULAR &&
		    n->test.of == first->node->test.of && o->status == OUTCOME_NONE && ready(run, n) && blocked_by(run, n) == NULL)
			batch[count++] = o;
	}
	data_test_run(&run->s, p, run->remembers ? &run->memory : NULL, batch, count);
	for (size_t i = 0; i < count; i++)
		tell(run, batch[i]);
	free(batch);
}

static void run_nodes(struct run *run)
{
	for (size_t i = 0; i < run->p->count; i++) {
		const struct node *n = run->p->node[run->p->order[i]];
		struct outcome *o = &run->outcome[n->index];
		const struct node *because;

		if (!takes_part(run, n) || o->status != OUTCOME_NONE)
			continue;
		because = blocked_by(run, n);
		if (sig_asked() != 0)
			run->stopped = run->s.db.cancelled = true;
		if (run->stopped || because != NULL)
			skip(o, run->stopped ? NULL : because);
		else if (node_is_built(n))
			run_build(run, o);
		else if (n->kind == NODE_SOURCE)
			run_freshness(run, o);
		else
			run_tests(run, o);
	}
}

/* --- the end ---------------------------------------------------------------------------------------------------- */

/* Judge the nodes: is the run published, and what is the exit status? */
static bool judge(struct run *run)
{
	bool publish = true;

	run->result.status = publishes(run) ? "published" : "checked";
	for (size_t i = 0; i < run->p->count; i++) {
		const struct outcome *o = &run->outcome[run->p->order[i]];

		if (o->status == OUTCOME_FAIL && run->result.exit_status == EXIT_DONE)
			run->result.exit_status = EXIT_DATA;
		if (o->status == OUTCOME_ERROR && run->result.exit_status <= EXIT_DATA)
			run->result.exit_status = o->exit_status;
		publish = publish && !blocks(run, o->node->index);
	}
	if (!publish && publishes(run))
		run->result.status = "rolled_back";
	if (run->s.db.cancelled) {
		run->result.status = "cancelled";
		run->result.exit_status = run->s.db.timed_out ? EXIT_RETRY : EXIT_SIGNAL + sig_asked();
		run->result.message = run->s.db.timed_out ? "longer than --timeout" : "ended by a signal";
		publish = false;
	}
	return publish;
}

static void mark_rolled_back(struct run *run)
{
	for (size_t i = 0; i < run->p->count; i++)
		if (run->outcome[i].status == OUTCOME_SUCCESS)
			run->outcome[i].status = OUTCOME_ROLLED_BACK;
}

/* Nothing was published: history and failing rows go into a transaction of their own. */
static int write_apart(struct run *run)
{
	struct db *db = &run->s.db;

	db_roll_back(db, "rollback");
	if (PQstatus(db->c) != CONNECTION_OK) {
		run->result.status = "failed";
		run->result.message = "the connection to the server was lost";
		return EXIT_RETRY;
	}
	if (db_query(db, "begin", NULL) < 0 || history_write(&run->s, run->p, &run->result, run->outcome) < 0 ||
	    history_forget(&run->s, run->p, run->options->history) < 0 || db_query(db, "commit", NULL) < 0) {
		int status = db_failed(db, "cannot write the history of the run");

		run->result.run_id = 0;
		return run->result.exit_status != EXIT_DONE ? run->result.exit_status : status;
	}
	return run->result.exit_status;
}

static int publish(struct run *run)
{
	struct db *db = &run->s.db;
	const char *moved = NULL;

	if (changes_settled(&run->s, &moved) == 0 && moved == NULL && history_state(&run->s, run->p, run->outcome) == 0 && (!run->remembers || memory_write(&run->memory) == 0) &&
	    history_write(&run->s, run->p, &run->result, run->outcome) == 0 &&
	    history_forget(&run->s, run->p, run->options->history) == 0 && db_query(db, "commit", NULL) == 0)
		return run->result.exit_status;
	run->result.exit_status = moved != NULL ? EXIT_RETRY : db_failed(db, "cannot publish the run");
	if (moved != NULL)
		log_error("%s was truncated or rewritten while the run read it: nothing is published, run again", moved);
	run->result.status = "failed";
	run->result.message = "could not be published";
	run->result.run_id = 0;
	mark_rolled_back(run);
	return write_apart(run);
}

/* Pages that are open look again; that they could not be told is nobody's trouble. */
static void tell_pages(struct run *run)
{
	if (run->result.run_id != 0 && PQstatus(run->s.db.c) == CONNECTION_OK)
		db_query(&run->s.db, "select set_config('synchronous_commit', 'off', true), pg_notify('txpipe', 'aggregate')", NULL);
}

static int finish(struct run *run)
{
	bool good = judge(run);
	int status;

	run->s.db.last_words = true;
	if (good && publishes(run)) {
		status = publish(run);
	} else {
		mark_rolled_back(run);
		status = write_apart(run);
	}
	tell_pages(run);
	return status;
}

static int begin(struct run *run)
{
	bool read_only = only_looks(run);
	int status = session_open(&run->s, run->options->conninfo);

	if (run->options->timeout > 0)
		run->s.db.deadline = run->began + run->options->timeout;
	if (status == EXIT_DONE && !read_only)
		status = session_lock(&run->s, run->p);
	if (status == EXIT_DONE)
		status = session_migrate(&run->s);
	if (status == EXIT_DONE)
		status = session_begin(&run->s, read_only);
	if (status != EXIT_DONE && sig_asked() != 0)
		status = EXIT_SIGNAL + sig_asked();
	return status;
}

/* Schemas that models go into and that are not there yet. */
static int make_schemas(struct run *run)
{
	for (size_t i = 0; i < run->p->count; i++) {
		const struct node *n = run->p->node[i];
		const char *values[] = {n->schema};
		struct buf sql = {0};
		PGresult *r;
		int status;

		if (!node_is_built(n) || !takes_part(run, n) || strcmp(n->schema, "public") == 0)
			continue;
		if (db_params(&run->s.db, "select from pg_namespace where nspname = $1", 1, values, &r) < 0)
			return db_failed(&run->s.db, "cannot look for a schema");
		status = PQntuples(r);
		PQclear(r);
		if (status > 0)
			continue;
		buf_addf(&sql, "create schema %s", project_quoted(&run->s.arena, n->schema));
		status = db_query(&run->s.db, buf_text(&sql), NULL);
		buf_free(&sql);
		if (status < 0)
			return db_failed(&run->s.db, "cannot create a schema");
	}
	return EXIT_DONE;
}

/* A build judges by what changed since the last one. */
static int recollect(struct run *run)
{
	if (run->options->command != RUN_BUILD)
		return EXIT_DONE;
	if (memory_read(&run->memory, &run->s, run->p, run->outcome) < 0)
		return db_failed(&run->s.db, "cannot read aggregate.test_state");
	run->remembers = true;
	if (run->options->full_refresh)
		memory_forget(&run->memory);
	return EXIT_DONE;
}

static void free_outcomes(struct run *run)
{
	for (size_t i = 0; i < run->p->count; i++) {
		free(run->outcome[i].message);
		free(run->outcome[i].definition);
		buf_free(&run->outcome[i].kept);
	}
	free(run->outcome);
}

int run_project(const struct project *p, const struct run_options *options, struct buf *lines)
{
	struct run run = {.p = p, .options = options, .result.command = commands[options->command]};
	int64_t us;
	int status;

	run.began = clock_monotonic();
	run.outcome = xcalloc(p->count, sizeof *run.outcome);
	for (size_t i = 0; i < p->count; i++)
		run.outcome[i] = (struct outcome){.node = p->node[i], .rows = -1, .inserted = -1, .updated = -1,
		                                  .deleted = -1, .failures = -1};
	status = begin(&run);
	if (status == EXIT_DONE)
		status = make_schemas(&run);
	if (status == EXIT_DONE)
		status = recollect(&run);
	if (status == EXIT_DONE) {
		run_nodes(&run);
		status = run.result.exit_status = finish(&run);
		us = clock_monotonic() - run.began;
		report_table(p, run.outcome, &run.result, us, options->json_log);
		report_metrics(p, run.outcome, &run.result, us);
		report_lines(p, run.outcome, &run.result, us, lines);
		if (options->target != NULL && artefact_write(p, run.outcome, &run.result, us, options->target) < 0 &&
		    status == EXIT_DONE)
			status = EXIT_IO;
	}
	free_outcomes(&run);
	session_close(&run.s);
	return status;
}
