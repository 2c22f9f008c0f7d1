#include "hash_table.h"

#include <stdlib.h>
#include <string.h>

#include "buf.h"

enum { SLOTS_MIN = 8 };

/* Into the first empty slot from the hash's own on. */
static void put(struct hash_table_part *p, struct hash_table_slot slot)
{
	uint32_t at = slot.hash & (p->slots - 1);

	while (p->slot[at].number != HASH_TABLE_NONE)
		at = (at + 1) & (p->slots - 1);
	p->slot[at] = slot;
}

static void grow(struct hash_table_part *p)
{
	struct hash_table_part old = *p;

	p->slots = old.slots > 0 ? 2 * old.slots : SLOTS_MIN;
	p->slot = xmalloc(p->slots * sizeof *p->slot);
	memset(p->slot, 0xff, p->slots * sizeof *p->slot);
	for (uint32_t i = 0; i < old.slots; i++)
		if (old.slot[i].number != HASH_TABLE_NONE)
			put(p, old.slot[i]);
	free(old.slot);
}

void hash_table_add(struct hash_table *t, uint32_t hash, uint32_t number)
{
	struct hash_table_part *p = hash_table_part(t, hash);

	if (4 * (p->count + 1) > 3 * p->slots)
		grow(p);
	put(p, (struct hash_table_slot){hash, number});
	p->count++;
}

/* Empty a slot: what stands behind it and could stand there moves up. */
static void close_gap(struct hash_table_part *p, uint32_t gap)
{
	uint32_t mask = p->slots - 1;

	for (uint32_t i = (gap + 1) & mask; p->slot[i].number != HASH_TABLE_NONE; i = (i + 1) & mask) {
		if (((i - p->slot[i].hash) & mask) >= ((i - gap) & mask)) {
			p->slot[gap] = p->slot[i];
			gap = i;
		}
	}
	p->slot[gap].number = HASH_TABLE_NONE;
	p->count--;
}

void hash_table_drop(struct hash_table *t, uint32_t hash, uint32_t number)
{
	struct hash_table_part *p = hash_table_part(t, hash);

	for (const struct hash_table_slot *s = hash_table_first(t, hash); s != NULL; s = hash_table_next(t, s))
		if (s->number == number) {
			close_gap(p, (uint32_t)(s - p->slot));
			return;
		}
}

void hash_table_free(struct hash_table *t)
{
	for (int i = 0; i < HASH_TABLE_PARTS; i++)
		free(t->part[i].slot);
	*t = (struct hash_table){0};
}
