/* The figures of an evaluation as tables for people. */
#include "evaluate_figures.h"

#include <inttypes.h>
#include <math.h>

static void print_ratio(FILE *f, double x, int width)
{
	if (isnan(x))
		fprintf(f, "  %*s", width, "-");
	else
		fprintf(f, "  %*.4f", width, x);
}

static void print_share(FILE *out, const struct evaluation_figures *f, const struct share *s)
{
	fprintf(out, "  %10" PRIu64 "  %8" PRIu64, s->hits, s->frauds);
	print_ratio(out, evaluation_precision(s), 9);
	print_ratio(out, evaluation_recall(f, s), 7);
}

static void print_value(FILE *out, const struct share *s)
{
	fprintf(out, "  %14.2f  %14.2f", s->value, s->fraud_value);
}

static void print_head(const struct evaluation *e, const struct evaluation_figures *f, FILE *out)
{
	fprintf(out, "%zu records, %" PRIu64 " of them fraud; ruleset %s; ranked by %s\n", e->rows, f->all.frauds,
	        e->judge->ruleset, e->ranks != NULL ? e->options.name : "the score");
	if (e->outside > 0)
		fprintf(out, "not counted: %" PRIu64 " outside --from, --until and --only\n", e->outside);
	if (e->repeated + e->unlabelled > 0)
		fprintf(out, "not counted: %" PRIu64 " whose transaction_id came before, %" PRIu64 " without a label\n", e->repeated, e->unlabelled);
	if (e->unmatched > 0)
		fprintf(out, "labels whose record is not among them: %" PRIu64 "\n", e->unmatched);
	fprintf(out, "\nAUC               ");
	print_ratio(out, f->auc, 8);
	fprintf(out, "\naverage precision ");
	print_ratio(out, f->average_precision, 8);
	fprintf(out, "\ncard precision@%-3" PRId64, e->options.top);
	print_ratio(out, f->card_precision, 8);
	fprintf(out, "  mean of %zu day%s\n", f->days, f->days == 1 ? "" : "s");
}

static void print_verdicts(const struct evaluation_figures *f, FILE *out)
{
	struct share rest = {f->all.hits - f->flagged.hits, f->all.frauds - f->flagged.frauds, f->all.value - f->flagged.value,
	                     f->all.fraud_value - f->flagged.fraud_value};

	fprintf(out, "\nverdict     %10s  %8s  %9s  %7s  %14s  %14s\n", "records", "frauds", "precision", "recall", "value", "fraud value");
	fprintf(out, "fraud     ");
	print_share(out, f, &f->flagged);
	print_value(out, &f->flagged);
	fprintf(out, "\nno fraud  ");
	fprintf(out, "  %10" PRIu64 "  %8" PRIu64 "  %9s  %7s", rest.hits, rest.frauds, "", "");
	print_value(out, &rest);
	if (f->all.fraud_value > 0)
		fprintf(out, "\n%.1f %% of the value of fraud is flagged", 100 * f->flagged.fraud_value / f->all.fraud_value);
	if (f->unvalued > 0)
		fprintf(out, "\n%" PRIu64 " records are not in the values: no amount, or no known currency", f->unvalued);
	fprintf(out, "\n");
}

static int name_width(const struct program *p)
{
	size_t width = 10;

	for (size_t i = 0; i < p->rules; i++)
		width = p->rule[i].name.n > width ? p->rule[i].name.n : width;
	return (int)width;
}

