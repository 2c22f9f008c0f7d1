#include "feature.h"

#include "feature_parts.h"

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
	feature_open(h, reg, id->null ? 0 : feature_print(id->string));
	for (size_t i = 0; i < plan->features; i++) {
		const struct plan_feature *f = &plan->feature[i];

		if (h->group[f->group - plan->group].has_key)
			feature_value(h, f, &reg[f->to]);
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
	row = feature_find_print(&v, feature_row_behind(&v, time), time, print);
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

		if (!plan->ring.labelled || !feature_key(plan, reg, &name))
			continue;
		key = keys_find(&h->at->keys[i], name);
		if (key != NULL && label_key(&plan->ring, &h->at->keys[i], key, reg[h->plan->time].time, feature_print(id), fraud))
			found = true;
	}
	h->counts.labels += found;
	h->counts.labels_unmatched += !found;
}
