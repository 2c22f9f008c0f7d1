/*
 * Memory that is given back all at once: what a rule file compiles to, and what the evaluation of one record needs
 * (pool_reset() keeps the memory, so that a running tool does not allocate per record).
 */
#ifndef FRAUDCHECK_POOL_H
#define FRAUDCHECK_POOL_H

#include <stddef.h>

#include "span.h"

struct pool_chunk;

struct pool {
	struct pool_chunk *first, *current;
	size_t used; /* bytes of `current` */
};

/* `n` bytes, aligned for anything, not cleared; valid until pool_reset() or pool_free(). */
void *pool_take(struct pool *p, size_t n);

/* The same, cleared: `count` elements of `size` bytes. */
void *pool_zero(struct pool *p, size_t count, size_t size);

/* A copy of the bytes, with a NUL behind them that does not count. */
struct span pool_copy(struct pool *p, struct span s);

/* Everything taken is given back; the memory stays for the next time. */
void pool_reset(struct pool *p);

void pool_free(struct pool *p);

#endif
