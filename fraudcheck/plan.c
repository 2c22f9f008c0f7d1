#include "plan.h"

#include <stdalign.h>

#include "window.h"

static bool same_key(const struct plan_group *a, const struct plan_group *b)
{
	if (a->keys != b->keys)
		return false;
	for (size_t i = 0; i < a->keys; i++)
		if (a->key[i] != b->key[i])
			return false;
	return true;
}

static struct plan_group *group_of(struct plan *p, const struct plan_group *key)
{
	for (size_t i = 0; i < p->groups; i++)
		if (same_key(&p->group[i], key))
			return &p->group[i];
	p->group[p->groups] = *key;
	return &p->group[p->groups++];
}

static bool needs_word(const struct plan_feature *f)
{
	enum aggregate a = f->clauses->aggregate;

	return a == AGGREGATE_DISTINCT || a == AGGREGATE_LAST || a == AGGREGATE_GEO_SPEED;
}

static int64_t reach_of(const struct plan_feature *f)
{
	return f->clauses->over + f->clauses->delay;
}

/* --- columns ----------------------------------------------------------------------------------------------------- */

static int add_fixed(struct plan_ring *r, uint16_t reg)
{
	for (unsigned i = 0; i < r->fixed_count; i++)
		if (r->fixed[i] == reg)
			return (int)i;
	if (r->fixed_count == PLAN_COLUMNS_MAX)
		return -1;
	r->fixed[r->fixed_count] = reg;
	return (int)r->fixed_count++;
}

static int add_word(struct plan_ring *r, struct plan_word word)
{
	for (unsigned i = 0; i < r->word_count; i++)
		if (r->word[i].kind == word.kind && r->word[i].a == word.a && r->word[i].b == word.b)
			return (int)i;
	if (r->word_count == PLAN_COLUMNS_MAX)
		return -1;
	r->has_strings |= word.kind == WORD_STRING;
	r->word[r->word_count] = word;
	return (int)r->word_count++;
}

/* The mask of a condition, 0 if there are too many. */
static uint32_t add_bit(struct plan_ring *r, uint16_t reg)
{
	for (unsigned i = 1; i < r->bits; i++)
		if (r->bit[i] == reg)
			return UINT32_C(1) << i;
	if (r->bits == PLAN_BITS_MAX + 1)
		return 0;
	r->bit[r->bits] = reg;
	return UINT32_C(1) << r->bits++;
}

static enum word_kind word_kind(const struct plan_feature *f)
{
	if (f->clauses->aggregate == AGGREGATE_DISTINCT)
		return WORD_HASH;
	if (f->clauses->aggregate == AGGREGATE_GEO_SPEED)
		return WORD_PLACE;
	switch (f->arg_type) {
	case TYPE_NUMBER:
		return WORD_NUMBER;
	case TYPE_TIME:
		return WORD_TIME;
	case TYPE_BOOL:
		return WORD_BOOL;
	default:
		return WORD_STRING;
	}
}

static const char *place_columns(struct plan_feature *f)
{
	struct plan_ring *ring = &f->group->ring;
	int column = 0;

	switch (f->clauses->aggregate) {
	case AGGREGATE_SUM:
	case AGGREGATE_AVG:
	case AGGREGATE_MIN:
	case AGGREGATE_MAX:
	case AGGREGATE_STDDEV:
		column = add_fixed(ring, f->arg[0]);
		break;
	case AGGREGATE_DISTINCT:
	case AGGREGATE_LAST:
	case AGGREGATE_GEO_SPEED:
		column = add_word(ring, (struct plan_word){word_kind(f), f->arg_type, f->arg[0], f->arg[1]});
		break;
	default:
		break;
	}
	if (column < 0)
		return "features over one key read at most 16 different values";
	f->column = (unsigned)column;
	if (f->when != UINT16_MAX) {
		f->mask = add_bit(ring, f->when);
		if (f->mask == 0)
			return "features over one key have at most 31 different conditions";
	}
	if (f->clauses->aggregate == AGGREGATE_SHARE) {
		uint32_t bit = f->clauses->label ? PLAN_LABEL : add_bit(ring, f->arg[0]);

		if (bit == 0)
			return "features over one key have at most 31 different conditions";
		f->share = f->mask | bit;
		ring->labelled |= f->clauses->label;
	}
	return NULL;
}

/* --- windows ----------------------------------------------------------------------------------------------------- */

static size_t total_size(enum total_kind kind)
{
	switch (kind) {
	case TOTAL_COUNT:
		return sizeof(uint32_t);
	case TOTAL_SUM:
		return sizeof(struct total_sum);
	case TOTAL_SQUARES:
		return sizeof(struct total_squares);
	case TOTAL_LEAST:
	case TOTAL_MOST:
		return sizeof(struct total_extreme);
	default:
		return sizeof(struct multiset);
	}
}

static struct plan_window *window_of(struct plan_ring *r, const struct feature_clauses *c)
{
	struct plan_window *w = r->window;

