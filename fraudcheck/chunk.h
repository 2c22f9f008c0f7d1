/*
 * Small pieces of memory of few sizes, very many of them, which come and go all the time: what is given back is what is taken next,
 * and nothing is lost between them.
 */
#ifndef FRAUDCHECK_CHUNK_H
#define FRAUDCHECK_CHUNK_H

#include <stddef.h>

enum { CHUNK_UNIT = 8, CHUNK_MAX = 2048 };

struct chunk_slab;

/* All zero is an empty store. */
struct chunks {
	void *free[CHUNK_MAX / CHUNK_UNIT + 1]; /* per size: those given back, linked */
	struct chunk_slab *slab;                /* the newest; linked */
	size_t used, size;                      /* of its bytes */
};

/* `size` is a multiple of CHUNK_UNIT up to CHUNK_MAX; the bytes are aligned for 8 and not cleared. */
void *chunk_take(struct chunks *c, size_t size);
void chunk_give(struct chunks *c, void *chunk, size_t size);

/* Every chunk is gone. */
void chunks_free(struct chunks *c);

#endif
