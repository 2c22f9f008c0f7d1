#include "ring.h"

#include <stdlib.h>

#include "buf.h"

/* Narrow times reach from the base 2^31 milliseconds both ways; at the start the larger part lies ahead. */
static const int64_t TIME_AHEAD = ((INT64_C(1) << 31) - (INT64_C(1) << 28)) * RING_TIME_SCALE;

static unsigned fixed_size(const struct ring *r, unsigned column)
{
	return (r->wide >> column & 1) != 0 ? 8 : 4;
}

/* Bytes of a chunk of rows. */
static size_t row_chunk(const struct plan_ring *plan, const struct ring *r)
{
	size_t size = (r->wide_time ? 8u : 4u) + 4u + plan->flag_bytes;

	for (unsigned c = 0; c < plan->fixed_count; c++)
		size += fixed_size(r, c);
	return size * CHUNK_ROWS;
}

static size_t word_chunk(const struct plan_ring *plan)
{
	return (size_t)plan->word_count * 8 * CHUNK_ROWS;
}

void ring_look(const struct plan_ring *plan, const struct chunks *chunks, const struct ring *r, struct ring_view *v)
{
	unsigned at = (r->wide_time ? 8 : 4) * CHUNK_ROWS;

	v->slab = chunks->slab;
	v->chunk = r->rows.chunk + r->rows.lead;
	v->start = r->rows.start;
	v->word = r->words.chunk + r->words.lead;
	v->word_start = r->words.start;
	v->base = r->base;
	v->first = r->first;
	v->n = r->rows.n;
	v->wordless = r->rows.n - r->words.n;
	v->wide = r->wide;
	v->wide_time = r->wide_time;
	v->flag_bytes = (uint8_t)plan->flag_bytes;
	for (unsigned c = 0; c < plan->fixed_count; c++) {
		v->fixed_at[c] = (uint16_t)at;
		at += fixed_size(r, c) * CHUNK_ROWS;
	}
	v->print_at = (uint16_t)at;
	v->flags_at = (uint16_t)(at + 4 * CHUNK_ROWS);
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
	char *chunk = ring_chunk(v, row);
	uint32_t place = ring_place(v, row);

	if (v->wide_time)
		((int64_t *)(void *)chunk)[place] = e->time;
	else
		((int32_t *)(void *)chunk)[place] = (int32_t)((e->time - v->base) / RING_TIME_SCALE);
	((uint32_t *)(void *)(chunk + v->print_at))[place] = e->print;
	ring_set_flags(v, row, e->flags);
	for (unsigned c = 0; c < plan->fixed_count; c++) {
		void *column = chunk + v->fixed_at[c];

		if ((v->wide >> c & 1) != 0)
			((int64_t *)column)[place] = e->fixed[c];
		else
			((int32_t *)column)[place] = e->fixed[c] == FIXED_NULL ? INT32_MIN : (int32_t)(e->fixed[c] / RING_FIXED_SCALE);
	}
}

/* --- strips ------------------------------------------------------------------------------------------------------ */

/* Room in the array for one chunk more; what the dropped ones left is used again when it is worth the moving. */
static void fit_array(struct strip *s)
{
	if (s->lead + s->count < s->cap)
		return;
	if (s->lead > s->count / 4) {
		memmove(s->chunk, s->chunk + s->lead, s->count * sizeof *s->chunk);
		s->lead = 0;
		return;
	}
	s->cap = s->lead + s->count + s->count / 8 + 2;
	s->chunk = xrealloc(s->chunk, s->cap * sizeof *s->chunk);
}

/* One row more, behind the last. */
static void strip_extend(struct strip *s, struct chunks *chunks, size_t size)
{
	if (s->start + s->n == s->count * CHUNK_ROWS) {
		fit_array(s);
		s->chunk[s->lead + s->count++] = chunk_take(chunks, size);
	}
	s->n++;
}

/* One row less, at the end. */
static void strip_shorten(struct strip *s, struct chunks *chunks, size_t size)
{
	s->n--;
	if (s->start + s->n == (s->count - 1) * CHUNK_ROWS)
		chunk_give(chunks, s->chunk[s->lead + --s->count], size);
	if (s->n == 0)
		s->start = 0;
}

