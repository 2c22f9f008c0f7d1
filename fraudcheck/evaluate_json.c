/* The figures of an evaluation as NDJSON: an object a line, `figure` says what it is of. */
#include "evaluate_figures.h"

#include <math.h>

#include "decimal.h"

static void json_number(struct buf *to, const char *name, double x)
{
	buf_addf(to, ",\"%s\":", name);
	if (isfinite(x))
		decimal_write(to, x);
	else
		buf_add_text(to, "null");
}

static void json_share(struct buf *to, const struct evaluation_figures *f, const struct share *s)
{
	json_number(to, "hits", (double)s->hits);
	json_number(to, "frauds", (double)s->frauds);
	json_number(to, "precision", evaluation_precision(s));
	json_number(to, "recall", evaluation_recall(f, s));
	json_number(to, "value", s->value);
	json_number(to, "fraud_value", s->fraud_value);
}

static void json_total(const struct evaluation *e, const struct evaluation_figures *f, struct buf *to)
{
	buf_addf(to, "{\"figure\":\"total\",\"ruleset\":\"%s\",\"ranked_by\":", e->judge->ruleset);
	json_quote(to, span_of(e->ranks != NULL ? e->options.name : "fraud_score"));
	json_number(to, "records", (double)e->rows);
	json_number(to, "frauds", (double)f->all.frauds);
	json_number(to, "auc", f->auc);
	json_number(to, "average_precision", f->average_precision);
	json_number(to, "card_precision", f->card_precision);
	json_number(to, "top", (double)e->options.top);
	json_number(to, "days", (double)f->days);
	json_number(to, "value", f->all.value);
	json_number(to, "fraud_value", f->all.fraud_value);
	json_number(to, "unvalued", (double)f->unvalued);
	json_number(to, "outside", (double)e->outside);
	json_number(to, "repeated", (double)e->repeated);
	json_number(to, "unlabelled", (double)e->unlabelled);
	json_number(to, "unmatched_labels", (double)e->unmatched);
	buf_add_text(to, "}\n{\"figure\":\"flagged\"");
	json_share(to, f, &f->flagged);
	buf_add_text(to, "}\n");
}

static void json_rules(const struct evaluation *e, const struct evaluation_figures *f, struct buf *to)
{
	const struct program *p = &e->judge->program;

	for (size_t i = 0; i < p->rules; i++) {
		const struct program_rule *r = &p->rule[i];

		buf_addf(to, "{\"figure\":\"rule\",\"name\":\"%.*s\",\"kind\":\"%s\"", SPAN_ARG(r->name), statement_name(r->kind));
		if (r->kind == STATEMENT_CHECK)
			json_number(to, "hits", (double)e->refused[i]);
		else
			json_share(to, f, &f->rule[i].all);
		if (evaluation_scores(r->kind))
			json_number(to, "alone", (double)f->rule[i].alone);
		if (r->kind == STATEMENT_SHADOW) {
			json_number(to, "unflagged", (double)f->rule[i].unflagged.hits);
			json_number(to, "unflagged_frauds", (double)f->rule[i].unflagged.frauds);
		}
		buf_add_text(to, "}\n");
	}
}

static void json_bands(const struct evaluation *e, const struct evaluation_figures *f, struct buf *to)
{
	const struct program *p = &e->judge->program;
	struct share up = {0};

	for (size_t i = 0; i < p->bands; i++) {
		const struct band *b = &p->band[p->bands - 1 - i];

		evaluation_merge(&up, &f->band[i]);
		buf_addf(to, "{\"figure\":\"band\",\"name\":\"%.*s\"", SPAN_ARG(b->name));
		json_number(to, "from", b->from);
		json_share(to, f, &f->band[i]);
		json_number(to, "precision_up", evaluation_precision(&up));
		json_number(to, "recall_up", evaluation_recall(f, &up));
		buf_add_text(to, "}\n");
	}
}

static void json_days(const struct evaluation *e, const struct evaluation_figures *f, struct buf *to)
{
	struct buf date = {0};

	for (size_t i = 0; i < f->days; i++) {
		const struct card_day *d = &f->day[i];

		buf_clear(&date);
		evaluation_add_day(&date, d->day);
		buf_addf(to, "{\"figure\":\"day\",\"day\":\"%s\",\"cards\":%zu,\"compromised\":%zu,\"found\":%zu", buf_text(&date), d->cards,
		         d->compromised, d->found);
		json_number(to, "card_precision", (double)d->found / (double)e->options.top);
		buf_add_text(to, "}\n");
	}
	buf_free(&date);
}

void evaluation_print_json(const struct evaluation *e, const struct evaluation_figures *f, FILE *out)
{
	struct buf text = {0};

	json_total(e, f, &text);
	json_rules(e, f, &text);
	json_bands(e, f, &text);
	json_days(e, f, &text);
	fwrite(text.p, 1, text.n, out);
	buf_free(&text);
}
