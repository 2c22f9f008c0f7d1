/* pgload: NDJSON into PostgreSQL tables, exactly once. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#include "catalogue.h"
#include "clock.h"
#include "dead_letter.h"
#include "exit.h"
#include "load.h"
#include "log.h"
#include "migrate.h"
#include "parse.h"
#include "positions.h"
#include "sig.h"
#include "rfc3339.h"
#include "tool.h"

enum { CONNECT_PATIENCE_US = 10000000, BATCH_ROWS_MAX = 1000000 };

static struct options {
	const char *conninfo, *table, *upsert, *stream, *since;
	struct opt_list gaps;
	int64_t batch, batch_bytes, patience, connections;
	double max_refused;
	bool init, positions, reset, dead_letters, dry_run, async_commit, no_fence;
} o = {.batch = BATCH_ROWS_MAX, .batch_bytes = 3400 << 10, .patience = 60000000, .connections = 1, .max_refused = 1};

static const struct opt table[] = {
    {OPT_STRING, 'd', "dbname", &o.conninfo, "CONNINFO", "database: connection string or URI (the PG* variables)",
     .min = 0},
    {OPT_STRING, 't', "table", &o.table, "TABLE", "target, perhaps SCHEMA.TABLE (fact_transaction); labels go to "
     "fraud_label", .min = 0},
    {OPT_HEADING, .help = "Loading:"},
    {OPT_STRING, 0, "upsert", &o.upsert, "COLUMNS", "replace rows of the same key (the primary key, or COLUMNS: a,b); "
     "the last one wins",
     .optional = true},
    {OPT_INT, 0, "batch", &o.batch, "ROWS", "at most so many records in a transaction (1000000)", .min = 1,
     .max = BATCH_ROWS_MAX},
    {OPT_SIZE, 0, "batch-bytes", &o.batch_bytes, "SIZE", "at most so many bytes of records in a transaction; a connection holds two of them (64k to 1G; 3400k)",
     .min = 64 << 10, .max = 1 << 30},
    {OPT_INT, 0, "connections", &o.connections, "N", "store through so many connections at once; each partition keeps to one (1)", .min = 1,
     .max = WORKERS_MAX},
    {OPT_STRING, 0, "stream", &o.stream, "NAME", "take only records of this stream", .min = 0},
    {OPT_LIST, 0, "accept-gap", &o.gaps, "GAP", "TOPIC/PARTITION:FROM-TO: offsets given up; FROM is where the stored "
     "position is, TO where the input begins", .min = 0},
    {OPT_REAL, 0, "max-refused", &o.max_refused, "PERCENT",
     "of the last 10000 records that the server may refuse before this is an error (1)",
     .min = 0, .max = 100},
    {OPT_DURATION, 0, "patience", &o.patience, "DURATION",
     "keep trying so long when the server fails, at the start 10s at most, then exit 75 (60s)", .min = 0},
    {OPT_FLAG, 0, "dry-run", &o.dry_run, NULL, "do everything but commit; print what would be rejected. Each batch is "
     "judged by itself", .min = 0},
    {OPT_FLAG, 0, "async-commit", &o.async_commit, NULL, "do not wait for the server's disk; a crash of the server is "
     "noticed and repeats some work", .min = 0},
    {OPT_FLAG, 0, "no-fence", &o.no_fence, NULL, "neither look at stored positions nor move them: only keys prevent "
     "doubles", .min = 0},
    {OPT_HEADING, .help = "Instead of loading:"},
    {OPT_FLAG, 0, "init", &o.init, NULL, "make the suite's tables, or bring them up to date", .min = 0},
    {OPT_FLAG, 0, "positions", &o.positions, NULL, "print where --stream goes on in -t TABLE (in the table furthest "
     "behind), one line a partition", .min = 0},
    {OPT_FLAG, 0, "reset-stream", &o.reset, NULL, "forget the positions of --stream (in -t TABLE; in all): it is read "
     "again from its beginning", .min = 0},
    {OPT_FLAG, 0, "dead-letters", &o.dead_letters, NULL,
     "print what could not be stored and is not resolved (of --stream, in -t TABLE, --since)", .min = 0},
    {OPT_STRING, 0, "since", &o.since, "WHEN", "for --dead-letters: a duration back from now (2h), or a timestamp",
     .min = 0},
    {.type = OPT_END},
};

static const struct opt_spec spec = {
    .tool = "pgload",
    .synopsis = "[OPTION ...] [FILE ...]",
    .summary = "Load NDJSON into a PostgreSQL table: members go to the columns of their names. Records from kconsume\n"
               "are stored exactly once. Prints one line of JSON for each commit.",
    .options = table,
    .examples = "  pgload --init\n"
                "  kconsume | fraudcheck | pgload\n"
                "  txgen customers | pgload -t dim_customer --upsert\n"
                "  pgload --dead-letters --since 1h | jq -r ._reject.raw | kproduce\n",
    .max_operands = -1,
    .operands = "FILE",
};

static void check_options(int operands)
{
	int modes = o.init + o.positions + o.reset + o.dead_letters;

	if (modes > 1)
		opt_usage("--init, --positions, --reset-stream and --dead-letters exclude one another");
	if (modes == 1 && (o.upsert != NULL || o.dry_run || o.no_fence || o.gaps.count > 0 || operands > 0))
		opt_usage("nothing is loaded with --init, --positions, --reset-stream or --dead-letters");
	if ((o.positions || o.reset) && o.stream == NULL)
		opt_usage("%s needs --stream", o.positions ? "--positions" : "--reset-stream");
	if (o.since != NULL && !o.dead_letters)
		opt_usage("--since goes with --dead-letters");
	if (o.no_fence && o.gaps.count > 0)
		opt_usage("without the fence there is no gap to accept");
}

/* The suite's tables must be there: even plain loading needs dead_letter. */
static int check_schema(struct server *s)
{
	PGresult *r = server_query(s, "select to_regclass('stream_position') is not null and to_regclass('dead_letter') is not null, "
	                           "exists (select from pg_index where indexrelid = to_regclass('dead_letter_offset') and indnatts = 7)", 0, NULL);
	int status = EXIT_DONE;

	if (r == NULL) {
		log_error("looking for the suite's tables: %s", s->message);
		return pg_exit_status(s->class);
	}
	if (PQgetvalue(r, 0, 0)[0] != 't') {
		log_error("the database %s is not set up: run pgload --init", PQdb(s->c));
		status = EXIT_USAGE;
	} else if (PQgetvalue(r, 0, 1)[0] != 't') { /* what the last step made */
		log_error("the tables in database %s are of an earlier version: run pgload --init", PQdb(s->c));
		status = EXIT_USAGE;
	}
	PQclear(r);
	return status;
}

