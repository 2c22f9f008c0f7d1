#include "tally.h"

#include <inttypes.h>
#include <stdlib.h>

static const char *const reasons[] = {
	"not_json", "not_object", "not_utf8", "nul", "too_deep", "too_long", "reserved_name", "duplicate_name", /* intake */
	"wrong_type", "out_of_range", "check_failed", "mapped_name",
};

static struct metric *counter(const char *name, const char *help)
{
	return metric_new(METRIC_COUNTER, name, help, NULL);
}

static struct metric *reject_counter(const char *reason)
{
	struct buf labels = {0};
	struct metric *m;

	metric_label(&labels, "reason", span_of(reason));
	m = metric_new(METRIC_COUNTER, "txpipe_fraudcheck_rejects_total", "Records that could not be judged",
	               buf_text(&labels));
	buf_free(&labels);
	return m;
}

void tally_init(struct tally *t, const struct judge *judge)
{
	const struct program *p = &judge->program;
	struct buf labels = {0};

	*t = (struct tally){.judge = judge};
	t->records = counter("txpipe_fraudcheck_records_total", "Records judged");
	t->flagged = counter("txpipe_fraudcheck_flagged_total", "Records judged to be fraud");
	t->allowed = counter("txpipe_fraudcheck_allowed_total", "Records cleared by an allow");
	t->labels = counter("txpipe_fraudcheck_labels_total", "Label records passed on");
	t->passed = counter("txpipe_fraudcheck_passed_rejects_total", "Rejects of other tools passed on");
	for (size_t i = 0; i < sizeof reasons / sizeof reasons[0]; i++)
		reject_counter(reasons[i]);
	t->hits = xcalloc(p->rules, sizeof(struct metric *));
	for (size_t i = 0; i < p->rules; i++) {
		buf_clear(&labels);
		metric_label(&labels, "rule", p->rule[i].name);
		metric_label(&labels, "kind", span_of(statement_name(p->rule[i].kind)));
		t->hits[i] = metric_new(METRIC_COUNTER, "txpipe_fraudcheck_rule_hits_total",
		                        "Records for which a rule fired",
		                        buf_text(&labels));
	}
	buf_free(&labels);
}

void tally_free(struct tally *t)
{
	free(t->hits);
	*t = (struct tally){0};
}

static void count_hits(struct tally *t)
{
	for (size_t i = 0; i < t->judge->program.rules; i++)
		if (t->judge->fired[i])
			metric_add(t->hits[i], 1);
}

void tally_verdict(struct tally *t)
{
	metric_add(t->records, 1);
	if (!t->judge->anything)
		return;
	count_hits(t);
	if (t->judge->is_fraud)
		metric_add(t->flagged, 1);
	if (t->judge->allowed)
		metric_add(t->allowed, 1);
}

void tally_reject(struct tally *t, const char *reason)
{
	t->rejects++;
	metric_add(reject_counter(reason), 1);
	if (strcmp(reason, "check_failed") == 0)
		count_hits(t);
}

static void print_rules(const struct tally *t, FILE *f)
{
	const struct program *p = &t->judge->program;
	size_t width = 4;

	for (size_t i = 0; i < p->rules; i++)
		if (p->rule[i].name.n > width)
			width = p->rule[i].name.n;
	fprintf(f, "%-*s  %-6s  %12s  %9s\n", (int)width, "rule", "kind", "hits", "share");
	for (size_t i = 0; i < p->rules; i++) {
		double share = t->records->value > 0 ? 100 * t->hits[i]->value / t->records->value : 0;

		fprintf(f, "%-*.*s  %-6s  %12.0f  %7.3f %%\n", (int)width, SPAN_ARG(p->rule[i].name),
		        statement_name(p->rule[i].kind), t->hits[i]->value, share);
	}
}

void tally_print(const struct tally *t, FILE *f)
{
	const struct program *p = &t->judge->program;

	print_rules(t, f);
	fprintf(f, "records %.0f, flagged %.0f, allowed %.0f, labels %.0f, rejects %" PRIu64 ", ruleset %s\n",
	        t->records->value, t->flagged->value, t->allowed->value, t->labels->value, t->rejects, t->judge->ruleset);
	for (size_t i = 0; i < p->fields && t->records->value > 0; i++)
		if (!t->judge->binder.seen[i])
			fprintf(f, "note: no record had the member %.*s, which the rules read\n",
			        SPAN_ARG(p->field[i].path));
}
