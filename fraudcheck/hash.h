/*
 * Hashes of keys and values. They never leave the process, so they may change with every version. Two numbers of 64 bit
 * under different seeds name a key for good: that two keys ever agree in both is not a thing that happens.
 */
#ifndef FRAUDCHECK_HASH_H
#define FRAUDCHECK_HASH_H

#include <stdint.h>
#include <string.h>

#include "span.h"

/* The two halves of the product, folded: each bit of either factor reaches all of them. */
static inline uint64_t hash_mix(uint64_t a, uint64_t b)
{
	unsigned __int128 product = (unsigned __int128)a * b;

	return (uint64_t)product ^ (uint64_t)(product >> 64);
}

static inline uint64_t hash_word(uint64_t seed, uint64_t word)
{
	return hash_mix(seed ^ UINT64_C(0x9e3779b97f4a7c15), word ^ UINT64_C(0xc2b2ae3d27d4eb4f)) + seed;
}

static inline uint64_t hash_bytes(uint64_t seed, struct span s)
{
	uint64_t h = hash_word(seed, s.n), word;

	for (; s.n >= sizeof word; s.p += sizeof word, s.n -= sizeof word) {
		memcpy(&word, s.p, sizeof word);
		h = hash_word(h, word);
	}
	if (s.n > 0) {
		word = 0;
		memcpy(&word, s.p, s.n);
		h = hash_word(h, word);
	}
	return hash_mix(h, UINT64_C(0xd6e8feb86659fd93));
}

#endif
