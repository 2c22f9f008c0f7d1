/* Kafka's hash of a message key (Austin Appleby's MurmurHash2 with the seed 0x9747b28c), which chooses its partition. */
#ifndef FRAUDCHECK_MURMUR2_H
#define FRAUDCHECK_MURMUR2_H

#include <stdint.h>

#include "span.h"

static inline uint32_t murmur2(struct span key)
{
	const uint32_t m = 0x5bd1e995;
	uint32_t h = 0x9747b28c ^ (uint32_t)key.n;
	const unsigned char *p = (const unsigned char *)key.p;
	size_t n = key.n;

	for (; n >= 4; p += 4, n -= 4) {
		uint32_t k = (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;

		k *= m;
		k ^= k >> 24;
		h = h * m ^ k * m;
	}
	if (n > 2)
		h ^= (uint32_t)p[2] << 16;
	if (n > 1)
		h ^= (uint32_t)p[1] << 8;
	if (n > 0)
		h = (h ^ p[0]) * m;
	h ^= h >> 13;
	h *= m;
	return h ^ h >> 15;
}

#endif
