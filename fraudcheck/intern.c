#include "intern.h"

#include <stdlib.h>

#include "buf.h"
#include "hash.h"

struct intern_string {
	char *p;
	size_t n;
	uint64_t hash;
	uint32_t uses;
	uint32_t next_free; /* plus 1 */
};

static uint32_t place(const struct intern *i, uint64_t hash, struct span s)
{
	uint32_t at = (uint32_t)hash & (i->slots - 1);

	while (i->slot[at] != 0) {
		const struct intern_string *have = &i->string[i->slot[at] - 1];

		if (have->hash == hash && span_eq((struct span){have->p, have->n}, s))
			break;
		at = (at + 1) & (i->slots - 1);
	}
	return at;
}

static void grow(struct intern *i)
{
	uint32_t *old = i->slot, slots = i->slots;

	i->slots = slots > 0 ? 2 * slots : 64;
	i->slot = xcalloc(i->slots, sizeof *i->slot);
	for (uint32_t k = 0; k < slots; k++) {
		if (old[k] != 0) {
			const struct intern_string *s = &i->string[old[k] - 1];

			i->slot[place(i, s->hash, (struct span){s->p, s->n})] = old[k];
		}
	}
	free(old);
}

static uint32_t take_number(struct intern *i)
{
	uint32_t number = i->free;

	if (number != 0) {
		i->free = i->string[number - 1].next_free;
		return number - 1;
	}
	if (i->count == i->cap) {
		i->cap = i->cap > 0 ? 2 * i->cap : 64;
		i->string = xrealloc(i->string, i->cap * sizeof *i->string);
	}
	return i->count++;
}

uint64_t intern_take(struct intern *i, struct span s)
{
	uint64_t hash = hash_bytes(0, s);
	uint32_t at, number;

	if (4 * (i->used + 1) > 3 * i->slots)
		grow(i);
	at = place(i, hash, s);
	if (i->slot[at] != 0) {
		i->string[i->slot[at] - 1].uses++;
		return i->slot[at] - 1;
	}
	number = take_number(i);
	i->string[number] = (struct intern_string){.p = xstrndup(s.p, s.n), .n = s.n, .hash = hash, .uses = 1};
	i->slot[at] = number + 1;
	i->used++;
	return number;
}

struct span intern_get(const struct intern *i, uint64_t number)
{
	return (struct span){i->string[number].p, i->string[number].n};
}

static void empty_slot(struct intern *i, uint32_t at)
{
	uint32_t mask = i->slots - 1;

	for (uint32_t k = (at + 1) & mask; i->slot[k] != 0; k = (k + 1) & mask) {
		uint32_t home = (uint32_t)i->string[i->slot[k] - 1].hash & mask;

		if (((k - home) & mask) >= ((k - at) & mask)) {
			i->slot[at] = i->slot[k];
			at = k;
		}
	}
	i->slot[at] = 0;
}

void intern_release(struct intern *i, uint64_t number)
{
	struct intern_string *s;

	if (number >= i->count)
		return;
	s = &i->string[number];
	if (--s->uses > 0)
		return;
	empty_slot(i, place(i, s->hash, (struct span){s->p, s->n}));
	free(s->p);
	*s = (struct intern_string){.next_free = i->free};
	i->free = (uint32_t)number + 1;
	i->used--;
}

void intern_free(struct intern *i)
{
	for (uint32_t k = 0; k < i->count; k++)
		free(i->string[k].p);
	free(i->string);
	free(i->slot);
	*i = (struct intern){0};
}
