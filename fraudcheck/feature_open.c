/* What is remembered of the keys of the record at hand, with the windows moved to its time. */
#include "feature_parts.h"

uint32_t feature_row_behind(const struct ring_view *v, int64_t time)
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

uint32_t feature_find_print(const struct ring_view *v, uint32_t behind, int64_t time, uint32_t print)
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

	g->row = feature_row_behind(&g->view, h->time);
	twin = feature_find_print(&g->view, g->row, h->time, g->self.print);
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
	if (v->wordless < v->n)
		__builtin_prefetch(ring_words(v, v->n - 1), 1);
	for (size_t k = 0; k < plan->windows; k++) {
		uint32_t tail = window_of_state(&plan->window[k], key_state(key))->tail - v->first;

		ring_fetch(v, tail < v->n ? tail : v->n - 1);
	}
}

/*
 * Find what is remembered of the record's keys. With many keys nearly every step waits for memory; so each step is taken for all groups
 * before the next, and what it will need is asked for early.
 */
void feature_open(struct history *h, const struct value *reg, uint32_t print)
{
	const struct plan *plan = h->plan;

	for (size_t i = 0; i < plan->groups; i++) {
		struct history_group *g = &h->group[i];

		g->key = NULL;
		g->has_key = feature_key(&plan->group[i], reg, &g->name);
		keys_expect(&h->at->keys[i], g->name);
	}
	for (size_t i = 0; i < plan->groups; i++) {
		struct history_group *g = &h->group[i];

		g->key = g->has_key ? keys_find(&h->at->keys[i], g->name) : NULL;
		g->repeated = false;
		g->row = 0;
		if (g->has_key)
			feature_fill(&plan->group[i].ring, reg, h->time, print, &g->self);
	}
	for (size_t i = 0; i < plan->groups; i++)
		if (h->group[i].key != NULL)
			look_ahead(&plan->group[i].ring, &h->at->keys[i], h->group[i].key, &h->group[i].view);
	for (size_t i = 0; i < plan->groups; i++)
		if (h->group[i].key != NULL)
			open_windows(h, &h->group[i], &plan->group[i].ring, &h->at->keys[i]);
}