/* `count` rows less, at the front. */
static void strip_drop(struct strip *s, struct chunks *chunks, size_t size, uint32_t count)
{
	s->n -= count;
	s->start += count;
	for (; s->count > 0 && (s->start >= CHUNK_ROWS || s->n == 0); s->count--) {
		chunk_give(chunks, s->chunk[s->lead++], size);
		s->start -= s->start >= CHUNK_ROWS ? CHUNK_ROWS : s->start;
	}
	if (s->count > 0)
		return;
	free(s->chunk);
	*s = (struct strip){0};
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

/* The rows anew, with the widths and the base of *to. */
static void rebuild(const struct plan_ring *plan, struct chunks *chunks, struct ring *r, struct ring to)
{
	struct ring_view old, new;
	struct entry e;

	to.rows = (struct strip){0};
	for (uint32_t row = 0; row < r->rows.n; row++) {
		strip_extend(&to.rows, chunks, row_chunk(plan, &to));
		ring_look(plan, chunks, r, &old); /* (a new chunk moves the table of slabs) */
		ring_look(plan, chunks, &to, &new);
		read_row(plan, &old, row, &e);
		write_row(plan, &new, row, &e);
	}
	strip_drop(&r->rows, chunks, row_chunk(plan, r), r->rows.n);
	*r = to;
}

/* A base from which both the oldest and the new time can be told; false if there is none. */
static bool move_base(const struct plan_ring *plan, const struct chunks *chunks, const struct ring *r, struct ring *to, int64_t time)
{
	struct ring_view v;
	int64_t oldest;

	ring_look(plan, chunks, r, &v);
	oldest = ring_time(&v, 0) < time ? ring_time(&v, 0) : time;
	to->base = oldest + TIME_AHEAD;
	return time_is_narrow(to->base, time) && time_is_narrow(to->base, ring_time(&v, v.n - 1));
}

/* Make sure that the columns can hold the entry. */
static void fit_widths(const struct plan_ring *plan, struct chunks *chunks, struct ring *r, const struct entry *e)
{
	struct ring to = *r;

	if (r->rows.n == 0)
		to.base = e->time + TIME_AHEAD;
	else if (!r->wide_time && !time_is_narrow(r->base, e->time))
		to.wide_time = !move_base(plan, chunks, r, &to, e->time);
	for (unsigned c = 0; c < plan->fixed_count; c++)
		if ((r->wide >> c & 1) == 0 && !fixed_is_narrow(e->fixed[c]))
			to.wide = (uint16_t)(to.wide | 1u << c);
	if (to.wide != r->wide || to.wide_time != r->wide_time || to.base != r->base)
		rebuild(plan, chunks, r, to);
}

/* --- records ----------------------------------------------------------------------------------------------------- */

/* Rows from..to-1 (or back, if `to` is the smaller) each move one on; what row `to` held is lost. */
static void shift_rows(const struct plan_ring *plan, const struct ring_view *v, uint32_t from, uint32_t to)
{
	struct entry e;

	for (uint32_t row = to; row != from; row = row > from ? row - 1 : row + 1) {
		read_row(plan, v, row > from ? row - 1 : row + 1, &e);
		write_row(plan, v, row, &e);
	}
}

static void shift_words(const struct plan_ring *plan, const struct ring_view *v, uint32_t from, uint32_t to)
{
	for (uint32_t row = to; row != from; row = row > from ? row - 1 : row + 1)
		for (unsigned c = 0; c < plan->word_count; c++)
			ring_words(v, row)[c * CHUNK_ROWS] = ring_words(v, row > from ? row - 1 : row + 1)[c * CHUNK_ROWS];
}

void ring_insert(const struct plan_ring *plan, struct chunks *chunks, struct ring *r, uint32_t at, const struct entry *e)
{
	bool worded = plan->word_count > 0 && at >= r->rows.n - r->words.n;
	struct ring_view v;

	fit_widths(plan, chunks, r, e);
	strip_extend(&r->rows, chunks, row_chunk(plan, r));
	if (worded)
		strip_extend(&r->words, chunks, word_chunk(plan));
	ring_look(plan, chunks, r, &v);
	shift_rows(plan, &v, at, v.n - 1);
	write_row(plan, &v, at, e);
	if (!worded)
		return;
	shift_words(plan, &v, at, v.n - 1);
	for (unsigned c = 0; c < plan->word_count; c++)
		ring_words(&v, at)[c * CHUNK_ROWS] = e->word[c];
}

void ring_remove(const struct plan_ring *plan, struct chunks *chunks, struct ring *r, uint32_t at, struct entry *e)
{
	struct ring_view v;

	ring_look(plan, chunks, r, &v);
	read_row(plan, &v, at, e);
	for (unsigned c = 0; c < plan->word_count; c++)
		e->word[c] = ring_word(&v, c, at);
	shift_rows(plan, &v, v.n - 1, at);
	if (plan->word_count > 0 && at >= v.wordless) {
		shift_words(plan, &v, v.n - 1, at);
		strip_shorten(&r->words, chunks, word_chunk(plan));
	}
	strip_shorten(&r->rows, chunks, row_chunk(plan, r));
}

void ring_drop_words(const struct plan_ring *plan, struct chunks *chunks, struct ring *r, uint32_t count)
{
	strip_drop(&r->words, chunks, word_chunk(plan), count);
}

void ring_drop(const struct plan_ring *plan, struct chunks *chunks, struct ring *r, uint32_t count)
{
	uint32_t wordless = r->rows.n - r->words.n;

	if (count > wordless)
		ring_drop_words(plan, chunks, r, count - wordless);
	r->first += count;
	strip_drop(&r->rows, chunks, row_chunk(plan, r), count);
}

void ring_free(const struct plan_ring *plan, struct chunks *chunks, struct ring *r)
{
	ring_drop(plan, chunks, r, r->rows.n);
	*r = (struct ring){0};
}
