#include "chunk.h"

#include <stdlib.h>
#include <string.h>

#include "buf.h"

enum { SLAB_UNITS = 1 << CHUNK_SLAB_BITS };

uint32_t chunk_take(struct chunks *c, size_t size)
{
	uint32_t units = (uint32_t)(size / CHUNK_UNIT), chunk = c->free[units];

	if (chunk != 0) {
		memcpy(&c->free[units], chunk_at(c->slab, chunk - 1), sizeof chunk);
		return chunk - 1;
	}
	if (c->slabs == 0 || SLAB_UNITS - c->used < units) {
		c->slab = xrealloc(c->slab, (c->slabs + 1) * sizeof *c->slab);
		c->slab[c->slabs++] = xmalloc((size_t)SLAB_UNITS * CHUNK_UNIT); /* (what is not touched takes no memory) */
		c->used = 0;
	}
	chunk = (c->slabs - 1) << CHUNK_SLAB_BITS | c->used;
	c->used += units;
	return chunk;
}

void chunk_give(struct chunks *c, uint32_t chunk, size_t size)
{
	uint32_t units = (uint32_t)(size / CHUNK_UNIT);

	memcpy(chunk_at(c->slab, chunk), &c->free[units], sizeof chunk);
	c->free[units] = chunk + 1;
}

void chunks_free(struct chunks *c)
{
	for (uint32_t i = 0; i < c->slabs; i++)
		free(c->slab[i]);
	free(c->slab);
	*c = (struct chunks){0};
}
