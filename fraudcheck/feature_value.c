/* The value of a feature, read from the totals of its window or from the records in it. */
#include "feature_parts.h"

#include <math.h>

#include "vm.h"

static const int64_t SECOND = 1000000, HOUR = 3600000000;

struct feature_look feature_look_at(struct history *h, const struct plan_feature *f)
{
	struct history_group *g = &h->group[f->group - h->plan->group];
	struct feature_look l = {.feature = f, .clauses = f->clauses, .group = g};

	l.self = !f->clauses->before && f->clauses->delay == 0 && (g->self.flags & f->mask) == f->mask;
	if (g->key != NULL) {
		const struct window *w;

		l.state = key_state(g->key);
		w = window_of_state(f->window, l.state);
		l.tail = w->tail - g->view.first;
		l.head = w->head - g->view.first;
	}
	return l;
}

/* Records in the window that a total counts (NULL: all of them). */
static uint32_t counted(const struct feature_look *l, const struct plan_total *t)
{
	if (l->state == NULL)
		return 0;
	return t != NULL ? *(const uint32_t *)total_of_state(t, l->state) : l->head - l->tail;
}

static void set(struct value *to, double number)
{
	to->null = !isfinite(number);
	to->number = number;
}

/* Sum, squares and count of the values, with the record at hand. */
struct sums {
	wide_int sum;
	wide_uint squares;
	uint32_t count;
};

static struct sums read_sums(const struct feature_look *l)
{
	const struct plan_total *t = l->feature->total;
	struct sums s = {0};

	if (l->state != NULL && t->kind == TOTAL_SUM) {
		const struct total_sum *have = total_of_state(t, l->state);

		s = (struct sums){.sum = have->sum, .count = have->count};
	} else if (l->state != NULL) {
		const struct total_squares *have = total_of_state(t, l->state);

		s = (struct sums){have->sum, have->squares, have->count};
	}
	if (l->self && l->group->self.fixed[t->column] != FIXED_NULL) {
		int64_t own = l->group->self.fixed[t->column];

		s.sum += own;
		if (t->kind == TOTAL_SQUARES)
			s.squares += square_of(own);
		s.count++;
	}
	return s;
}

/* The double next to sum / by, by < 2^52: while the sum is a double itself a division gives it; else a quotient of 74 bits or more whose last
 * one is set if anything is left over, so that it is rounded once. */
static double quotient(wide_int sum, uint64_t by)
{
	wide_uint n = sum < 0 ? -(wide_uint)sum : (wide_uint)sum;
	int shift = 0;
	double value;

	if (n >> 53 == 0)
		return (double)sum / (double)by;
	while (n >> 126 == 0) {
		n <<= 1;
		shift++;
	}
	value = ldexp((double)(n / by | (n % by != 0)), -shift);
	return sum < 0 ? -value : value;
}

/*
 * The sample's standard deviation: the root of (squares - sum^2 / n) / (n - 1), subtracted in integers. With sum = q n + r and
 * r sum = u n + v it is (squares - q sum - u) - v / n. Squares and q sum may wrap around: their difference is right as long as it is itself
 * within 128 bit.
 */
static double deviation(const struct sums *s)
{
	wide_int n = s->count, q, r, left;

	if (n < 2)
		return NAN;
	q = s->sum / n;
	r = s->sum % n;
	left = (wide_int)(s->squares - (wide_uint)q * (wide_uint)s->sum - (wide_uint)(r * s->sum / n));
	return sqrt(((double)left - (double)(r * s->sum % n) / (double)n) / ((double)n - 1)) / FIXED_UNITS;
}

static void evaluate_sums(const struct feature_look *l, struct value *to)
{
	struct sums s = read_sums(l);

	if (s.count < l->clauses->min) {
		to->null = true;
		return;
	}
	switch (l->clauses->aggregate) {
	case AGGREGATE_SUM:
		set(to, quotient(s.sum, FIXED_UNITS));
		break;
	case AGGREGATE_AVG:
		set(to, s.count > 0 ? quotient(s.sum, (uint64_t)s.count * FIXED_UNITS) : NAN);
		break;
	default:
		set(to, deviation(&s));
		break;
	}
}

static void evaluate_extreme(const struct feature_look *l, struct value *to)
{
	const struct plan_total *t = l->feature->total;
	int64_t own = l->self ? l->group->self.fixed[t->column] : FIXED_NULL, best = FIXED_NULL;

	if (l->state != NULL) {
		const struct total_extreme *x = window_extreme(l->feature->window, t, l->state, &l->group->view);

		if (x->known)
			best = x->value;
	}
	if (best == FIXED_NULL || (own != FIXED_NULL && (t->kind == TOTAL_MOST ? own > best : own < best)))
		best = own;
	to->null = best == FIXED_NULL || counted(l, l->feature->share_total) + l->self < l->clauses->min;
	to->number = (double)best / FIXED_UNITS;
}

