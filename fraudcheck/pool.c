#include "pool.h"

#include <stdalign.h>
#include <stdint.h>
#include <stdlib.h>

#include "buf.h"

enum { CHUNK = 16 << 10, ALIGN = alignof(max_align_t) };

struct pool_chunk {
	struct pool_chunk *next;
	size_t size;
	alignas(max_align_t) char bytes[];
};

static struct pool_chunk *chunk_new(size_t n)
{
	size_t size = n > CHUNK ? n : CHUNK;
	struct pool_chunk *c = xmalloc(sizeof *c + size);

	c->next = NULL;
	c->size = size;
	return c;
}

void *pool_take(struct pool *p, size_t n)
{
	void *taken;

	n = (n + ALIGN - 1) / ALIGN * ALIGN;
	if (p->first == NULL)
		p->first = p->current = chunk_new(n);
	while (p->current->size - p->used < n) {
		if (p->current->next == NULL)
			p->current->next = chunk_new(n);
		p->current = p->current->next;
		p->used = 0;
	}
	taken = p->current->bytes + p->used;
	p->used += n;
	return taken;
}

void *pool_zero(struct pool *p, size_t count, size_t size)
{
	return memset(pool_take(p, count * size), 0, count * size);
}

struct span pool_copy(struct pool *p, struct span s)
{
	char *copy = pool_take(p, s.n + 1);

	if (s.n > 0)
		memcpy(copy, s.p, s.n);
	copy[s.n] = '\0';
	return (struct span){copy, s.n};
}

void pool_reset(struct pool *p)
{
	p->current = p->first;
	p->used = 0;
}

void pool_free(struct pool *p)
{
	while (p->first != NULL) {
		struct pool_chunk *next = p->first->next;

		free(p->first);
		p->first = next;
	}
	*p = (struct pool){0};
}
