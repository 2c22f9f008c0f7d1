#include "gen_labels.h"

#include <stdlib.h>
#include <string.h>

#include "exit.h"
#include "gen_math.h"
#include "log.h"

static void own_random(struct random *own, const struct record *r, uint64_t stream)
{
	uint64_t seed;

	memcpy(&seed, r->id + 8, sizeof seed);
	random_seed(own, seed, stream);
}

int64_t labels_known(const struct label_rules *rules, const struct record *r, bool reported)
{
	struct random own;
	double times;

	if (!reported)
		return r->time + 11 * rules->delay + rules->delay / 4;
	own_random(&own, r, 0);
	times = gmath_exp(rules->spread * gmath_normal(&own));
	return r->time + rules->delay / 96 + (int64_t)((times < 11 ? times : 11) * (double)rules->delay);
}

void labels_init(struct labels *l, const struct label_rules *rules)
{
	*l = (struct labels){.rules = *rules};
}

void labels_free(struct labels *l)
{
	free(l->heap);
	*l = (struct labels){0};
}

/* --- the heap --------------------------------------------------------------------------------------------------- */

static bool before(const struct label *a, const struct label *b)
{
	return a->known != b->known ? a->known < b->known : a->number < b->number;
}

static void swap(struct label *a, struct label *b)
{
	struct label c = *a;

	*a = *b;
	*b = c;
}

static void add(struct labels *l, const struct label *label)
{
	size_t i = l->count;

	if (i == l->cap) {
		size_t cap = l->cap > 0 ? 2 * l->cap : 256;
		struct label *heap = realloc(l->heap, cap * sizeof *heap);

		if (heap == NULL) {
			log_error("out of memory");
			exit(EXIT_RETRY);
		}
		l->heap = heap;
		l->cap = cap;
	}
	l->heap[i] = *label;
	l->count++;
	for (; i > 0 && before(&l->heap[i], &l->heap[(i - 1) / 2]); i = (i - 1) / 2)
		swap(&l->heap[i], &l->heap[(i - 1) / 2]);
}

static void drop_first(struct labels *l)
{
	l->heap[0] = l->heap[--l->count];
	for (size_t i = 0, child = 1; child < l->count; i = child, child = 2 * i + 1) {
		if (child + 1 < l->count && before(&l->heap[child + 1], &l->heap[child]))
			child++;
		if (!before(&l->heap[child], &l->heap[i]))
			return;
		swap(&l->heap[child], &l->heap[i]);
	}
}

/* --- in and out ------------------------------------------------------------------------------------------------- */

void labels_see(struct labels *l, const struct record *r, int64_t now)
{
	bool fraud = record_is_fraud(r->story);
	struct label label = {.number = l->seen++, .record = *r};
	struct random own;

	own_random(&own, r, 1);
	if (random_unit(&own) < (fraud ? l->rules.missed : 1 - l->rules.disputed)) {
		l->missed += fraud;
		return;
	}
	l->fraud += fraud;
	l->disputed += !fraud;
	label.known = labels_known(&l->rules, r, true);
	if (label.known < now)
		label.known = now;
	add(l, &label);
}

size_t labels_next(struct labels *l, int64_t until, char *to)
{
	size_t n;

	if (l->count == 0 || l->heap[0].known >= until)
		return 0;
	n = emit_chargeback(to, &l->heap[0].record, l->heap[0].known);
	drop_first(l);
	return n;
}
