/*
 * Windows over a ring: (t - delay - over, t - delay], for a t that may also go back a little when a record comes late. A window
 * knows which records are in it, and its totals follow as records enter and leave on either side. Everything is integers, so that a
 * window that was walked to is the same as one that was built at once.
 */
#ifndef FRAUDCHECK_WINDOW_H
#define FRAUDCHECK_WINDOW_H

#include "multiset.h"
#include "ring.h"

typedef __int128 wide_int __attribute__((aligned(8)));
typedef unsigned __int128 wide_uint __attribute__((aligned(8)));

static inline wide_uint square_of(int64_t value)
{
	return (wide_uint)((wide_int)value * value);
}

/* The records from number `tail` to the one before `head`. */
struct window {
	uint32_t tail, head;
};

struct total_sum {
	wide_int sum;
	uint32_t count; /* of values that are not null */
};

struct total_squares {
	wide_int sum;
	wide_uint squares; /* modulo 2^128: only its difference to what the mean accounts for is looked at */
	uint32_t count;
};

struct total_extreme {
	int64_t value;
	uint32_t number; /* of the record that has it */
	bool known;      /* there is one */
	bool lost;       /* the record that had it left: it has to be looked for */
};

/* The state of a new ring whose first record will have the number `first`. */
void windows_begin(const struct plan_ring *plan, void *state, uint32_t first);

/* Make the window hold exactly the records with low < time <= high. */
void window_move(const struct plan_window *w, void *state, const struct ring_view *v, int64_t low, int64_t high);

/* A record was put in as row `row`, or is about to be taken out: tell all windows. */
void windows_inserted(const struct plan_ring *plan, void *state, const struct ring_view *v, uint32_t row);
void windows_removing(const struct plan_ring *plan, void *state, const struct ring_view *v, uint32_t row);

/* The flags of the record in `row` are about to change: those in a window that count it have to count it anew. Call with `enter` false
 * before the change and true after it. */
void windows_recount(const struct plan_ring *plan, void *state, const struct ring_view *v, uint32_t row, bool enter);

/* The extreme of a window, looked for if it was lost. */
const struct total_extreme *window_extreme(const struct plan_window *w, const struct plan_total *t, void *state,
                                           const struct ring_view *v);

void windows_free(const struct plan_ring *plan, void *state);

static inline struct window *window_of_state(const struct plan_window *w, void *state)
{
	return (struct window *)(void *)((char *)state + w->at);
}

static inline void *total_of_state(const struct plan_total *t, void *state)
{
	return (char *)state + t->at;
}

#endif
