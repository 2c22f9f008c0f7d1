#include "figures.h"

#include <math.h>
#include <stdlib.h>

#include "buf.h"

static int by_rank(const void *a, const void *b)
{
	const struct ranked *x = a, *y = b;

	return rank_compare(y->rank, x->rank);
}

void figures_sort(struct ranked *r, size_t n)
{
	if (n > 0)
		qsort(r, n, sizeof *r, by_rank);
}

/* The end of the run of equal ranks that begins at `at`; *frauds among them. */
static size_t run_end(const struct ranked *r, size_t n, size_t at, size_t *frauds)
{
	size_t end = at;

	for (*frauds = 0; end < n && rank_compare(r[end].rank, r[at].rank) == 0; end++)
		*frauds += r[end].fraud;
	return end;
}

double figures_auc(const struct ranked *r, size_t n)
{
	unsigned __int128 halves = 0;
	size_t above = 0, frauds; /* frauds in higher ranks */

	for (size_t at = 0, end; at < n; at = end) {
		end = run_end(r, n, at, &frauds);
		halves += (unsigned __int128)(end - at - frauds) * (2 * above + frauds);
		above += frauds;
	}
	if (above == 0 || above == n)
		return NAN;
	return (double)halves / (2 * (double)above * (double)(n - above));
}

double figures_average_precision(const struct ranked *r, size_t n)
{
	double sum = 0;
	size_t found = 0, frauds;

	for (size_t at = 0, end; at < n; at = end) {
		end = run_end(r, n, at, &frauds);
		found += frauds;
		sum += (double)found / (double)end * (double)frauds;
	}
	return found > 0 ? sum / (double)found : NAN;
}

/* --- cards ----------------------------------------------------------------------------------------------------------- */

static int by_card(const void *a, const void *b)
{
	const struct card_record *x = a, *y = b;

	if (x->day != y->day)
		return x->day < y->day ? -1 : 1;
	return (x->card > y->card) - (x->card < y->card);
}

static int by_card_rank(const void *a, const void *b)
{
	const struct card_record *x = a, *y = b;
	int order = rank_compare(y->rank, x->rank);

	return order != 0 ? order : (x->card > y->card) - (x->card < y->card);
}

/* The records of one day, by card, become one each; those of cards that were found are left out. How many there are. */
static size_t fold_cards(struct card_record *r, size_t n, const bool *gone)
{
	size_t cards = 0;

	for (size_t i = 0; i < n; i++) {
		struct card_record *last = cards > 0 ? &r[cards - 1] : NULL;

		if (gone[r[i].card])
			continue;
		if (last == NULL || last->card != r[i].card) {
			r[cards++] = r[i];
			continue;
		}
		last->fraud |= r[i].fraud;
		if (rank_compare(r[i].rank, last->rank) > 0)
			last->rank = r[i].rank;
	}
	return cards;
}

static struct card_day judge_day(struct card_record *r, size_t n, size_t k, bool *gone)
{
	struct card_day d = {.day = r->day, .cards = fold_cards(r, n, gone)};

	qsort(r, d.cards, sizeof *r, by_card_rank);
	for (size_t i = 0; i < d.cards; i++) {
		d.compromised += r[i].fraud;
		if (i < k && r[i].fraud) {
			d.found++;
			gone[r[i].card] = true;
		}
	}
	return d;
}

double figures_card_precision(struct card_record *r, size_t n, size_t k, struct card_day **days, size_t *count)
{
	uint32_t most = 0;
	double sum = 0;
	bool *gone;

	*days = NULL;
	*count = 0;
	if (n == 0)
		return NAN;
	qsort(r, n, sizeof *r, by_card);
	for (size_t i = 0; i < n; i++)
		most = r[i].card > most ? r[i].card : most;
	gone = xcalloc((size_t)most + 1, sizeof *gone);
	for (size_t at = 0, end; at < n; at = end) {
		for (end = at; end < n && r[end].day == r[at].day; end++)
			continue;
		*days = xrealloc(*days, (*count + 1) * sizeof **days);
		(*days)[*count] = judge_day(r + at, end - at, k, gone);
		sum += (double)(*days)[(*count)++].found / (double)k;
	}
	free(gone);
	return sum / (double)*count;
}
