#include "evaluate_figures.h"

#include <math.h>
#include <stdlib.h>

#include "out.h"
#include "rfc3339.h"

static void add(struct share *s, const struct evaluated *row)
{
	bool fraud = row->truth == TRUTH_FRAUD;
	double value = isnan(row->value) ? 0 : row->value;

	s->hits++;
	s->frauds += fraud;
	s->value += value;
	s->fraud_value += fraud ? value : 0;
}

static void count_row(const struct evaluation *e, struct evaluation_figures *f, size_t i)
{
	const struct program *p = &e->judge->program;
	const struct evaluated *row = &e->row[i];
	const struct band *band = judge_band(e->judge, row->score);
	size_t hits = 0, hit = 0;

	add(&f->all, row);
	if (row->is_fraud)
		add(&f->flagged, row);
	add(&f->band[band != NULL ? (size_t)(p->band + p->bands - 1 - band) : p->bands], row);
	f->unvalued += isnan(row->value) != 0;
	for (size_t r = 0; r < p->rules; r++) {
		if (!evaluation_fired(e, i, r))
			continue;
		add(&f->rule[r].all, row);
		if (!row->is_fraud)
			add(&f->rule[r].unflagged, row);
		if (evaluation_scores(p->rule[r].kind)) {
			hits++;
			hit = r;
		}
	}
	if (hits == 1 && row->truth == TRUTH_FRAUD)
		f->rule[hit].alone++;
}

static void rank_rows(const struct evaluation *e, struct evaluation_figures *f)
{
	struct ranked *r = xcalloc(e->rows, sizeof *r);

	for (size_t i = 0; i < e->rows; i++)
		r[i] = (struct ranked){e->row[i].rank, e->row[i].truth == TRUTH_FRAUD};
	figures_sort(r, e->rows);
	f->auc = figures_auc(r, e->rows);
	f->average_precision = figures_average_precision(r, e->rows);
	free(r);
}

struct card {
	struct span name;
	uint32_t number;
};

static int by_name(const void *a, const void *b)
{
	const struct card *x = a, *y = b;
	size_t n = x->name.n < y->name.n ? x->name.n : y->name.n;
	int order = n > 0 ? memcmp(x->name.p, y->name.p, n) : 0;

	return order != 0 ? order : (x->name.n > y->name.n) - (x->name.n < y->name.n);
}

/* Per card its place in the order of their names. */
static uint32_t *order_cards(const struct evaluation *e)
{
	struct card *card = xcalloc(e->cards.count, sizeof *card);
	uint32_t *place = xcalloc(e->cards.count, sizeof *place);

	for (uint32_t i = 0; i < e->cards.count; i++)
		card[i] = (struct card){intern_get(&e->cards, i), i};
	if (e->cards.count > 0)
		qsort(card, e->cards.count, sizeof *card, by_name);
	for (uint32_t i = 0; i < e->cards.count; i++)
		place[card[i].number] = i;
	free(card);
	return place;
}

static void rank_cards(const struct evaluation *e, struct evaluation_figures *f)
{
	struct card_record *r = xcalloc(e->rows, sizeof *r);
	uint32_t *place = order_cards(e);
	size_t n = 0;

	for (size_t i = 0; i < e->rows; i++)
		if (e->row[i].card != UINT32_MAX && e->row[i].day != INT32_MIN)
			r[n++] = (struct card_record){e->row[i].day, place[e->row[i].card], e->row[i].rank, e->row[i].truth == TRUTH_FRAUD};
	f->card_precision = figures_card_precision(r, n, (size_t)e->options.top, &f->day, &f->days);
	free(place);
	free(r);
}

void evaluation_count(const struct evaluation *e, struct evaluation_figures *f)
{
	const struct program *p = &e->judge->program;

	*f = (struct evaluation_figures){.rule = xcalloc(p->rules, sizeof *f->rule), .band = xcalloc(p->bands + 1, sizeof *f->band)};
	for (size_t i = 0; i < p->rules; i++)
		f->shadows += p->rule[i].kind == STATEMENT_SHADOW;
	for (size_t i = 0; i < e->rows; i++)
		count_row(e, f, i);
	rank_rows(e, f);
	rank_cards(e, f);
}

double evaluation_precision(const struct share *s)
{
	return s->hits > 0 ? (double)s->frauds / (double)s->hits : NAN;
}

double evaluation_recall(const struct evaluation_figures *f, const struct share *s)
{
	return f->all.frauds > 0 ? (double)s->frauds / (double)f->all.frauds : NAN;
}

void evaluation_merge(struct share *to, const struct share *s)
{
	to->hits += s->hits;
	to->frauds += s->frauds;
	to->value += s->value;
	to->fraud_value += s->fraud_value;
}

void evaluation_figures_free(struct evaluation_figures *f)
{
	free(f->rule);
	free(f->band);
	free(f->day);
	*f = (struct evaluation_figures){0};
}

void evaluation_add_day(struct buf *to, int32_t day)
{
	rfc3339_write(to, day * INT64_C(86400000000));
	to->n = 10; /* the date of it */
}

int evaluation_report(const struct evaluation *e, FILE *out)
{
	struct evaluation_figures f;

	evaluation_count(e, &f);
	if (e->options.json)
		evaluation_print_json(e, &f, out);
	else
		evaluation_print(e, &f, out);
	evaluation_figures_free(&f);
	return out_report_end(out, "stdout");
}
