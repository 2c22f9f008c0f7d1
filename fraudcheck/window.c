#include "window.h"

static void change_extreme(struct total_extreme *x, bool most, const struct ring_view *v, uint32_t row, int64_t value, bool enter)
{
	if (x->lost)
		return;
	if (!enter) {
		x->lost = x->known && x->number == v->first + row;
		return;
	}
	if (!x->known || (most ? value >= x->value : value <= x->value))
		*x = (struct total_extreme){.value = value, .number = v->first + row, .known = true};
}

static void change_sum(struct total_sum *s, int64_t value, bool enter)
{
	s->sum += enter ? value : -value;
	s->count += enter ? 1 : UINT32_MAX;
}

static void change_squares(struct total_squares *s, int64_t value, bool enter)
{
	s->sum += enter ? value : -value;
	s->squares += enter ? square_of(value) : -square_of(value);
	s->count += enter ? 1 : UINT32_MAX;
}

/* The record in `row` enters a window, or leaves it. */
static inline void change(const struct plan_total *t, void *state, const struct ring_view *v, uint32_t row, bool enter)
{
	void *total = total_of_state(t, state);
	int64_t value;
	uint64_t word;

	if (t->mask != 0 && (ring_flags(v, row) & t->mask) != t->mask)
		return;
	switch (t->kind) {
	case TOTAL_COUNT:
		*(uint32_t *)total += enter ? 1 : UINT32_MAX;
		return;
	case TOTAL_DISTINCT:
		word = ring_word(v, t->column, row);
		if (word == WORD_NULL)
			return;
		if (enter)
			multiset_add(total, word);
		else
			multiset_remove(total, word);
		return;
	default:
		break;
	}
	value = ring_fixed(v, t->column, row);
	if (value == FIXED_NULL)
		return;
	if (t->kind == TOTAL_SUM)
		change_sum(total, value, enter);
	else if (t->kind == TOTAL_SQUARES)
		change_squares(total, value, enter);
	else
		change_extreme(total, t->kind == TOTAL_MOST, v, row, value, enter);
}

static void change_all(const struct plan_window *w, void *state, const struct ring_view *v, uint32_t row, bool enter)
{
	for (size_t i = 0; i < w->totals; i++)
		change(&w->total[i], state, v, row, enter);
}

void windows_begin(const struct plan_ring *plan, void *state, uint32_t first)
{
	memset(state, 0, plan->state_size);
	for (size_t i = 0; i < plan->windows; i++)
		*window_of_state(&plan->window[i], state) = (struct window){first, first};
}

/*
 * The new side first grows, then the other shrinks: so the window never has its end before its beginning, however far it goes. A
 * window that is left empty on the way is not walked through record by record.
 */
void window_move(const struct plan_window *w, void *state, const struct ring_view *v, int64_t low, int64_t high)
{
	struct window *at = window_of_state(w, state);
	uint32_t tail = at->tail - v->first, head = at->head - v->first; /* rows */

	while (tail > 0 && ring_time(v, tail - 1) > low)
		change_all(w, state, v, --tail, true);
	while (head < v->n && ring_time(v, head) <= high)
		change_all(w, state, v, head++, true);
	while (tail < head && ring_time(v, tail) <= low)
		change_all(w, state, v, tail++, false);
	while (head > tail && ring_time(v, head - 1) > high)
		change_all(w, state, v, --head, false);
	at->tail = tail + v->first;
	at->head = head + v->first;
}

void windows_inserted(const struct plan_ring *plan, void *state, const struct ring_view *v, uint32_t row)
{
	uint32_t number = v->first + row;

	for (size_t i = 0; i < plan->windows; i++) {
		const struct plan_window *w = &plan->window[i];
		struct window *at = window_of_state(w, state);
		uint32_t tail = at->tail - v->first, head = at->head - v->first;

		for (size_t k = 0; k < w->totals; k++) {
			if (w->total[k].kind == TOTAL_LEAST || w->total[k].kind == TOTAL_MOST) {
				struct total_extreme *x = total_of_state(&w->total[k], state);

				if (x->known && x->number - v->first >= row)
					x->number++;
			}
		}
		if (row >= head)
			continue; /* behind the window */
		at->head++;
		if (row <= tail)
			at->tail++;
		else
			change_all(w, state, v, number - v->first, true);
	}
}

void windows_removing(const struct plan_ring *plan, void *state, const struct ring_view *v, uint32_t row)
{
	for (size_t i = 0; i < plan->windows; i++) {
		const struct plan_window *w = &plan->window[i];
		struct window *at = window_of_state(w, state);
		uint32_t tail = at->tail - v->first, head = at->head - v->first;

		if (row >= tail && row < head)
			change_all(w, state, v, row, false);
		if (row < tail)
			at->tail--;
		if (row < head)
			at->head--;
		for (size_t k = 0; k < w->totals; k++) {
			if (w->total[k].kind == TOTAL_LEAST || w->total[k].kind == TOTAL_MOST) {
				struct total_extreme *x = total_of_state(&w->total[k], state);

				if (x->known && !x->lost && x->number - v->first > row)
					x->number--;
			}
		}
	}
}

void windows_recount(const struct plan_ring *plan, void *state, const struct ring_view *v, uint32_t row, bool enter)
{
	for (size_t i = 0; i < plan->windows; i++) {
		const struct plan_window *w = &plan->window[i];
		const struct window *at = window_of_state(w, state);

		if (row >= at->tail - v->first && row < at->head - v->first)
			change_all(w, state, v, row, enter);
	}
}

const struct total_extreme *window_extreme(const struct plan_window *w, const struct plan_total *t, void *state,
                                           const struct ring_view *v)
{
	const struct window *at = window_of_state(w, state);
	struct total_extreme *x = total_of_state(t, state);

	if (x->lost) {
		*x = (struct total_extreme){0};
		for (uint32_t row = at->tail - v->first; row < at->head - v->first; row++)
			change(t, state, v, row, true);
	}
	return x;
}

void windows_free(const struct plan_ring *plan, void *state)
{
	for (size_t i = 0; i < plan->windows; i++)
		for (size_t k = 0; k < plan->window[i].totals; k++)
			if (plan->window[i].total[k].kind == TOTAL_DISTINCT)
				multiset_free(total_of_state(&plan->window[i].total[k], state));
}