	while (w < r->window + r->windows && (w->over != c->over || w->delay != c->delay))
		w++;
	if (w == r->window + r->windows) {
		r->windows++;
		*w = (struct plan_window){.over = c->over, .delay = c->delay};
	}
	return w;
}

/* The total that a feature reads; a count without conditions is the width of the window. */
static const struct plan_total *total_of(struct pool *pool, struct plan_window *w, struct plan_total want, size_t most)
{
	if (want.kind == TOTAL_COUNT && want.mask == 0)
		return NULL;
	for (size_t i = 0; i < w->totals; i++)
		if (w->total[i].kind == want.kind && w->total[i].mask == want.mask && w->total[i].column == want.column)
			return &w->total[i];
	if (w->total == NULL)
		w->total = pool_zero(pool, 2 * most, sizeof *w->total); /* a feature has at most two */
	w->total[w->totals] = want;
	return &w->total[w->totals++];
}

static void place_totals(struct pool *pool, struct plan_feature *f, size_t most)
{
	struct plan_total want = {.mask = f->mask, .column = f->column};

	f->window = window_of(&f->group->ring, f->clauses);
	switch (f->clauses->aggregate) {
	case AGGREGATE_SUM:
	case AGGREGATE_AVG:
		want.kind = TOTAL_SUM;
		break;
	case AGGREGATE_STDDEV:
		want.kind = TOTAL_SQUARES;
		break;
	case AGGREGATE_MIN:
		want.kind = TOTAL_LEAST;
		break;
	case AGGREGATE_MAX:
		want.kind = TOTAL_MOST;
		break;
	case AGGREGATE_DISTINCT:
		want.kind = TOTAL_DISTINCT;
		break;
	case AGGREGATE_COUNT:
	case AGGREGATE_SHARE:
		want.kind = TOTAL_COUNT;
		want.column = 0;
		break;
	default:
		return; /* looks at records themselves */
	}
	f->total = total_of(pool, f->window, want, most);
	if (f->clauses->aggregate == AGGREGATE_SHARE) {
		want.mask = f->share;
		f->share_total = total_of(pool, f->window, want, most);
	}
	if (f->clauses->min > 0 && (want.kind == TOTAL_LEAST || want.kind == TOTAL_MOST || want.kind == TOTAL_DISTINCT)) {
		want.kind = TOTAL_COUNT;
		want.column = 0;
		want.mask = f->mask;
		f->share_total = total_of(pool, f->window, want, most);
	}
}

static size_t aligned(size_t n)
{
	return (n + alignof(max_align_t) - 1) / alignof(max_align_t) * alignof(max_align_t);
}

/* Where everything lies: first the windows, which are walked together, then the totals. */
static void lay_out(struct plan_ring *r)
{
	unsigned bits = r->bits > 1 || r->labelled ? r->bits : 0;
	size_t at = 0;

	r->flag_bytes = bits == 0 ? 0 : bits <= 8 ? 1 : bits <= 16 ? 2 : 4;
	for (size_t i = 0; i < r->windows; i++) {
		r->window[i].at = at;
		at += sizeof(struct window);
	}
	for (int pass = 0; pass < 2; pass++) { /* what needs 16 bytes' alignment first: no gaps between small ones */
		if (pass == 0)
			at = aligned(at);
		for (size_t i = 0; i < r->windows; i++) {
			for (size_t k = 0; k < r->window[i].totals; k++) {
				struct plan_total *t = &r->window[i].total[k];

				if ((t->kind == TOTAL_COUNT) != (pass == 1))
					continue;
				t->at = at;
				at += total_size(t->kind);
			}
		}
	}
	r->state_size = aligned(at);
}

static void keep_at_least(int64_t *keep, int64_t reach)
{
	if (*keep < reach)
		*keep = reach;
}

const char *plan_make(struct plan *p, struct pool *pool, const struct plan_group *key, size_t *at)
{
	p->group = pool_zero(pool, p->features, sizeof *p->group);
	for (size_t i = 0; i < p->features; i++) {
		struct plan_feature *f = &p->feature[i];

		f->group = group_of(p, &key[i]);
		keep_at_least(&f->group->ring.keep, reach_of(f));
		if (needs_word(f))
			keep_at_least(&f->group->ring.keep_words, reach_of(f));
		keep_at_least(&p->longest, reach_of(f));
		p->labelled |= f->clauses->label;
	}
	for (size_t i = 0; i < p->groups; i++) {
		p->group[i].ring.bits = 1; /* the label's */
		p->group[i].ring.window = pool_zero(pool, p->features, sizeof(struct plan_window));
	}
	for (*at = 0; *at < p->features; ++*at) {
		const char *why = place_columns(&p->feature[*at]);

		if (why != NULL)
			return why;
		place_totals(pool, &p->feature[*at], p->features);
	}
	for (size_t i = 0; i < p->groups; i++)
		lay_out(&p->group[i].ring);
	return NULL;
}

bool plan_group_is_whole(const struct plan_group *g, struct span member)
{
	for (size_t i = 0; i < g->keys; i++)
		if (span_eq(g->name[i], member))
			return true;
	return false;
}
