/*
 * The keys of a group of features in one partition, each with its rings and their state; the one that learned nothing for the longest
 * time is the first to go. Keys lie in pieces that never move.
 */
#ifndef FRAUDCHECK_KEYS_H
#define FRAUDCHECK_KEYS_H

#include "intern.h"
#include "window.h"

struct key_name {
	uint64_t a, b; /* two hashes of it: hash.h */
};

struct key {
	struct key_name name;
	uint32_t newer, older; /* in the order in which they learned; KEYS_NONE at the ends */
	uint32_t index;
	struct ring ring[]; /* `rings` of the group; behind them the states */
};

#define KEYS_NONE UINT32_MAX

struct keys {
	const struct plan_group *group;
	struct intern *strings;
	char **piece;
	uint32_t pieces, used, count; /* used: ever given out; count: there now */
	uint32_t free;                /* first of those given back, linked by `newer` */
	uint32_t *slot, slots;        /* open addressing over indexes */
	uint32_t newest, oldest;
	size_t size;                  /* bytes of a key */
	size_t state[PLAN_RINGS_MAX]; /* where the state of a ring begins in a key */
};

void keys_init(struct keys *k, const struct plan_group *group, struct intern *strings);
void keys_free(struct keys *k);

/* The key, or NULL. */
struct key *keys_find(const struct keys *k, struct key_name name);

/* A new one, empty, the newest. */
struct key *keys_add(struct keys *k, struct key_name name);

/* It learned: now it is the newest. */
void keys_touch(struct keys *k, struct key *key);

/* The one that learned nothing for the longest time, or NULL. */
struct key *keys_oldest(const struct keys *k);

/* Forget a key. */
void keys_drop(struct keys *k, struct key *key);

/* Forget the oldest records of a ring of the key. */
void keys_forget(struct keys *k, struct key *key, size_t ring, uint32_t count);

static inline void *keys_state(const struct keys *k, struct key *key, size_t ring)
{
	return (char *)key + k->state[ring];
}

#endif