/* The target's name in stream_position and dead_letter, or NULL for all (no -t). The positions of a table that is gone can still be forgotten. */
static int target_name(struct server *s, struct table **t, const char **name)
{
	int status = o.table == NULL ? EXIT_DONE : table_read(s->c, o.table, o.reset, t);

	*name = *t != NULL ? (*t)->target : o.table;
	return status;
}

static int since(struct buf *to)
{
	int64_t duration;

	if (o.since == NULL)
		return EXIT_DONE;
	if (parse_duration(span_of(o.since), &duration) == 0)
		rfc3339_write(to, clock_wall() - duration);
	else
		buf_add_text(to, o.since);
	buf_text(to);
	return EXIT_DONE;
}

static int ask(struct server *s, struct out *out)
{
	struct table *t = NULL;
	const char *target = NULL;
	struct buf when = {0};
	int status = o.init ? EXIT_DONE : check_schema(s);

	if (status == EXIT_DONE)
		status = target_name(s, &t, &target);
	if (status == EXIT_DONE && o.init)
		status = migrate(s, out);
	else if (status == EXIT_DONE && o.positions)
		status = positions_print(s, o.stream, target, out);
	else if (status == EXIT_DONE && o.reset)
		status = positions_reset(s, o.stream, target, out);
	else if (status == EXIT_DONE && (status = since(&when)) == EXIT_DONE)
		status = dead_letter_list(s, o.stream, target, when.p, out);
	table_free(t);
	buf_free(&when);
	return status;
}

