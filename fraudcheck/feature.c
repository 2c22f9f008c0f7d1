#include "feature.h"

#include <math.h>

#include "hash.h"
#include "vm.h"

/* Beyond this a value takes part in no window: sums of squares stay within 128 bit for any number of records up to hundreds. */
static const double FIXED_MAX = 1e12;
static const double PLACE_UNITS = 1e7;
static const int64_t SECOND = 1000000, HOUR = 3600000000;

/* --- the record at hand ---------------------------------------------------------------------------------------------- */

static uint64_t hash_value(uint64_t seed, enum value_type type, const struct value *v)
{
	uint64_t bits;

	switch (type) {
	case TYPE_NUMBER:
		if (v->number == 0)
			return hash_word(seed, 0); /* 0 and -0 are equal */
		memcpy(&bits, &v->number, sizeof bits);
		return hash_word(seed, bits);
	case TYPE_TIME:
		return hash_word(seed, (uint64_t)v->time);
	case TYPE_BOOL:
		return hash_word(seed, v->truth);
	default:
		return hash_bytes(seed, v->string);
	}
}

/* false if a part of the key is null: then the record belongs to none. */
static bool name_key(const struct plan_group *g, const struct value *reg, struct key_name *name)
{
	*name = (struct key_name){1, 2};
	for (size_t i = 0; i < g->keys; i++) {
		const struct value *v = &reg[g->key[i]];

		if (v->null)
			return false;
		name->a = hash_value(name->a, g->type[i], v);
		name->b = hash_value(name->b, g->type[i], v);
	}
	return true;
}

static uint32_t print_of(struct span id)
{
	uint64_t h = hash_bytes(3, id);

	return (uint32_t)(h ^ h >> 32) | 1; /* never 0 */
}

static int64_t to_fixed(const struct value *v)
{
	if (v->null || fabs(v->number) > FIXED_MAX)
		return FIXED_NULL;
	return (int64_t)nearbyint(v->number * FIXED_UNITS);
}

static uint64_t pack_place(const struct value *latitude, const struct value *longitude)
{
	uint32_t lat, lon;

	if (latitude->null || longitude->null || fabs(latitude->number) > 90 || fabs(longitude->number) > 180)
		return WORD_NULL;
	lat = (uint32_t)(int32_t)nearbyint(latitude->number * PLACE_UNITS);
	lon = (uint32_t)(int32_t)nearbyint(longitude->number * PLACE_UNITS);
	return (uint64_t)lat << 32 | lon;
}

static double degrees(uint32_t packed)
{
	return (int32_t)packed / PLACE_UNITS;
}

/* All but strings, which get their number only when they are learned. */
static uint64_t to_word(const struct plan_word *w, const struct value *reg)
{
	const struct value *v = &reg[w->a];
	uint64_t bits;

	if (w->kind == WORD_PLACE)
		return pack_place(v, &reg[w->b]);
	if (v->null)
		return WORD_NULL;
	switch (w->kind) {
	case WORD_HASH:
		return hash_value(0, w->type, v);
	case WORD_NUMBER:
		memcpy(&bits, &v->number, sizeof bits);
		return bits;
	case WORD_TIME:
		return (uint64_t)v->time;
	case WORD_BOOL:
		return v->truth;
	default:
		return WORD_NULL;
	}
}

static void fill_self(const struct plan_ring *plan, const struct value *reg, int64_t time, uint32_t print, struct entry *e)
{
	e->time = time;
	e->print = print;
	e->flags = 0;
	for (unsigned i = 1; i < plan->bits; i++)
		if (!reg[plan->bit[i]].null && reg[plan->bit[i]].truth)
			e->flags |= UINT32_C(1) << i;
	for (unsigned c = 0; c < plan->fixed_count; c++)
		e->fixed[c] = to_fixed(&reg[plan->fixed[c]]);
	for (unsigned c = 0; c < plan->word_count; c++)
		e->word[c] = to_word(&plan->word[c], reg);
}

