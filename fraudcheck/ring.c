#include "ring.h"

#include <stdlib.h>

#include "buf.h"

enum { ROWS_STEP = 8 }; /* rows of a block are a multiple of it, so that every column begins aligned */

/* Narrow times reach from the base 2^31 milliseconds both ways; at the start the larger part lies ahead. */
static const int64_t TIME_AHEAD = ((INT64_C(1) << 31) - (INT64_C(1) << 28)) * RING_TIME_SCALE;

static size_t row_size(const struct plan_ring *plan, const struct ring *r)
{
	size_t size = 8 * plan->word_count + (r->wide_time ? 8 : 4) + 4 + plan->flag_bytes;

	for (unsigned c = 0; c < plan->fixed_count; c++)
		size += (r->wide >> c & 1) != 0 ? 8 : 4;
	return size;
}

static char *column(char **at, const struct ring *r, size_t width)
{
	char *begin = *at + r->start * width;

	*at += r->cap * width;
	return begin;
}

void ring_look(const struct plan_ring *plan, const struct ring *r, struct ring_view *v)
{
	char *at = r->block;

	v->base = r->base;
	v->first = r->first;
	v->n = r->n;
	v->cap = r->cap;
	v->wide = r->wide;
	v->wide_time = r->wide_time;
	v->flag_bytes = plan->flag_bytes;
	if (r->block == NULL)
		return;
	v->word = (uint64_t *)(void *)at + r->start;
	at += 8 * (size_t)plan->word_count * r->cap;
	v->time = column(&at, r, r->wide_time ? 8 : 4);
	for (unsigned c = 0; c < plan->fixed_count; c++)
		v->fixed[c] = column(&at, r, (r->wide >> c & 1) != 0 ? 8 : 4);
	v->print = column(&at, r, 4);
	v->flags = column(&at, r, plan->flag_bytes);
}

static void read_row(const struct plan_ring *plan, const struct ring_view *v, uint32_t row, struct entry *e)
{
	e->time = ring_time(v, row);
	e->print = ring_print(v, row);
	e->flags = ring_flags(v, row);
	for (unsigned c = 0; c < plan->fixed_count; c++)
		e->fixed[c] = ring_fixed(v, c, row);
	for (unsigned c = 0; c < plan->word_count; c++)
		e->word[c] = ring_word(v, c, row);
}

static void write_row(const struct plan_ring *plan, const struct ring_view *v, uint32_t row, const struct entry *e)
{
	if (v->wide_time)
		((int64_t *)(void *)v->time)[row] = e->time;
	else
		((int32_t *)(void *)v->time)[row] = (int32_t)((e->time - v->base) / RING_TIME_SCALE);
	((uint32_t *)(void *)v->print)[row] = e->print;
	ring_set_flags(v, row, e->flags);
	for (unsigned c = 0; c < plan->fixed_count; c++) {
		if ((v->wide >> c & 1) != 0)
			((int64_t *)(void *)v->fixed[c])[row] = e->fixed[c];
		else
			((int32_t *)(void *)v->fixed[c])[row] =
				e->fixed[c] == FIXED_NULL ? INT32_MIN : (int32_t)(e->fixed[c] / RING_FIXED_SCALE);
	}
	for (unsigned c = 0; c < plan->word_count; c++)
		v->word[(size_t)c * v->cap + row] = e->word[c];
}

/* --- widths ------------------------------------------------------------------------------------------------------ */

static bool time_is_narrow(int64_t base, int64_t time)
{
	int64_t distance = time - base;

	return distance % RING_TIME_SCALE == 0 && distance / RING_TIME_SCALE >= INT32_MIN && distance / RING_TIME_SCALE <= INT32_MAX;
}

static bool fixed_is_narrow(int64_t value)
{
	return value == FIXED_NULL || (value % RING_FIXED_SCALE == 0 && value / RING_FIXED_SCALE > INT32_MIN &&
	                               value / RING_FIXED_SCALE <= INT32_MAX);
}

/* The block anew, with `cap` rows and what else *to says. */
static void rebuild(const struct plan_ring *plan, struct ring *r, struct ring to)
{
	struct ring_view old, new;
	struct entry e;

	to.start = 0;
	to.block = xmalloc(to.cap * row_size(plan, &to));
	ring_look(plan, r, &old);
	ring_look(plan, &to, &new);
	for (uint32_t row = 0; row < r->n; row++) {
		read_row(plan, &old, row, &e);
		write_row(plan, &new, row, &e);
	}
	free(r->block);
	*r = to;
}