/* --- loading --------------------------------------------------------------------------------------------- */

static int open_table(struct server *s, struct stage *st)
{
	struct table *t;
	int status = table_read(s->c, o.table, false, &t);

	if (status != EXIT_DONE)
		return status;
	if (o.upsert != NULL)
		status = table_set_key(t, o.upsert);
	if (status != EXIT_DONE) {
		table_free(t);
		return status;
	}
	stage_init(st, SINK_TABLE, o.upsert != NULL ? STAGE_UPSERT : STAGE_INSERT, t);
	return EXIT_DONE;
}

/* A record with label_for is a label, unless the target itself has such a column. */
static int open_label(struct server *s, const struct table *target, struct stage *st, bool *there)
{
	struct table *t;
	int status;

	*there = false;
	if (table_find(target, SPAN("label_for")) >= 0)
		return EXIT_DONE;
	status = table_read(s->c, "fraud_label", true, &t);
	if (status != EXIT_DONE || t == NULL)
		return status;
	if (t->keys == 0) {
		log_error("fraud_label has no primary key");
		table_free(t);
		return EXIT_USAGE;
	}
	stage_init(st, SINK_LABEL, STAGE_LABEL, t);
	*there = true;
	return EXIT_DONE;
}

static int load_file(struct load *l, const char *name)
{
	int fd, status;

	if (strcmp(name, "-") == 0)
		return load_input(l, STDIN_FILENO, "-");
	fd = open(name, O_RDONLY | O_CLOEXEC);
	if (fd < 0) {
		log_error("cannot read %s: %s", name, strerror(errno));
		return EXIT_IO;
	}
	status = load_input(l, fd, name);
	close(fd);
	return status;
}

static int load_files(struct load *l, char **files)
{
	int status = EXIT_DONE;

	progress_start(&l->progress, l->progress.on, "records");
	if (*files == NULL)
		status = load_file(l, "-");
	for (; status == EXIT_DONE && *files != NULL; files++)
		status = load_file(l, *files);
	progress_finish(&l->progress, l->records);
	return status;
}

static int open_tables(struct server *s, struct stage *table_stage, struct stage *label_stage, bool *labels)
{
	int status = check_schema(s);

	if (status == EXIT_DONE)
		status = open_table(s, table_stage);
	if (status == EXIT_DONE)
		status = open_label(s, table_stage->table, label_stage, labels);
	return status;
}

/* The first one takes over the connection that is open. `common` is what all writers have in common. */
static int open_workers(struct load *l, struct server *s, const struct writer *common)
{
	int status = EXIT_DONE;

	while (status == EXIT_DONE && l->workers < (size_t)o.connections) {
		struct worker *k = &l->worker[l->workers++];

		k->server = (struct server){.conninfo = s->conninfo, .async_commit = s->async_commit};
		k->writer = *common;
		k->writer.server = &k->server;
		writer_init(&k->writer);
		if (l->workers > 1) {
			status = writer_connect(&k->writer, clock_monotonic() + (o.patience < CONNECT_PATIENCE_US ? o.patience : CONNECT_PATIENCE_US));
			continue;
		}
		k->server = *s;
		*s = (struct server){.conninfo = k->server.conninfo, .async_commit = k->server.async_commit};
		if (writer_prepare(&k->writer) < 0) {
			log_error("making the staging tables: %s (SQLSTATE %s)", k->server.message, k->server.sqlstate);
			status = k->server.class == PG_ROW ? EXIT_USAGE : pg_exit_status(k->server.class);
		}
	}
	return status;
}