/* --- before the evaluation ------------------------------------------------------------------------------------------- */

/* How many records have an event time of at most `time`. */
static uint32_t row_behind(const struct ring_view *v, int64_t time)
{
	uint32_t low = 0, high = v->n;

	if (high == 0 || ring_time(v, high - 1) <= time)
		return high; /* the usual case: in order */
	while (low < high) {
		uint32_t middle = low + (high - low) / 2;

		if (ring_time(v, middle) <= time)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* The row of the record with that print among those of that time, which end before `behind`; or UINT32_MAX. */
static uint32_t find_print(const struct ring_view *v, uint32_t behind, int64_t time, uint32_t print)
{
	while (print != 0 && behind > 0 && ring_time(v, behind - 1) == time)
		if (ring_print(v, --behind) == print)
			return behind;
	return UINT32_MAX;
}

/* A record that comes again must not meet itself: it is taken out while it is judged. */
static void take_out(const struct plan_ring *plan, struct keys *keys, struct history_group *g, uint32_t row)
{
	windows_removing(plan, key_state(g->key), &g->view, row);
	ring_remove(plan, &keys->chunks, &g->key->ring, row, &g->taken);
	ring_look(plan, &keys->chunks, &g->key->ring, &g->view);
	g->repeated = true;
	g->row = row;
}

/* Find the place of the record at hand, and move the windows to its time. None looks further back than it could for a record that is just
 * in time: what lies there depends on what else was read and when it was forgotten. */
static void open_windows(struct history *h, struct history_group *g, const struct plan_ring *p, struct keys *keys)
{
	uint32_t twin;

	g->row = row_behind(&g->view, h->time);
	twin = find_print(&g->view, g->row, h->time, g->self.print);
	if (twin != UINT32_MAX) {
		take_out(p, keys, g, twin);
		h->repeated = true;
	}
	for (size_t k = 0; k < p->windows; k++) {
		const struct plan_window *w = &p->window[k];
		int64_t high = h->time - w->delay, low = high - w->over;
		int64_t horizon = history_horizon(h, h->at, w->over + w->delay);

		window_move(w, key_state(g->key), &g->view, low > horizon ? low : horizon, high);
	}
}

/* Where the windows of a ring begin and where the record at hand would go, these lines of memory are read next. */
static void look_ahead(const struct plan_ring *plan, const struct keys *keys, struct key *key, struct ring_view *v)
{
	ring_look(plan, &keys->chunks, &key->ring, v);
	if (v->n == 0)
		return;
	ring_fetch(v, v->n - 1);
	for (size_t k = 0; k < plan->windows; k++) {
		uint32_t tail = window_of_state(&plan->window[k], key_state(key))->tail - v->first;

		ring_fetch(v, tail < v->n ? tail : v->n - 1);
	}
}

/*
 * Find what is remembered of the record's keys. With many keys nearly every step waits for memory; so each step is taken for all groups
 * before the next, and what it will need is asked for early.
 */
static void open_groups(struct history *h, const struct value *reg, uint32_t print)
{
	const struct plan *plan = h->plan;

	for (size_t i = 0; i < plan->groups; i++) {
		struct history_group *g = &h->group[i];

		g->key = NULL;
		g->has_key = name_key(&plan->group[i], reg, &g->name);
		keys_expect(&h->at->keys[i], g->name);
	}
	for (size_t i = 0; i < plan->groups; i++) {
		struct history_group *g = &h->group[i];

		g->key = g->has_key ? keys_find(&h->at->keys[i], g->name) : NULL;
		g->repeated = false;
		g->row = 0;
		if (g->has_key)
			fill_self(&plan->group[i].ring, reg, h->time, print, &g->self);
	}
	for (size_t i = 0; i < plan->groups; i++)
		if (h->group[i].key != NULL)
			look_ahead(&plan->group[i].ring, &h->at->keys[i], h->group[i].key, &h->group[i].view);
	for (size_t i = 0; i < plan->groups; i++)
		if (h->group[i].key != NULL)
			open_windows(h, &h->group[i], &plan->group[i].ring, &h->at->keys[i]);
}

/* --- values ---------------------------------------------------------------------------------------------------------- */

/* A feature, and the window that it reads; without a key there is nothing in it. */
struct look {
	const struct plan_feature *feature;
	const struct feature_clauses *clauses;
	const struct history_group *group;
	void *state;
	uint32_t tail, head; /* rows */
	bool self;           /* the record at hand counts, too */
};

static struct look look_at(struct history *h, const struct plan_feature *f)
{
	struct history_group *g = &h->group[f->group - h->plan->group];
	struct look l = {.feature = f, .clauses = f->clauses, .group = g};

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
static uint32_t counted(const struct look *l, const struct plan_total *t)
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
	wide_int sum, squares;
	uint32_t count;
};

static struct sums read_sums(const struct look *l)
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
			s.squares += (wide_int)own * own;
		s.count++;
	}
	return s;
}