static void evaluate_distinct(const struct feature_look *l, struct value *to)
{
	uint64_t own = l->self ? l->group->self.word[l->feature->column] : WORD_NULL;
	const struct multiset *m = l->state != NULL ? total_of_state(l->feature->total, l->state) : NULL;
	uint32_t count = m != NULL ? m->distinct : 0;

	if (own != WORD_NULL && (m == NULL || !multiset_has(m, own)))
		count++;
	to->null = counted(l, l->feature->share_total) + l->self < l->clauses->min;
	to->number = count;
}

static void evaluate_count(const struct feature_look *l, struct value *to)
{
	uint32_t count = counted(l, l->feature->total) + l->self;

	to->null = count < l->clauses->min;
	to->number = count;
}

static void evaluate_share(const struct feature_look *l, struct value *to)
{
	uint32_t all = counted(l, l->feature->total) + l->self, hits = counted(l, l->feature->share_total);

	hits += l->self && (l->group->self.flags & l->feature->share) == l->feature->share;
	to->null = all == 0 || all < l->clauses->min;
	to->number = all > 0 ? (double)hits / all : 0;
}

bool feature_meets(const struct feature_look *l, uint32_t row)
{
	return (ring_flags(&l->group->view, row) & l->feature->mask) == l->feature->mask;
}

static void evaluate_age(const struct feature_look *l, int64_t now, struct value *to)
{
	uint32_t row = l->tail;

	while (row < l->head && !feature_meets(l, row))
		row++;
	to->null = row == l->head && !l->self;
	to->number = row < l->head ? (double)(now - ring_time(&l->group->view, row)) / (double)SECOND : 0;
}

/* The latest record of the window that counts and, if the feature reads a word of it, has one; or -1. */
static int64_t latest(const struct feature_look *l, bool word)
{
	for (uint32_t row = l->head; row > l->tail; row--)
		if (feature_meets(l, row - 1) && (!word || ring_word(&l->group->view, l->feature->column, row - 1) != WORD_NULL))
			return row - 1;
	return -1;
}

static void evaluate_since_last(const struct feature_look *l, int64_t now, struct value *to)
{
	int64_t row = latest(l, false);

	to->null = row < 0;
	if (row >= 0)
		to->number = (double)(now - ring_time(&l->group->view, (uint32_t)row)) / (double)SECOND;
}

static void evaluate_last(const struct feature_look *l, const struct intern *strings, struct value *to)
{
	int64_t row = latest(l, true);
	uint64_t word;

	to->null = row < 0;
	if (row < 0)
		return;
	word = ring_word(&l->group->view, l->feature->column, (uint32_t)row);
	switch (l->feature->arg_type) {
	case TYPE_NUMBER:
		memcpy(&to->number, &word, sizeof to->number);
		break;
	case TYPE_TIME:
		to->time = (int64_t)word;
		break;
	case TYPE_BOOL:
		to->truth = word != 0;
		break;
	default:
		to->string = intern_get(strings, word);
		break;
	}
}

/* km/h from the place before to this one. What lies less than a second apart counts as a second. */
static void evaluate_speed(const struct feature_look *l, int64_t now, struct value *to)
{
	uint64_t here = l->group->self.word[l->feature->column], there;
	int64_t row, took;

	to->null = true;
	if (here == WORD_NULL || (l->group->self.flags & l->feature->mask) != l->feature->mask)
		return;
	row = latest(l, true);
	if (row < 0)
		return;
	there = ring_word(&l->group->view, l->feature->column, (uint32_t)row);
	took = now - ring_time(&l->group->view, (uint32_t)row);
	took = took < SECOND ? SECOND : took;
	set(to, haversine_km(feature_degrees((uint32_t)(there >> 32)), feature_degrees((uint32_t)there), feature_degrees((uint32_t)(here >> 32)),
	                     feature_degrees((uint32_t)here)) * ((double)HOUR / (double)took));
}

void feature_value(struct history *h, const struct plan_feature *f, struct value *to)
{
	struct feature_look l = feature_look_at(h, f);

	switch (f->clauses->aggregate) {
	case AGGREGATE_COUNT:
		evaluate_count(&l, to);
		break;
	case AGGREGATE_SUM:
	case AGGREGATE_AVG:
	case AGGREGATE_STDDEV:
		evaluate_sums(&l, to);
		break;
	case AGGREGATE_MIN:
	case AGGREGATE_MAX:
		evaluate_extreme(&l, to);
		break;
	case AGGREGATE_DISTINCT:
		evaluate_distinct(&l, to);
		break;
	case AGGREGATE_SHARE:
		evaluate_share(&l, to);
		break;
	case AGGREGATE_AGE:
		evaluate_age(&l, h->time, to);
		break;
	case AGGREGATE_SINCE_LAST:
		evaluate_since_last(&l, h->time, to);
		break;
	case AGGREGATE_LAST:
		evaluate_last(&l, &h->at->strings, to);
		break;
	case AGGREGATE_GEO_SPEED:
		evaluate_speed(&l, h->time, to);
		break;
	}
}