/* By the first connection that still stands: one that had nothing to do for long may be lost. */
static void note_end(struct load *l)
{
	for (size_t i = 0; i < l->workers; i++)
		if (fence_end(l->fence, &l->worker[i].server) == 0)
			return;
}

static struct counts total(const struct load *l)
{
	struct counts sum = {0};

	for (size_t i = 0; i < l->workers; i++)
		counts_add(&sum, &l->worker[i].writer.total);
	return sum;
}

static int load(struct server *s, struct out *out, bool progress, char **files, uint64_t *rejects)
{
	struct stage table_stage = {0}, label_stage = {0};
	struct fence fence;
	struct refusals refusals;
	bool labels = false;
	int status = open_tables(s, &table_stage, &label_stage, &labels);

	if (status != EXIT_DONE) {
		stage_free(&table_stage);
		return status;
	}
	struct load l = {.table = &table_stage, .label = labels ? &label_stage : NULL, .fence = &fence, .out = out,
	                 .batch_rows = o.batch, .batch_bytes = o.batch_bytes,
	                 .bell = -1, .progress = {.on = progress}};
	struct writer common = {.table = l.table, .label = l.label, .table_name = o.table, .dry_run = o.dry_run, .patience = o.patience,
	                        .refusals = &refusals};
	fence_init(&fence, table_stage.table->target, o.stream);
	fence.off = o.no_fence;
	common.fence = o.no_fence ? NULL : &fence;
	for (size_t i = 0; i < o.gaps.count; i++)
		if (fence_accept_gap(&fence, o.gaps.item[i]) < 0)
			opt_usage("--accept-gap %s: give TOPIC/PARTITION:FROM-TO, such as transactions/3:200-500", o.gaps.item[i]);
	refusals_init(&refusals, o.max_refused / 100);
	status = open_workers(&l, s, &common);
	if (status == EXIT_DONE)
		status = load_start(&l);
	if (status == EXIT_DONE)
		status = load_files(&l, files);
	if (status == EXIT_DONE && !o.no_fence && !o.dry_run && sig_asked() == 0)
		note_end(&l);
	struct counts n = total(&l);
	log_at(n.dead_letters > 0 ? LEVEL_NOTICE : LEVEL_INFO,
	       "%s%" PRIu64 " rows, %" PRIu64 " duplicates, %" PRIu64 " dead letters%s, %" PRIu64 " labels, %" PRIu64 " skipped, %" PRIu64 " holes",
	       o.dry_run ? "dry run, nothing is stored: " : "", n.rows, n.duplicates, n.dead_letters,
	       n.dead_letters > 0 && !o.dry_run ? " (--dead-letters shows them)" : "", n.labels, n.skipped, n.holes);
	*rejects = n.dead_letters;
	load_free(&l);
	refusals_free(&refusals);
	fence_free(&fence);
	stage_free(&table_stage);
	if (labels)
		stage_free(&label_stage);
	return status;
}

int main(int argc, char **argv)
{
	struct common common;
	struct server server = {0};
	struct out out;
	uint64_t rejects = 0;
	int operands, status;

	log_init("pgload");
	operands = opt_parse(&spec, &common, argc, argv);
	check_options(argc - operands);
	tool_start(&common);
	out_init(&out, STDOUT_FILENO, 0);
	status = server_open(&server, o.conninfo, o.async_commit,
	                     o.patience < CONNECT_PATIENCE_US ? o.patience : CONNECT_PATIENCE_US);
	if (status == EXIT_DONE) {
		bool loading = !(o.init || o.positions || o.reset || o.dead_letters);

		if (loading && o.table == NULL)
			o.table = "fact_transaction";
		status = loading ? load(&server, &out, common.progress, argv + operands, &rejects) : ask(&server, &out);
	}
	server_close(&server);
	out_free(&out);
	return tool_finish(&common, status, rejects);
}
