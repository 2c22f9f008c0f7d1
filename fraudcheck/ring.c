#include "ring.h"

#include <stdlib.h>

#include "buf.h"

enum { ROWS_STEP = 4 }; /* rows of a block are a multiple of it, so that every column begins aligned */

/* Narrow times reach from the base 2^31 milliseconds both ways; at the start the larger part lies ahead. */
static const int64_t TIME_AHEAD = ((INT64_C(1) << 31) - (INT64_C(1) << 28)) * RING_TIME_SCALE;

static size_t time_size(const struct ring *r)
{
	return r->wide_time ? 8 : 4;
}

static size_t fixed_size(const struct ring *r, unsigned column)
{
	return (r->wide >> column & 1) != 0 ? 8 : 4;
}

static size_t row_size(const struct plan_ring *plan, const struct ring *r)
{
	size_t size = time_size(r) + 4 + plan->flag_bytes;

	for (unsigned c = 0; c < plan->fixed_count; c++)
		size += fixed_size(r, c);
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
	v->wordless = r->n - r->words;
	v->words_cap = r->words_cap;
	v->wide = r->wide;
	v->wide_time = r->wide_time;
	v->flag_bytes = plan->flag_bytes;
	if (r->word != NULL)
		v->word = r->word + r->words_start;
	if (r->block == NULL)
		return;
	v->time = column(&at, r, time_size(r));
	for (unsigned c = 0; c < plan->fixed_count; c++)
		v->fixed[c] = column(&at, r, fixed_size(r, c));
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

/* The block anew, with what *to says: rows, widths, base. */
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
static bool move_base(const struct plan_ring *plan, const struct ring *r, struct ring *to, int64_t time)
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
		to.wide_time = !move_base(plan, r, &to, e->time);
	for (unsigned c = 0; c < plan->fixed_count; c++)
		if ((r->wide >> c & 1) == 0 && !fixed_is_narrow(e->fixed[c]))
			to.wide = (uint16_t)(to.wide | 1u << c);
	if (r->block == NULL)
		*r = to;
	else if (to.wide != r->wide || to.wide_time != r->wide_time || to.base != r->base)
		rebuild(plan, r, to);
}

/* --- room -------------------------------------------------------------------------------------------------------- */

static void shift(void *column, size_t width, uint32_t from, uint32_t to, uint32_t rows)
{
	memmove((char *)column + to * width, (char *)column + from * width, rows * width);
}

/* Move `rows` rows of every column. */
static void shift_rows(const struct plan_ring *plan, const struct ring *r, const struct ring_view *v, uint32_t from, uint32_t to,
                       uint32_t rows)
{
	shift(v->time, time_size(r), from, to, rows);
	for (unsigned c = 0; c < plan->fixed_count; c++)
		shift(v->fixed[c], fixed_size(r, c), from, to, rows);
	shift(v->print, 4, from, to, rows);
	if (plan->flag_bytes > 0)
		shift(v->flags, plan->flag_bytes, from, to, rows);
}

static void shift_words(const struct plan_ring *plan, uint64_t *word, uint32_t cap, uint32_t from, uint32_t to, uint32_t rows)
{
	for (unsigned c = 0; c < plan->word_count; c++)
		shift(word + (size_t)c * cap, 8, from, to, rows);
}

/* How many rows a block for `n` and one more should have. */
static uint32_t roomy(uint32_t n)
{
	return (n + n / 32 + 1 + ROWS_STEP - 1) / ROWS_STEP * ROWS_STEP;
}

/* The `n` rows begin at `start` of `cap`: is moving them to the front worth the while, rather than taking a new block? What the dropped
 * ones left must be worth the moving, and not be most of the block. */
static bool can_move(uint32_t n, uint32_t start, uint32_t cap)
{
	return n < cap && start > n / 32 && roomy(n) >= cap / 2;
}

/* Room for one row behind the last. */
static void fit_rows(const struct plan_ring *plan, struct ring *r)
{
	struct ring to = *r;
	struct ring_view v;

	if (r->start + r->n < r->cap)
		return;
	if (!can_move(r->n, r->start, r->cap)) {
		to.cap = roomy(r->n);
		rebuild(plan, r, to);
		return;
	}
	to.start = 0;
	ring_look(plan, &to, &v);
	shift_rows(plan, r, &v, r->start, 0, r->n);
	r->start = 0;
}

/* The same for words. */
static void fit_words(const struct plan_ring *plan, struct ring *r)
{
	uint32_t cap = roomy(r->words);
	uint64_t *word;

	if (r->words_start + r->words < r->words_cap)
		return;
	if (can_move(r->words, r->words_start, r->words_cap)) {
		shift_words(plan, r->word, r->words_cap, r->words_start, 0, r->words);
	} else {
		word = xmalloc((size_t)cap * plan->word_count * sizeof *word);
		for (unsigned c = 0; c < plan->word_count && r->words > 0; c++)
			memcpy(word + (size_t)c * cap, r->word + (size_t)c * r->words_cap + r->words_start, r->words * sizeof *word);
		free(r->word);
		r->word = word;
		r->words_cap = cap;
	}
	r->words_start = 0;
}

/* --- records ----------------------------------------------------------------------------------------------------- */

static void insert_words(const struct plan_ring *plan, struct ring *r, uint32_t at, const struct entry *e)
{
	uint64_t *word;

	fit_words(plan, r);
	word = r->word + r->words_start;
	if (at < r->words)
		shift_words(plan, word, r->words_cap, at, at + 1, r->words - at);
	for (unsigned c = 0; c < plan->word_count; c++)
		word[(size_t)c * r->words_cap + at] = e->word[c];
	r->words++;
}

void ring_insert(const struct plan_ring *plan, struct ring *r, uint32_t at, const struct entry *e)
{
	uint32_t wordless = r->n - r->words;
	struct ring_view v;

	fit_widths(plan, r, e);
	fit_rows(plan, r);
	ring_look(plan, r, &v);
	if (at < r->n)
		shift_rows(plan, r, &v, at, at + 1, r->n - at);
	write_row(plan, &v, at, e);
	r->n++;
	if (plan->word_count > 0 && at >= wordless)
		insert_words(plan, r, at - wordless, e);
}

void ring_remove(const struct plan_ring *plan, struct ring *r, uint32_t at, struct entry *e)
{
	uint32_t wordless = r->n - r->words;
	struct ring_view v;

	ring_look(plan, r, &v);
	read_row(plan, &v, at, e);
	for (unsigned c = 0; c < plan->word_count; c++)
		e->word[c] = ring_word(&v, c, at);
	shift_rows(plan, r, &v, at + 1, at, r->n - at - 1);
	r->n--;
	if (plan->word_count == 0 || at < wordless)
		return;
	at -= wordless;
	shift_words(plan, r->word + r->words_start, r->words_cap, at + 1, at, r->words - at - 1);
	r->words--;
}

void ring_drop_words(struct ring *r, uint32_t count)
{
	r->words -= count;
	r->words_start = r->words > 0 ? r->words_start + count : 0;
}

void ring_drop(struct ring *r, uint32_t count)
{
	uint32_t wordless = r->n - r->words;

	if (count > wordless)
		ring_drop_words(r, count - wordless);
	r->first += count;
	r->n -= count;
	r->start = r->n > 0 ? r->start + count : 0;
}

void ring_free(struct ring *r)
{
	free(r->block);
	free(r->word);
	*r = (struct ring){0};
}
