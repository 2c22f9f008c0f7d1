/*
 * The records of one key that windows may still need, oldest first (by event time; of equal times, in the order in which they
 * came). A record is a row of columns, each as narrow as its values allow: times are milliseconds since a base and exact numbers
 * hundredths in 32 bit, until a value comes that these cannot hold exactly; then the column of this ring gets 64 bit.
 *
 * Words are kept of the newest records only, as many as the windows that read them need.
 *
 * Records are numbered; the oldest has number `first`. A record put in between moves the numbers of those behind it.
 */
#ifndef FRAUDCHECK_RING_H
#define FRAUDCHECK_RING_H

#include "plan.h"

/* Exact numbers are millionths: every amount with up to six decimals is one. */
enum { FIXED_UNITS = 1000000 };

#define FIXED_NULL INT64_MIN
#define WORD_NULL UINT64_C(0x7ff8dead00000001) /* no time, no place, no finite double */

struct ring {
	char *block;
	uint64_t *word;
	int64_t base;       /* of narrow times, microseconds */
	uint32_t first;     /* number of the oldest */
	uint32_t n;
	uint32_t start, cap; /* rows of the block: where the oldest lies, how many there are */
	uint32_t words, words_start, words_cap; /* the same of the words: of how many records they are kept */
	uint16_t wide;      /* a bit for each column of exact numbers */
	bool wide_time;
};

/* A record, as it is put in and taken out. */
struct entry {
	int64_t time;
	uint32_t print; /* of transaction_id, 0 if it has none */
	uint32_t flags;
	int64_t fixed[PLAN_COLUMNS_MAX];
	uint64_t word[PLAN_COLUMNS_MAX];
};

/* Where the columns are; valid until the ring changes. Row 0 is the oldest. */
struct ring_view {
	int64_t base;
	uint32_t first, n;
	uint32_t wordless;   /* so many of the oldest have no words any more */
	uint32_t words_cap;
	uint16_t wide;
	bool wide_time;
	unsigned flag_bytes;
	char *time, *print, *flags;
	char *fixed[PLAN_COLUMNS_MAX];
	uint64_t *word; /* of the first record that has words; column c begins at word + c * words_cap */
};

void ring_look(const struct plan_ring *plan, const struct ring *r, struct ring_view *v);

/* Put a record in as row `at` (0..n). */
void ring_insert(const struct plan_ring *plan, struct ring *r, uint32_t at, const struct entry *e);

/* Take row `at` out, into *e. */
void ring_remove(const struct plan_ring *plan, struct ring *r, uint32_t at, struct entry *e);

/* Forget the oldest. */
void ring_drop(struct ring *r, uint32_t count);

/* Forget the words of the oldest that have any. */
void ring_drop_words(struct ring *r, uint32_t count);

void ring_free(struct ring *r);

enum { RING_TIME_SCALE = 1000, RING_FIXED_SCALE = FIXED_UNITS / 100 };

static inline int64_t ring_time(const struct ring_view *v, uint32_t row)
{
	return v->wide_time ? ((const int64_t *)(const void *)v->time)[row]
	                    : v->base + (int64_t)((const int32_t *)(const void *)v->time)[row] * RING_TIME_SCALE;
}

static inline uint32_t ring_print(const struct ring_view *v, uint32_t row)
{
	return ((const uint32_t *)(const void *)v->print)[row];
}

static inline uint32_t ring_flags(const struct ring_view *v, uint32_t row)
{
	switch (v->flag_bytes) {
	case 0:
		return 0;
	case 1:
		return ((const uint8_t *)v->flags)[row];
	case 2:
		return ((const uint16_t *)(const void *)v->flags)[row];
	default:
		return ((const uint32_t *)(const void *)v->flags)[row];
	}
}

static inline void ring_set_flags(const struct ring_view *v, uint32_t row, uint32_t flags)
{
	switch (v->flag_bytes) {
	case 0:
		break;
	case 1:
		((uint8_t *)v->flags)[row] = (uint8_t)flags;
		break;
	case 2:
		((uint16_t *)(void *)v->flags)[row] = (uint16_t)flags;
		break;
	default:
		((uint32_t *)(void *)v->flags)[row] = flags;
	}
}

static inline int64_t ring_fixed(const struct ring_view *v, unsigned column, uint32_t row)
{
	int32_t narrow;

	if ((v->wide >> column & 1) != 0)
		return ((const int64_t *)(const void *)v->fixed[column])[row];
	narrow = ((const int32_t *)(const void *)v->fixed[column])[row];
	return narrow == INT32_MIN ? FIXED_NULL : (int64_t)narrow * RING_FIXED_SCALE;
}

/* Rows from `row` on will soon be read and written: let them come into the cache. */
static inline void ring_fetch(const struct plan_ring *plan, const struct ring_view *v, uint32_t row)
{
	__builtin_prefetch(v->time + row * (v->wide_time ? 8 : 4), 1);
	__builtin_prefetch(v->print + row * 4, 1);
	for (unsigned c = 0; c < plan->fixed_count; c++)
		__builtin_prefetch(v->fixed[c] + row * ((v->wide >> c & 1) != 0 ? 8 : 4), 1);
	for (unsigned c = 0; c < plan->word_count && row >= v->wordless; c++)
		__builtin_prefetch(v->word + (size_t)c * v->words_cap + (row - v->wordless), 1);
}

static inline uint64_t ring_word(const struct ring_view *v, unsigned column, uint32_t row)
{
	return row >= v->wordless ? v->word[(size_t)column * v->words_cap + (row - v->wordless)] : WORD_NULL;
}

#endif
