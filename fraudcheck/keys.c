#include "keys.h"

#include <stdalign.h>
#include <stdlib.h>

#include "buf.h"

enum { PIECE = 256 }; /* keys of a piece */

static size_t aligned(size_t n)
{
	return (n + 15) / 16 * 16;
}

void keys_init(struct keys *k, const struct plan_group *group, struct intern *strings)
{
	*k = (struct keys){.group = group, .strings = strings, .free = KEYS_NONE, .newest = KEYS_NONE, .oldest = KEYS_NONE};
	k->size = aligned(sizeof(struct key) + group->rings * sizeof(struct ring));
	for (size_t i = 0; i < group->rings; i++) {
		k->state[i] = k->size;
		k->size += group->ring[i].state_size;
	}
}

static struct key *at(const struct keys *k, uint32_t index)
{
	return index != KEYS_NONE ? (struct key *)(void *)(k->piece[index / PIECE] + index % PIECE * k->size) : NULL;
}

/* Where the key is in the table, or where it would go. */
static uint32_t place(const struct keys *k, struct key_name name)
{
	uint32_t s = (uint32_t)name.a & (k->slots - 1);

	while (k->slot[s] != KEYS_NONE) {
		const struct key *key = at(k, k->slot[s]);

		if (key->name.a == name.a && key->name.b == name.b)
			break;
		s = (s + 1) & (k->slots - 1);
	}
	return s;
}

struct key *keys_find(const struct keys *k, struct key_name name)
{
	return k->slots > 0 ? at(k, k->slot[place(k, name)]) : NULL;
}

static void grow(struct keys *k)
{
	uint32_t *old = k->slot, slots = k->slots;

	k->slots = slots > 0 ? 2 * slots : 64;
	k->slot = xmalloc(k->slots * sizeof *k->slot);
	memset(k->slot, 0xff, k->slots * sizeof *k->slot);
	for (uint32_t i = 0; i < slots; i++)
		if (old[i] != KEYS_NONE)
			k->slot[place(k, at(k, old[i])->name)] = old[i];
	free(old);
}

static uint32_t take_index(struct keys *k)
{
	uint32_t index = k->free;

	if (index != KEYS_NONE) {
		k->free = at(k, index)->newer;
		return index;
	}
	if (k->used == k->pieces * PIECE) {
		k->piece = xrealloc(k->piece, (k->pieces + 1) * sizeof *k->piece);
		k->piece[k->pieces++] = xmalloc(PIECE * k->size);
	}
	return k->used++;
}

/* --- the order in which they learned -------------------------------------------------------------------------------- */

static void link_newest(struct keys *k, struct key *key)
{
	key->newer = KEYS_NONE;
	key->older = k->newest;
	if (k->newest != KEYS_NONE)
		at(k, k->newest)->newer = key->index;
	else
		k->oldest = key->index;
	k->newest = key->index;
}

static void unlink_key(struct keys *k, const struct key *key)
{
	if (key->newer != KEYS_NONE)
		at(k, key->newer)->older = key->older;
	else
		k->newest = key->older;
	if (key->older != KEYS_NONE)
		at(k, key->older)->newer = key->newer;
	else
		k->oldest = key->newer;
}

struct key *keys_add(struct keys *k, struct key_name name)
{
	struct key *key;
	uint32_t index;

	if (4 * (k->count + 1) > 3 * k->slots)
		grow(k);
	index = take_index(k);
	key = at(k, index);
	memset(key, 0, k->state[0]);
	key->name = name;
	key->index = index;
	for (size_t i = 0; i < k->group->rings; i++)
		windows_begin(&k->group->ring[i], keys_state(k, key, i), 0);
	k->slot[place(k, name)] = index;
	k->count++;
	link_newest(k, key);
	return key;
}

void keys_touch(struct keys *k, struct key *key)
{
	if (k->newest == key->index)
		return;
	unlink_key(k, key);
	link_newest(k, key);
}

struct key *keys_oldest(const struct keys *k)
{
	return at(k, k->oldest);
}

/* --- forgetting --------------------------------------------------------------------------------------------------- */

void keys_forget(struct keys *k, struct key *key, size_t ring, uint32_t count)
{
	const struct plan_ring *plan = &k->group->ring[ring];

	if (plan->has_strings) {
		struct ring_view v;

		ring_look(plan, &key->ring[ring], &v);
		for (unsigned c = 0; c < plan->word_count; c++)
			for (uint32_t row = 0; plan->word[c].kind == WORD_STRING && row < count; row++)
				intern_release(k->strings, ring_word(&v, c, row));
	}
	ring_drop(&key->ring[ring], count);
}

static void free_key(struct keys *k, struct key *key)
{
	for (size_t i = 0; i < k->group->rings; i++) {
		keys_forget(k, key, i, key->ring[i].n);
		windows_free(&k->group->ring[i], keys_state(k, key, i));
		ring_free(&key->ring[i]);
	}
}

/* Take the key out of the table: what stands behind it and could stand there moves up. */
static void empty_slot(struct keys *k, uint32_t s)
{
	uint32_t mask = k->slots - 1;

	for (uint32_t i = (s + 1) & mask; k->slot[i] != KEYS_NONE; i = (i + 1) & mask) {
		uint32_t home = (uint32_t)at(k, k->slot[i])->name.a & mask;

		if (((i - home) & mask) >= ((i - s) & mask)) {
			k->slot[s] = k->slot[i];
			s = i;
		}
	}
	k->slot[s] = KEYS_NONE;
}

void keys_drop(struct keys *k, struct key *key)
{
	empty_slot(k, place(k, key->name));
	unlink_key(k, key);
	free_key(k, key);
	k->count--;
	key->newer = k->free;
	k->free = key->index;
}

void keys_free(struct keys *k)
{
	for (uint32_t i = k->newest; i != KEYS_NONE; i = at(k, i)->older)
		free_key(k, at(k, i));
	for (uint32_t i = 0; i < k->pieces; i++)
		free(k->piece[i]);
	free(k->piece);
	free(k->slot);
	*k = (struct keys){0};
}