/* A base from which both the oldest and the new time can be told; false if there is none. */
static bool move_base(const struct plan_ring *plan, struct ring *r, struct ring *to, int64_t time)
{
	struct ring_view v;
	int64_t oldest;

	ring_look(plan, r, &v);
	oldest = ring_time(&v, 0) < time ? ring_time(&v, 0) : time;
	to->base = oldest + TIME_AHEAD;
	return time_is_narrow(to->base, time) && time_is_narrow(to->base, ring_time(&v, r->n - 1));
}

/* Make sure that the columns can hold the entry. */
static void fit_widths(const struct plan_ring *plan, struct ring *r, const struct entry *e)
{
	struct ring to = *r;

	if (r->n == 0 && !r->wide_time)
		to.base = r->base = e->time + TIME_AHEAD;
	if (!r->wide_time && !time_is_narrow(r->base, e->time))
		to.wide_time = r->n == 0 || !move_base(plan, r, &to, e->time);
	for (unsigned c = 0; c < plan->fixed_count; c++)
		if ((r->wide >> c & 1) == 0 && !fixed_is_narrow(e->fixed[c]))
			to.wide = (uint16_t)(to.wide | 1u << c);
	if (r->block == NULL)
		*r = to;
	else if (to.wide != r->wide || to.wide_time != r->wide_time || to.base != r->base)
		rebuild(plan, r, to);
}

/* --- room -------------------------------------------------------------------------------------------------------- */

static void shift(char *column, size_t width, uint32_t from, uint32_t to, uint32_t rows)
{
	memmove(column + to * width, column + from * width, rows * width);
}

/* Move `rows` rows of every column. */
static void shift_all(const struct plan_ring *plan, const struct ring_view *v, uint32_t from, uint32_t to, uint32_t rows)
{
	for (unsigned c = 0; c < plan->word_count; c++)
		shift((char *)(v->word + (size_t)c * v->cap), 8, from, to, rows);
	shift(v->time, v->wide_time ? 8 : 4, from, to, rows);
	for (unsigned c = 0; c < plan->fixed_count; c++)
		shift(v->fixed[c], (v->wide >> c & 1) != 0 ? 8 : 4, from, to, rows);
	shift(v->print, 4, from, to, rows);
	if (plan->flag_bytes > 0)
		shift(v->flags, plan->flag_bytes, from, to, rows);
}

/* Room for one row behind the last: what the dropped ones left is used again when it is worth the moving, and given back when it is
 * most of the block. */
static void fit_room(const struct plan_ring *plan, struct ring *r)
{
	uint32_t want = r->n + r->n / 16 + 1;

	want = (want + ROWS_STEP - 1) / ROWS_STEP * ROWS_STEP;
	if (r->start + r->n < r->cap)
		return;
	if (r->n < r->cap && r->start > r->n / 32 && want >= r->cap / 2) {
		struct ring_view v;
		struct ring whole = *r;

		whole.start = 0;
		ring_look(plan, &whole, &v);
		shift_all(plan, &v, r->start, 0, r->n);
		r->start = 0;
	} else {
		struct ring to = *r;

		to.cap = want;
		rebuild(plan, r, to);
	}
}

void ring_insert(const struct plan_ring *plan, struct ring *r, uint32_t at, const struct entry *e)
{
	struct ring_view v;

	fit_widths(plan, r, e);
	fit_room(plan, r);
	ring_look(plan, r, &v);
	if (at < r->n)
		shift_all(plan, &v, at, at + 1, r->n - at);
	write_row(plan, &v, at, e);
	r->n++;
}

void ring_remove(const struct plan_ring *plan, struct ring *r, uint32_t at, struct entry *e)
{
	struct ring_view v;

	ring_look(plan, r, &v);
	read_row(plan, &v, at, e);
	shift_all(plan, &v, at + 1, at, r->n - at - 1);
	r->n--;
}

void ring_drop(struct ring *r, uint32_t count)
{
	r->first += count;
	r->start += count;
	r->n -= count;
	if (r->n == 0)
		r->start = 0;
}

void ring_free(struct ring *r)
{
	free(r->block);
	*r = (struct ring){0};
}
