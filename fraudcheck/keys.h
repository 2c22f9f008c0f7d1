/*
 * The keys of a group of features in one partition, each with its rings and their state; the one that learned nothing for the longest
 * time is the first to go. Keys lie in pieces that never move.
 */
#ifndef FRAUDCHECK_KEYS_H
#define FRAUDCHECK_KEYS_H

#include "intern.h"
#include "hash_table.h"
#include "window.h"

struct key_name {
	uint64_t a, b; /* two hashes of it: hash.h */
};

struct key {
	struct key_name name;
	uint32_t index;
	struct ring ring; /* behind it the state of its windows */
};

enum { KEY_STATE_AT = (sizeof(struct key) + 15) / 16 * 16 };

#define KEYS_NONE UINT32_MAX

/* Neighbours of a key in the order in which keys learned; KEYS_NONE at the ends. Apart from the keys, because moving one to the front
 * touches three of them. */
struct key_link {
	uint32_t newer, older;
};

struct keys {
	const struct plan_group *group;
	struct intern *strings;
	struct chunks chunks; /* of their rings */
	char **piece;
	struct key_link *link;        /* per index */
	uint32_t pieces, used, count; /* used: ever given out; count: there now */
	uint32_t free;                /* first of those given back, linked by `newer` */
	struct hash_table table;           /* indices by name */
	uint32_t newest, oldest;
	size_t size;                  /* bytes of a key */
};

void keys_init(struct keys *k, const struct plan_group *group, struct intern *strings);
void keys_free(struct keys *k);

static inline uint32_t key_hash(struct key_name name)
{
	return (uint32_t)name.a;
}

/* The key, or NULL. */
struct key *keys_find(const struct keys *k, struct key_name name);

/* The key will soon be looked for: let its slot come into the cache. And the bytes of a key. */
static inline void keys_expect(const struct keys *k, struct key_name name)
{
	hash_table_expect(&k->table, key_hash(name));
}

static inline void keys_fetch(const struct keys *k, const struct key *key)
{
	for (size_t i = 0; i < k->size; i += 64)
		__builtin_prefetch((const char *)key + i, 1);
}

/* A new one, empty, the newest. */
struct key *keys_add(struct keys *k, struct key_name name);

/* It learned: now it is the newest. */
void keys_touch(struct keys *k, struct key *key);

/* The one that learned nothing for the longest time, or NULL. */
struct key *keys_oldest(const struct keys *k);

/* Forget a key. */
void keys_drop(struct keys *k, struct key *key);

/* Forget the oldest records of the key, and the words of some more. */
void keys_forget(struct keys *k, struct key *key, uint32_t count, uint32_t count_words);

static inline void *key_state(struct key *key)
{
	return (char *)key + KEY_STATE_AT;
}

#endif