static void print_rules(const struct evaluation *e, const struct evaluation_figures *f, FILE *out)
{
	const struct program *p = &e->judge->program;
	int width = name_width(p);

	fprintf(out, "\n%-*s  %-6s  %10s  %8s  %9s  %7s  %14s  %14s  %8s\n", width, "rule", "kind", "hits", "frauds", "precision", "recall",
	        "value", "fraud value", "alone");
	for (size_t i = 0; i < p->rules; i++) {
		const struct program_rule *r = &p->rule[i];

		if (r->kind == STATEMENT_SHADOW || r->kind == STATEMENT_CHECK)
			continue;
		fprintf(out, "%-*.*s  %-6s", width, SPAN_ARG(r->name), statement_name(r->kind));
		print_share(out, f, &f->rule[i].all);
		print_value(out, &f->rule[i].all);
		if (evaluation_scores(r->kind))
			fprintf(out, "  %8" PRIu64, f->rule[i].alone);
		fprintf(out, "\n");
	}
	for (size_t i = 0; i < p->rules; i++)
		if (p->rule[i].kind == STATEMENT_CHECK)
			fprintf(out, "%-*.*s  %-6s  %10" PRIu64 "  refused, not among the records\n", width, SPAN_ARG(p->rule[i].name), "check",
			        e->refused[i]);
}

static void print_shadows(const struct evaluation *e, const struct evaluation_figures *f, FILE *out)
{
	const struct program *p = &e->judge->program;
	int width = name_width(p);

	if (f->shadows == 0)
		return;
	fprintf(out, "\n%-*s  %10s  %8s  %9s  %7s  %14s  %14s  of them not flagged by the others\n", width, "shadow", "hits", "frauds",
	        "precision", "recall", "value", "fraud value");
	for (size_t i = 0; i < p->rules; i++) {
		if (p->rule[i].kind != STATEMENT_SHADOW)
			continue;
		fprintf(out, "%-*.*s", width, SPAN_ARG(p->rule[i].name));
		print_share(out, f, &f->rule[i].all);
		print_value(out, &f->rule[i].all);
		fprintf(out, "  %" PRIu64 ", %" PRIu64 " of them frauds\n", f->rule[i].unflagged.hits, f->rule[i].unflagged.frauds);
	}
}

static void print_bands(const struct evaluation *e, const struct evaluation_figures *f, FILE *out)
{
	const struct program *p = &e->judge->program;
	struct share up = {0};

	if (p->bands == 0)
		return;
	fprintf(out, "\nband        %8s  %10s  %8s  %9s  %7s   from there up: precision, recall\n", "from", "records", "frauds", "precision",
	        "recall");
	for (size_t i = 0; i <= p->bands; i++) {
		const struct band *b = i < p->bands ? &p->band[p->bands - 1 - i] : NULL;

		evaluation_merge(&up, &f->band[i]);
		fprintf(out, "%-10.*s", b != NULL ? (int)b->name.n : 5, b != NULL ? b->name.p : "below");
		if (b != NULL)
			fprintf(out, "  %8g", b->from);
		else
			fprintf(out, "  %8s", "");
		print_share(out, f, &f->band[i]);
		if (b != NULL) {
			print_ratio(out, evaluation_precision(&up), 8);
			print_ratio(out, evaluation_recall(f, &up), 8);
		}
		fprintf(out, "\n");
	}
}

static void print_days(const struct evaluation *e, const struct evaluation_figures *f, FILE *out)
{
	struct buf date = {0};

	if (f->days == 0)
		return;
	fprintf(out, "\nday         %8s  %11s  %10s  %14s\n", "cards", "compromised", "found", "card precision");
	for (size_t i = 0; i < f->days; i++) {
		const struct card_day *d = &f->day[i];

		buf_clear(&date);
		evaluation_add_day(&date, d->day);
		fprintf(out, "%s  %8zu  %11zu  %10zu  %14.4f\n", buf_text(&date), d->cards, d->compromised, d->found,
		        (double)d->found / (double)e->options.top);
	}
	buf_free(&date);
}

void evaluation_print(const struct evaluation *e, const struct evaluation_figures *f, FILE *out)
{
	print_head(e, f, out);
	print_verdicts(f, out);
	print_rules(e, f, out);
	print_shadows(e, f, out);
	print_bands(e, f, out);
	print_days(e, f, out);
}
