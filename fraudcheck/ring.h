/*
 * The records of one key that windows may still need, oldest first (by event time; of equal times, in the order in which they
 * came). A record is a row of columns, each as narrow as its values allow: times are milliseconds since a base and exact numbers
 * hundredths in 32 bit, until a value comes that these cannot hold exactly; then the column of this ring gets 64 bit. Rows lie in
 * chunks of eight, column by column, so that a record is one or two lines of memory.
 *
 * Words are kept of the newest records only, as many as the windows that read them need.
 *
 * Records are numbered; the oldest has number `first`. A record put in between moves the numbers of those behind it.
 */
#ifndef FRAUDCHECK_RING_H
#define FRAUDCHECK_RING_H

#include "chunk.h"
#include "plan.h"

/* Exact numbers are millionths: every amount with up to six decimals is one. */
enum { FIXED_UNITS = 1000000 };

#define FIXED_NULL INT64_MIN
#define WORD_NULL UINT64_C(0x7ff8dead00000001) /* no time, no place, no finite double */

enum { CHUNK_ROWS = 8 };

/* Rows in chunks: those dropped at the front are still in the first chunk until all of it is. */
struct strip {
	uint32_t *chunk;
	uint32_t lead, count, cap; /* chunks from `lead` on are used, `count` of them; the array has `cap` */
	uint32_t start, n;         /* row of the first chunk where the oldest is, and how many there are */
};

struct ring {
	struct strip rows, words;
	int64_t base;      /* of narrow times, microseconds */
	uint32_t first;    /* number of the oldest */
	uint16_t wide;     /* a bit for each column of exact numbers */
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
	char *const *slab;
	const uint32_t *chunk, *word;
	uint32_t start, word_start;
	int64_t base;
	uint32_t first, n;
	uint32_t wordless; /* so many of the oldest have no words any more */
	uint16_t wide;
	bool wide_time;
	uint8_t flag_bytes;
	uint16_t print_at, flags_at, fixed_at[PLAN_COLUMNS_MAX]; /* where columns begin in a chunk; the time's is 0 */
};

void ring_look(const struct plan_ring *plan, const struct chunks *chunks, const struct ring *r, struct ring_view *v);

/* Put a record in as row `at` (0..n). */
void ring_insert(const struct plan_ring *plan, struct chunks *chunks, struct ring *r, uint32_t at, const struct entry *e);

/* Take row `at` out, into *e. */
void ring_remove(const struct plan_ring *plan, struct chunks *chunks, struct ring *r, uint32_t at, struct entry *e);

/* Forget the oldest. */
void ring_drop(const struct plan_ring *plan, struct chunks *chunks, struct ring *r, uint32_t count);

/* Forget the words of the oldest that have any. */
void ring_drop_words(const struct plan_ring *plan, struct chunks *chunks, struct ring *r, uint32_t count);

void ring_free(const struct plan_ring *plan, struct chunks *chunks, struct ring *r);

enum { RING_TIME_SCALE = 1000, RING_FIXED_SCALE = FIXED_UNITS / 100 };

static inline char *ring_chunk(const struct ring_view *v, uint32_t row)
{
	return chunk_at(v->slab, v->chunk[(v->start + row) / CHUNK_ROWS]);
}

static inline uint32_t ring_place(const struct ring_view *v, uint32_t row)
{
	return (v->start + row) % CHUNK_ROWS;
}

static inline int64_t ring_time(const struct ring_view *v, uint32_t row)
{
	const void *column = ring_chunk(v, row);

	return v->wide_time ? ((const int64_t *)column)[ring_place(v, row)]
	                    : v->base + (int64_t)((const int32_t *)column)[ring_place(v, row)] * RING_TIME_SCALE;
}

static inline uint32_t ring_print(const struct ring_view *v, uint32_t row)
{
	return ((const uint32_t *)(const void *)(ring_chunk(v, row) + v->print_at))[ring_place(v, row)];
}

static inline uint32_t ring_flags(const struct ring_view *v, uint32_t row)
{
	const void *column = v->flag_bytes > 0 ? ring_chunk(v, row) + v->flags_at : NULL;

	switch (v->flag_bytes) {
	case 0:
		return 0;
	case 1:
		return ((const uint8_t *)column)[ring_place(v, row)];
	case 2:
		return ((const uint16_t *)column)[ring_place(v, row)];
	default:
		return ((const uint32_t *)column)[ring_place(v, row)];
	}
}

static inline void ring_set_flags(const struct ring_view *v, uint32_t row, uint32_t flags)
{
	void *column = v->flag_bytes > 0 ? ring_chunk(v, row) + v->flags_at : NULL;

	switch (v->flag_bytes) {
	case 0:
		break;
	case 1:
		((uint8_t *)column)[ring_place(v, row)] = (uint8_t)flags;
		break;
	case 2:
		((uint16_t *)column)[ring_place(v, row)] = (uint16_t)flags;
		break;
	default:
		((uint32_t *)column)[ring_place(v, row)] = flags;
	}
}

static inline int64_t ring_fixed(const struct ring_view *v, unsigned column, uint32_t row)
{
	const void *values = ring_chunk(v, row) + v->fixed_at[column];
	int32_t narrow;

	if ((v->wide >> column & 1) != 0)
		return ((const int64_t *)values)[ring_place(v, row)];
	narrow = ((const int32_t *)values)[ring_place(v, row)];
	return narrow == INT32_MIN ? FIXED_NULL : (int64_t)narrow * RING_FIXED_SCALE;
}

/* Words of one record lie a chunk's rows apart. */
static inline uint64_t *ring_words(const struct ring_view *v, uint32_t row)
{
	uint32_t at = v->word_start + row - v->wordless;

	return (uint64_t *)(void *)chunk_at(v->slab, v->word[at / CHUNK_ROWS]) + at % CHUNK_ROWS;
}

static inline uint64_t ring_word(const struct ring_view *v, unsigned column, uint32_t row)
{
	return row >= v->wordless ? ring_words(v, row)[column * CHUNK_ROWS] : WORD_NULL;
}

/* The row will soon be read and written: let it come into the cache. */
static inline void ring_fetch(const struct ring_view *v, uint32_t row)
{
	const char *chunk = ring_chunk(v, row);

	__builtin_prefetch(chunk, 1);
	__builtin_prefetch(chunk + v->print_at, 1);
}

#endif
