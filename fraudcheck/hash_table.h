/*
 * Numbers by a hash of 32 bit: the index over keys and over strings, which hold the names themselves and tell whether a number with the right
 * hash is the one. All zero is an empty table.
 *
 * It lies in parts that grow each on its own, so that no record waits while all of a million numbers move to a larger place.
 */
#ifndef FRAUDCHECK_HASH_TABLE_H
#define FRAUDCHECK_HASH_TABLE_H

#include <stddef.h>
#include <stdint.h>

enum { HASH_TABLE_PART_BITS = 6, HASH_TABLE_PARTS = 1 << HASH_TABLE_PART_BITS };

#define HASH_TABLE_NONE UINT32_MAX

struct hash_table_slot {
	uint32_t hash, number; /* HASH_TABLE_NONE: empty */
};

struct hash_table {
	struct hash_table_part {
		struct hash_table_slot *slot; /* open addressing; a power of two of them, one at least is empty */
		uint32_t slots, count;
	} part[HASH_TABLE_PARTS];
};

void hash_table_add(struct hash_table *t, uint32_t hash, uint32_t number);
void hash_table_drop(struct hash_table *t, uint32_t hash, uint32_t number);
void hash_table_free(struct hash_table *t);

/* The part is told by the high bits, the first slot of it by the low ones. */
static inline struct hash_table_part *hash_table_part(const struct hash_table *t, uint32_t hash)
{
	return (struct hash_table_part *)&t->part[hash >> (32 - HASH_TABLE_PART_BITS)];
}

/* From `s` on, the first slot with that hash, or NULL. */
static inline const struct hash_table_slot *hash_table_same(const struct hash_table_part *p, const struct hash_table_slot *s, uint32_t hash)
{
	for (; s->number != HASH_TABLE_NONE; s = s + 1 < p->slot + p->slots ? s + 1 : p->slot)
		if (s->hash == hash)
			return s;
	return NULL;
}

/* Walk over the slots with that hash: for (s = hash_table_first(t, hash); s != NULL; s = hash_table_next(t, s)). */
static inline const struct hash_table_slot *hash_table_first(const struct hash_table *t, uint32_t hash)
{
	const struct hash_table_part *p = hash_table_part(t, hash);

	return p->slots > 0 ? hash_table_same(p, p->slot + (hash & (p->slots - 1)), hash) : NULL;
}

static inline const struct hash_table_slot *hash_table_next(const struct hash_table *t, const struct hash_table_slot *s)
{
	const struct hash_table_part *p = hash_table_part(t, s->hash);

	return hash_table_same(p, s + 1 < p->slot + p->slots ? s + 1 : p->slot, s->hash);
}

/* The hash will soon be looked for: let its slot come into the cache. */
static inline void hash_table_expect(const struct hash_table *t, uint32_t hash)
{
	const struct hash_table_part *p = hash_table_part(t, hash);

	if (p->slots > 0)
		__builtin_prefetch(p->slot + (hash & (p->slots - 1)));
}

#endif
