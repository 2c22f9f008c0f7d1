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

static struct metric *labelled(const char *name, const char *help, const char *label, const char *value)
{
	struct buf labels = {0};
	struct metric *m;

	metric_label(&labels, label, span_of(value));
	m = metric_new(METRIC_COUNTER, name, help, buf_text(&labels));
	buf_free(&labels);
	return m;
}

/* What concerns features only. */
static void init_history(struct tally *t)
{
	static const char *const why[] = {"late", "ahead", "repeated", "untimed"};

	t->learned = counter("txpipe_fraudcheck_learned_total", "Records that features remember");
	for (size_t i = 0; i < sizeof why / sizeof why[0]; i++)
		t->unlearned[i] = labelled("txpipe_fraudcheck_unlearned_total", "Records judged that features do not remember",
		                           "why", why[i]);
	t->matched[0] = labelled("txpipe_fraudcheck_label_matches_total", "Labels by whether features remember their record",
	                         "found", "yes");
	t->matched[1] = labelled("txpipe_fraudcheck_label_matches_total", "Labels by whether features remember their record",
	                         "found", "no");
	t->evicted = counter("txpipe_fraudcheck_evicted_keys_total", "Keys forgotten because of --max-keys");
	t->keys = metric_new(METRIC_GAUGE, "txpipe_fraudcheck_keys", "Keys that features remember", NULL);
}

void tally_switch(struct tally *t, const struct judge *judge)
{
	const struct program *p = &judge->program;
	struct buf labels = {0};

	t->judge = judge;
	free(t->hits);
	t->hits = xcalloc(p->rules, sizeof(struct metric *));
	for (size_t i = 0; i < p->rules; i++) {
		buf_clear(&labels);
		metric_label(&labels, "rule", p->rule[i].name);
		metric_label(&labels, "kind", span_of(statement_name(p->rule[i].kind)));
		t->hits[i] = metric_new(METRIC_COUNTER, "txpipe_fraudcheck_rule_hits_total", "Records for which a rule fired",
		                        buf_text(&labels));
	}
	buf_clear(&labels);
	metric_label(&labels, "ruleset", span_of(judge->ruleset));
	if (t->ruleset != NULL)
		metric_set(t->ruleset, 0);
	t->ruleset = metric_new(METRIC_GAUGE, "txpipe_fraudcheck_ruleset", "1 for the rule set that judges, 0 for one that did",
	                        buf_text(&labels));
	metric_set(t->ruleset, 1);
	buf_free(&labels);
}

void tally_init(struct tally *t, const struct judge *judge)
{
	const struct program *p = &judge->program;

	*t = (struct tally){0};
	t->records = counter("txpipe_fraudcheck_records_total", "Records judged");
	t->flagged = counter("txpipe_fraudcheck_flagged_total", "Records judged to be fraud");
	t->allowed = counter("txpipe_fraudcheck_allowed_total", "Records cleared by an allow");
	t->labels = counter("txpipe_fraudcheck_labels_total", "Label records passed on");
	t->passed = counter("txpipe_fraudcheck_passed_rejects_total", "Rejects of other tools passed on");
	t->warm = counter("txpipe_fraudcheck_warm_total", "Records that were read only to fill windows");
	if (p->plan.features > 0)
		init_history(t);
	for (size_t i = 0; i < sizeof reasons / sizeof reasons[0]; i++)
		reject_counter(reasons[i]);
	tally_switch(t, judge);
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

void tally_history(struct tally *t)
{
	const struct history *h = &t->judge->history;
	const struct history_counts *c = &h->counts;

	if (t->keys == NULL)
		return;
	metric_set(t->keys, (double)history_keys(h));
	metric_set(t->learned, (double)c->learned);
	metric_set(t->unlearned[0], (double)c->late);
	metric_set(t->unlearned[1], (double)c->ahead);
	metric_set(t->unlearned[2], (double)c->repeated);
	metric_set(t->unlearned[3], (double)c->untimed);
	metric_set(t->matched[0], (double)c->labels);
	metric_set(t->matched[1], (double)c->labels_unmatched);
	metric_set(t->evicted, (double)c->evicted);
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

static void print_history(const struct history *h, FILE *f)
{
	const struct history_counts *c = &h->counts;

	fprintf(f, "learned %" PRIu64 ", not learned: late %" PRIu64 ", ahead %" PRIu64 ", repeated %" PRIu64 ", without a time %" PRIu64
	        "; keys %zu, evicted %" PRIu64 "\n", c->learned, c->late, c->ahead, c->repeated, c->untimed, history_keys(h), c->evicted);
	if (h->plan->labelled)
		fprintf(f, "labels that met their record %" PRIu64 ", that did not %" PRIu64 "\n", c->labels, c->labels_unmatched);
}

void tally_print(const struct tally *t, FILE *f)
{
	const struct program *p = &t->judge->program;

	print_rules(t, f);
	fprintf(f, "records %.0f, flagged %.0f, allowed %.0f, labels %.0f, rejects %" PRIu64 ", ruleset %s\n",
	        t->records->value, t->flagged->value, t->allowed->value, t->labels->value, t->rejects, t->judge->ruleset);
	if (p->plan.features > 0)
		print_history(&t->judge->history, f);
	for (size_t i = 0; i < p->fields && t->records->value > 0; i++)
		if (!t->judge->binder.seen[i])
			fprintf(f, "note: no record had the member %.*s, which the rules read\n",
			        SPAN_ARG(p->field[i].path));
}
