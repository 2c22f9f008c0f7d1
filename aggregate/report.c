#include "report.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "clock.h"
#include "json.h"
#include "log.h"
#include "metrics.h"

static const char *const status_names[] = {"none", "success", "unchanged", "pass", "warn",
                                            "fail", "error",   "skipped",   "rolled_back"};
enum { STATUSES = sizeof status_names / sizeof status_names[0] };

const char *report_status(enum outcome_status status)
{
	return status_names[status];
}

const char *report_kind(enum node_kind kind)
{
	static const char *const names[] = {[NODE_SOURCE] = "source", [NODE_MODEL] = "model", [NODE_TEST] = "test", [NODE_SEED] = "seed"};

	return names[kind];
}

static void count_member(struct buf *to, const char *name, int64_t n)
{
	buf_addf(to, ",\"%s\":", name);
	if (n < 0)
		buf_add_text(to, "null");
	else
		buf_add_int(to, n);
}

static void head(struct buf *to, const char *node, const char *type, const char *status)
{
	buf_add_text(to, "{\"node\":");
	json_quote(to, span_of(node));
	buf_addf(to, ",\"type\":\"%s\",\"status\":\"%s\"", type, status);
}

static void tail(struct buf *to, int64_t us, const char *message)
{
	buf_addf(to, ",\"ms\":%" PRId64 ".%03d,\"message\":", us / 1000, (int)(us % 1000));
	if (message != NULL)
		json_quote(to, span_of(message));
	else
		buf_add_text(to, "null");
	buf_add_char(to, '}');
}

void report_json(const struct outcome *o, struct buf *to)
{
	head(to, o->node->name, report_kind(o->node->kind), report_status(o->status));
	count_member(to, "rows", o->rows);
	count_member(to, "inserted", o->inserted);
	count_member(to, "updated", o->updated);
	count_member(to, "deleted", o->deleted);
	count_member(to, "failures", o->failures);
	tail(to, o->us, o->message);
}

void report_lines(const struct project *p, const struct outcome *outcome, const struct run_result *run, int64_t us,
                  struct buf *to)
{
	for (size_t i = 0; i < p->count; i++) {
		const struct outcome *o = &outcome[p->order[i]];

		if (o->status == OUTCOME_NONE)
			continue;
		report_json(o, to);
		buf_add_char(to, '\n');
	}
	head(to, p->name, "run", run->status);
	buf_addf(to, ",\"command\":\"%s\",\"exit_status\":%d", run->command, run->exit_status);
	count_member(to, "run", run->run_id > 0 ? run->run_id : -1);
	tail(to, us, run->message);
	buf_add_char(to, '\n');
}

static const char *colour(enum outcome_status status)
{
	switch (status) {
	case OUTCOME_FAIL:
	case OUTCOME_ERROR:
	case OUTCOME_ROLLED_BACK: return "\033[31m";
	case OUTCOME_WARN:
	case OUTCOME_SKIPPED: return "\033[33m";
	case OUTCOME_UNCHANGED: return "\033[2m";
	default: return "\033[32m";
	}
}

static const char *cell(char text[24], int64_t n)
{
	if (n < 0)
		text[0] = '\0';
	else
		snprintf(text, 24, "%" PRId64, n);
	return text;
}

static void table_row(const struct outcome *o, int width, bool coloured)
{
	char rows[24], inserted[24], updated[24], deleted[24], failures[24];

	fprintf(stderr, "%-*s  %-5s  %s%-11s%s %10s %9s %9s %9s %9s %9.1f\n", width, o->node->name, report_kind(o->node->kind),
	        coloured ? colour(o->status) : "", report_status(o->status), coloured ? "\033[0m" : "", cell(rows, o->rows),
	        cell(inserted, o->inserted), cell(updated, o->updated), cell(deleted, o->deleted), cell(failures, o->failures),
	        (double)o->us / 1e3);
}

static void totals(const struct project *p, const struct outcome *outcome, int64_t count[STATUSES])
{
	memset(count, 0, STATUSES * sizeof *count);
	for (size_t i = 0; i < p->count; i++)
		count[outcome[i].status]++;
}

void report_table(const struct project *p, const struct outcome *outcome, const struct run_result *run, int64_t us,
                  bool json_log)
{
	bool coloured = log_colour(STDERR_FILENO);
	int64_t count[STATUSES];
	int width = 4;

	if (json_log || !log_enabled(LEVEL_NOTICE))
		return;
	for (size_t i = 0; i < p->count; i++)
		if (outcome[i].status != OUTCOME_NONE && (int)strlen(outcome[i].node->name) > width)
			width = (int)strlen(outcome[i].node->name);
	fprintf(stderr, "%-*s  %-5s  %-11s %10s %9s %9s %9s %9s %9s\n", width, "node", "type", "status", "rows",
	        "inserted", "updated", "deleted", "failures", "ms");
	for (size_t i = 0; i < p->count; i++)
		if (outcome[p->order[i]].status != OUTCOME_NONE)
			table_row(&outcome[p->order[i]], width, coloured);
	totals(p, outcome, count);
	fprintf(stderr, "%s: %s in %.1f ms", run->command, run->status, (double)us / 1e3);
	for (int i = 1, any = 0; i < STATUSES; i++)
		if (count[i] > 0)
			fprintf(stderr, "%s %" PRId64 " %s", any++ > 0 ? "" : ":", count[i], status_names[i]);
	fputc('\n', stderr);
}

static void gauge(const char *name, const char *help, double value)
{
	metric_set(metric_new(METRIC_GAUGE, name, help, NULL), value);
}

void report_metrics(const struct project *p, const struct outcome *outcome, const struct run_result *run, int64_t us)
{
	int64_t count[STATUSES];

	totals(p, outcome, count);
	for (int i = 1; i < STATUSES; i++) {
		struct buf labels = {0};

		metric_label(&labels, "status", span_of(status_names[i]));
		metric_set(metric_new(METRIC_GAUGE, "txpipe_aggregate_nodes", "Nodes of the last run by status.",
		                      buf_text(&labels)), (double)count[i]);
		buf_free(&labels);
	}
	gauge("txpipe_aggregate_run_seconds", "Duration of the last run.", (double)us / 1e6);
	gauge("txpipe_aggregate_finished_timestamp_seconds", "When the last run ended, Unix time.",
	      (double)clock_wall() / 1e6);
	gauge("txpipe_aggregate_exit_status", "Exit status of the last run.", run->exit_status);
}
