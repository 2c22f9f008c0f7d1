#include "chunk.h"

#include <stdlib.h>
#include <string.h>

#include "buf.h"

enum { SLAB_FIRST = 8 << 10, SLAB_LAST = 1 << 20 };

struct chunk_slab {
	struct chunk_slab *next;
	max_align_t bytes[];
};

void *chunk_take(struct chunks *c, size_t size)
{
	void *chunk = c->free[size / CHUNK_UNIT];
	struct chunk_slab *slab;

	if (chunk != NULL) {
		memcpy(&c->free[size / CHUNK_UNIT], chunk, sizeof chunk);
		return chunk;
	}
	if (c->size - c->used < size) {
		c->size = c->size == 0 ? SLAB_FIRST : c->size < SLAB_LAST ? 2 * c->size : SLAB_LAST;
		slab = xmalloc(sizeof *slab + c->size);
		slab->next = c->slab;
		c->slab = slab;
		c->used = 0;
	}
	chunk = (char *)c->slab->bytes + c->used;
	c->used += size;
	return chunk;
}

void chunk_give(struct chunks *c, void *chunk, size_t size)
{
	memcpy(chunk, &c->free[size / CHUNK_UNIT], sizeof chunk);
	c->free[size / CHUNK_UNIT] = chunk;
}

void chunks_free(struct chunks *c)
{
	while (c->slab != NULL) {
		struct chunk_slab *next = c->slab->next;

		free(c->slab);
		c->slab = next;
	}
	*c = (struct chunks){0};
}