/*
 * The sample's standard deviation: the root of (squares - sum² / n) / (n - 1), with the numerator times n in integers. With
 * sum = q n + r it is n (squares - q sum) - r sum, which stays small.
 */
static double deviation(const struct sums *s)
{
	wide_int n = s->count, q, r;

	if (n < 2)
		return NAN;
	q = s->sum / n;
	r = s->sum % n;
	return sqrt((double)(n * (s->squares - q * s->sum) - r * s->sum) / ((double)n * ((double)n - 1))) / FIXED_UNITS;
}

static void evaluate_sums(const struct look *l, struct value *to)
{
	struct sums s = read_sums(l);
	double sum = (double)s.sum, count = s.count;

	if (s.count < l->clauses->min) {
		to->null = true;
		return;
	}
	switch (l->clauses->aggregate) {
	case AGGREGATE_SUM:
		set(to, sum / FIXED_UNITS);
		break;
	case AGGREGATE_AVG:
		set(to, sum / (count * FIXED_UNITS));
		break;
	default:
		set(to, deviation(&s));
		break;
	}
}

static void evaluate_extreme(const struct look *l, struct value *to)
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

static void evaluate_distinct(const struct look *l, struct value *to)
{
	uint64_t own = l->self ? l->group->self.word[l->feature->column] : WORD_NULL;
	const struct multiset *m = l->state != NULL ? total_of_state(l->feature->total, l->state) : NULL;
	uint32_t count = m != NULL ? m->distinct : 0;

	if (own != WORD_NULL && (m == NULL || !multiset_has(m, own)))
		count++;
	to->null = counted(l, l->feature->share_total) + l->self < l->clauses->min;
	to->number = count;
}

static void evaluate_count(const struct look *l, struct value *to)
{
	uint32_t count = counted(l, l->feature->total) + l->self;

	to->null = count < l->clauses->min;
	to->number = count;
}

static void evaluate_share(const struct look *l, struct value *to)
{
	uint32_t all = counted(l, l->feature->total) + l->self, hits = counted(l, l->feature->share_total);

	hits += l->self && (l->group->self.flags & l->feature->share) == l->feature->share;
	to->null = all == 0 || all < l->clauses->min;
	to->number = all > 0 ? (double)hits / all : 0;
}

/* Does the record in that row count for the feature? */
static bool meets(const struct look *l, uint32_t row)
{
	return (ring_flags(&l->group->view, row) & l->feature->mask) == l->feature->mask;
}

static void evaluate_age(const struct look *l, int64_t now, struct value *to)
{
	uint32_t row = l->tail;

	while (row < l->head && !meets(l, row))
		row++;
	to->null = row == l->head && !l->self;
	to->number = row < l->head ? (double)(now - ring_time(&l->group->view, row)) / (double)SECOND : 0;
}

