/*
 * Small pieces of memory of few sizes, very many of them, which come and go all the time: what is given back is what is taken next,
 * and nothing is lost between them. They are known by numbers of 32 bit, half of what pointers take.
 */
#ifndef FRAUDCHECK_CHUNK_H
#define FRAUDCHECK_CHUNK_H

#include <stddef.h>
#include <stdint.h>

enum { CHUNK_UNIT = 8, CHUNK_MAX = 2048, CHUNK_SLAB_BITS = 17 }; /* units of a slab: 1 MiB */

/* All zero is an empty store. */
struct chunks {
	uint32_t free[CHUNK_MAX / CHUNK_UNIT + 1]; /* per size: those given back, plus 1, linked */
	char **slab;
	uint32_t slabs;
	uint32_t used; /* units of the last slab */
};

/* `size` is a multiple of CHUNK_UNIT up to CHUNK_MAX; the bytes are aligned for 8 and not cleared. */
uint32_t chunk_take(struct chunks *c, size_t size);
void chunk_give(struct chunks *c, uint32_t chunk, size_t size);

/* Every chunk is gone. */
void chunks_free(struct chunks *c);

static inline char *chunk_at(char *const *slab, uint32_t chunk)
{
	return slab[chunk >> CHUNK_SLAB_BITS] + (size_t)(chunk & ((1u << CHUNK_SLAB_BITS) - 1)) * CHUNK_UNIT;
}

#endif
