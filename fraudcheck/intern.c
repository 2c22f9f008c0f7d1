#include "intern.h"

#include <stdlib.h>

#include "buf.h"
#include "hash.h"

struct intern_string {
	char *p;
	size_t n;
	uint32_t hash;
	uint32_t uses;
	uint32_t next_free; /* plus 1 */
};

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
	uint32_t hash = (uint32_t)hash_bytes(0, s), number;

	for (const struct hash_table_slot *slot = hash_table_first(&i->table, hash); slot != NULL; slot = hash_table_next(&i->table, slot)) {
		if (span_eq(intern_get(i, slot->number), s)) {
			i->string[slot->number].uses++;
			return slot->number;
		}
	}
	number = take_number(i);
	i->string[number] = (struct intern_string){.p = xstrndup(s.p, s.n), .n = s.n, .hash = hash, .uses = 1};
	hash_table_add(&i->table, hash, number);
	return number;
}

struct span intern_get(const struct intern *i, uint64_t number)
{
	return (struct span){i->string[number].p, i->string[number].n};
}

void intern_release(struct intern *i, uint64_t number)
{
	struct intern_string *s;

	if (number >= i->count)
		return;
	s = &i->string[number];
	if (--s->uses > 0)
		return;
	hash_table_drop(&i->table, s->hash, (uint32_t)number);
	free(s->p);
	*s = (struct intern_string){.next_free = i->free};
	i->free = (uint32_t)number + 1;
}

void intern_free(struct intern *i)
{
	for (uint32_t k = 0; k < i->count; k++)
		free(i->string[k].p);
	free(i->string);
	hash_table_free(&i->table);
	*i = (struct intern){0};
}