/* The latest record of the window that counts and, if the feature reads a word of it, has one; or -1. */
static int64_t latest(const struct look *l, bool word)
{
	for (uint32_t row = l->head; row > l->tail; row--)
		if (meets(l, row - 1) && (!word || ring_word(&l->group->view, l->feature->column, row - 1) != WORD_NULL))
			return row - 1;
	return -1;
}

static void evaluate_since_last(const struct look *l, int64_t now, struct value *to)
{
	int64_t row = latest(l, false);

	to->null = row < 0;
	if (row >= 0)
		to->number = (double)(now - ring_time(&l->group->view, (uint32_t)row)) / (double)SECOND;
}

static void evaluate_last(const struct look *l, const struct intern *strings, struct value *to)
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
static void evaluate_speed(const struct look *l, int64_t now, struct value *to)
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
	set(to, haversine_km(degrees((uint32_t)(there >> 32)), degrees((uint32_t)there), degrees((uint32_t)(here >> 32)),
	                     degrees((uint32_t)here)) * ((double)HOUR / (double)took));
}

static void evaluate(struct history *h, const struct plan_feature *f, struct value *to)
{
	struct look l = look_at(h, f);

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

void features_evaluate(struct history *h, struct value *reg)
{
	const struct plan *plan = h->plan;
	const struct value *time = &reg[plan->time], *id = &reg[plan->id];

	h->evaluated = !time->null && h->at != NULL;
	h->repeated = false;
	for (size_t i = 0; !h->evaluated && i < plan->features; i++)
		reg[plan->feature[i].to].null = true;
	if (!h->evaluated)
		return;
	h->time = time->time;
	h->late = h->at->any && h->time < h->at->newest - h->options.lateness;
	h->ahead = h->ts >= 0 && h->time > h->ts + h->options.max_ahead;
	open_groups(h, reg, id->null ? 0 : print_of(id->string));
	for (size_t i = 0; i < plan->features; i++) {
		const struct plan_feature *f = &plan->feature[i];

		if (h->group[f->group - plan->group].has_key)
			evaluate(h, f, &reg[f->to]);
		else
			reg[f->to].null = true;
	}
}

/* --- learning -------------------------------------------------------------------------------------------------------- */

static void put(const struct plan_ring *plan, struct keys *keys, struct key *key, uint32_t row, const struct entry *e)
{
	struct ring_view v;

	ring_insert(plan, &keys->chunks, &key->ring, row, e);
	ring_look(plan, &keys->chunks, &key->ring, &v);
	windows_inserted(plan, key_state(key), &v, row);
}

static void put_back(struct history *h)
{
	for (size_t i = 0; i < h->plan->groups; i++) {
		struct history_group *g = &h->group[i];

		if (g->key != NULL && g->repeated)
			put(&h->plan->group[i].ring, &h->at->keys[i], g->key, g->row, &g->taken);
	}
}

/* Nothing of it is in reach of any window. */
static bool is_over(const struct history *h, const struct plan_ring *plan, const struct keys *keys, const struct key *key)
{
	struct ring_view v;

	ring_look(plan, &keys->chunks, &key->ring, &v);
	return v.n == 0 || ring_time(&v, v.n - 1) <= history_horizon(h, h->at, plan->keep);
}

/* Give back what keys hold that are no longer heard of: two for each record learned, so that memory follows the living. */
static void sweep(struct history *h, const struct plan_ring *plan, struct keys *keys)
{
	for (int i = 0; i < 2; i++) {
		struct key *oldest = keys_oldest(keys);

		if (oldest == NULL || !is_over(h, plan, keys, oldest))
			return;
		keys_drop(keys, oldest);
	}
}

/* How many of the oldest records no window that reaches `keep` back sees any more, from row `from` on. */
static uint32_t count_old(const struct history *h, const struct ring_view *v, uint32_t from, int64_t keep)
{
	int64_t horizon = history_horizon(h, h->at, keep);

	while (from < v->n && ring_time(v, from) <= horizon)
		from++;
	return from;
}

/* The key's record goes in, and what is too old goes out. */
static void learn_key(struct history *h, struct history_group *g, const struct plan_ring *p, struct keys *keys, const struct value *reg,
                      bool fraud)
{
	uint32_t old, old_words;
	struct ring_view v;

	if (fraud)
		g->self.flags |= PLAN_LABEL;
	for (unsigned c = 0; p->has_strings && c < p->word_count; c++)
		if (p->word[c].kind == WORD_STRING && !reg[p->word[c].a].null)
			g->self.word[c] = intern_take(&h->at->strings, reg[p->word[c].a].string);
	ring_look(p, &keys->chunks, &g->key->ring, &v);
	old = count_old(h, &v, 0, p->keep);
	old_words = p->word_count > 0 ? count_old(h, &v, v.wordless, p->keep_words) : 0;
	if (old > 0 || old_words > v.wordless)
		keys_forget(keys, g->key, old, old_words);
	put(p, keys, g->key, g->row - old, &g->self);
}

static void learn_group(struct history *h, size_t i, const struct value *reg, bool fraud)
{
	struct history_group *g = &h->group[i];
	struct keys *keys = &h->at->keys[i];

	if (!g->has_key)
		return;
	if (g->key != NULL) {
		keys_touch(keys, g->key);
	} else {
		if (keys->count >= h->options.max_keys) {
			keys_drop(keys, keys_oldest(keys));
			h->counts.evicted++;
		}
		g->key = keys_add(keys, g->name);
	}
	learn_key(h, g, &h->plan->group[i].ring, keys, reg, fraud);
}

void features_learn(struct history *h, const struct value *reg, bool accept, bool fraud)
{
	if (!h->evaluated) {
		h->counts.untimed += accept;
		return;
	}
	h->evaluated = false;
	if (h->repeated)
		put_back(h);
	h->counts.repeated += accept && h->repeated;
	h->counts.late += accept && !h->repeated && h->late;
	h->counts.ahead += accept && !h->repeated && !h->late && h->ahead;
	if (!accept || h->repeated || h->late || h->ahead)
		return;
	for (size_t i = 0; i < h->plan->groups; i++)
		learn_group(h, i, reg, fraud);
	if (!h->at->any || h->at->newest < h->time)
		h->at->newest = h->time;
	h->at->any = true;
	h->counts.learned++;
	for (size_t i = 0; i < h->plan->groups; i++)
		sweep(h, &h->plan->group[i].ring, &h->at->keys[i]);
}

/* --- labels ---------------------------------------------------------------------------------------------------------- */

static bool label_key(const struct plan_ring *plan, const struct keys *keys, struct key *key, int64_t time, uint32_t print, bool fraud)
{
	struct ring_view v;
	uint32_t row, flags;

	ring_look(plan, &keys->chunks, &key->ring, &v);
	row = find_print(&v, row_behind(&v, time), time, print);
	if (row == UINT32_MAX)
		return false;
	flags = ring_flags(&v, row);
	windows_recount(plan, key_state(key), &v, row, false);
	ring_set_flags(&v, row, fraud ? flags | PLAN_LABEL : flags & ~PLAN_LABEL);
	windows_recount(plan, key_state(key), &v, row, true);
	return true;
}

void features_label(struct history *h, const struct value *reg, struct span id, bool fraud)
{
	bool found = false;

	if (!h->plan->labelled || h->at == NULL)
		return;
	for (size_t i = 0; i < h->plan->groups && !reg[h->plan->time].null; i++) {
		const struct plan_group *plan = &h->plan->group[i];
		struct key_name name;
		struct key *key;

		if (!plan->ring.labelled || !name_key(plan, reg, &name))
			continue;
		key = keys_find(&h->at->keys[i], name);
		if (key != NULL && label_key(&plan->ring, &h->at->keys[i], key, reg[h->plan->time].time, print_of(id), fraud))
			found = true;
	}
	h->counts.labels += found;
	h->counts.labels_unmatched += !found;
}
