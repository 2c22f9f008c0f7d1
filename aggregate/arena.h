/*
 * Memory with one owner: a project's nodes, names and texts live exactly as long as the project. Everything comes
 * zeroed; nothing is freed singly.
 */
#ifndef AGGREGATE_ARENA_H
#define AGGREGATE_ARENA_H

#include <stddef.h>

struct arena {
	struct arena_block *block;
};

void arena_free(struct arena *p);

void *arena_alloc(struct arena *p, size_t n);
char *arena_text(struct arena *p, const char *bytes, size_t n); /* a terminated copy */
char *arena_dup(struct arena *p, const char *text);
char *arena_format(struct arena *p, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* An array that grows by one: returns where it is now, with room for element number `count` (0-based), zeroed. */
void *arena_more(struct arena *p, void *array, size_t count, size_t size);

#endif
