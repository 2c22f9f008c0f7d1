#include "keys.h"

#include <stdalign.h>
#include <stdlib.h>

#include "buf.h"

enum { PIECE = 256 }; /* keys of a piece */

void keys_init(struct keys *k, const struct plan_group *group, struct intern *strings)
{
	*k = (struct keys){.group = group, .strings = strings, .free = KEYS_NONE, .newest = KEYS_NONE, .oldest = KEYS_NONE};
	k->size = KEY_STATE_AT + group->ring.state_size;
}

static struct key *at(const struct keys *k, uint32_t index)
{
	return index != KEYS_NONE ? (struct key *)(void *)(k->piece[index / PIECE] + index % PIECE * k->size) : NULL;
}

struct key *keys_find(const struct keys *k, struct key_name name)
{
	for (const struct hash_table_slot *s = hash_table_first(&k->table, key_hash(name)); s != NULL; s = hash_table_next(&k->table, s)) {
		struct key *key = at(k, s->number);

		keys_fetch(k, key); /* nearly always it is the one: all of it comes while its name is waited for */
		if (key->name.a == name.a && key->name.b == name.b)
			return key;
	}
	return NULL;
}

static uint32_t take_index(struct keys *k)
{
	uint32_t index = k->free;

	if (index != KEYS_NONE) {
		k->free = k->link[index].newer;
		return index;
	}
	if (k->used == k->pieces * PIECE) {
		k->piece = xrealloc(k->piece, (k->pieces + 1) * sizeof *k->piece);
		k->piece[k->pieces++] = xmalloc(PIECE * k->size);
		if ((k->pieces & (k->pieces - 1)) == 0) /* room for twice as many as there are */
			k->link = xrealloc(k->link, 2 * (size_t)k->pieces * PIECE * sizeof *k->link);
	}
	return k->used++;
}

/* --- the order in which they learned -------------------------------------------------------------------------------- */

static void link_newest(struct keys *k, uint32_t index)
{
	k->link[index] = (struct key_link){.newer = KEYS_NONE, .older = k->newest};
	if (k->newest != KEYS_NONE)
		k->link[k->newest].newer = index;
	else
		k->oldest = index;
	k->newest = index;
}

static void unlink_index(struct keys *k, uint32_t index)
{
	struct key_link link = k->link[index];

	if (link.newer != KEYS_NONE)
		k->link[link.newer].older = link.older;
	else
		k->newest = link.older;
	if (link.older != KEYS_NONE)
		k->link[link.older].newer = link.newer;
	else
		k->oldest = link.newer;
}

struct key *keys_add(struct keys *k, struct key_name name)
{
	struct key *key;
	uint32_t index;

	index = take_index(k);
	key = at(k, index);
	*key = (struct key){.name = name, .index = index};
	windows_begin(&k->group->ring, key_state(key), 0);
	hash_table_add(&k->table, key_hash(name), index);
	k->count++;
	link_newest(k, index);
	return key;
}

void keys_touch(struct keys *k, struct key *key)
{
	if (k->newest == key->index)
		return;
	unlink_index(k, key->index);
	link_newest(k, key->index);
}

struct key *keys_oldest(const struct keys *k)
{
	return at(k, k->oldest);
}

/* --- forgetting --------------------------------------------------------------------------------------------------- */

/* The strings of rows from..until are no longer held by the ring. */
static void release_strings(struct keys *k, const struct key *key, uint32_t from, uint32_t until)
{
	const struct plan_ring *plan = &k->group->ring;
	struct ring_view v;

	if (!plan->has_strings)
		return;
	ring_look(plan, &k->chunks, &key->ring, &v);
	for (unsigned c = 0; c < plan->word_count; c++)
		for (uint32_t row = from; plan->word[c].kind == WORD_STRING && row < until; row++)
			intern_release(k->strings, ring_word(&v, c, row));
}

void keys_forget(struct keys *k, struct key *key, uint32_t count, uint32_t count_words)
{
	const struct plan_ring *plan = &k->group->ring;
	uint32_t wordless = key->ring.rows.n - key->ring.words.n;

	if (plan->word_count > 0 && count_words > wordless) {
		release_strings(k, key, wordless, count_words);
		ring_drop_words(plan, &k->chunks, &key->ring, count_words - wordless);
	}
	ring_drop(plan, &k->chunks, &key->ring, count);
}

static void free_key(struct keys *k, struct key *key)
{
	keys_forget(k, key, key->ring.rows.n, key->ring.rows.n);
	windows_free(&k->group->ring, key_state(key));
	ring_free(&k->group->ring, &k->chunks, &key->ring);
}

void keys_drop(struct keys *k, struct key *key)
{
	hash_table_drop(&k->table, key_hash(key->name), key->index);
	unlink_index(k, key->index);
	free_key(k, key);
	k->count--;
	k->link[key->index].newer = k->free;
	k->free = key->index;
}

void keys_free(struct keys *k)
{
	for (uint32_t i = k->newest; i != KEYS_NONE; i = k->link[i].older)
		free_key(k, at(k, i));
	for (uint32_t i = 0; i < k->pieces; i++)
		free(k->piece[i]);
	chunks_free(&k->chunks);
	free(k->piece);
	free(k->link);
	hash_table_free(&k->table);
	*k = (struct keys){0};
}
