#include "arena.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "buf.h"

enum { BLOCK = 32 << 10, ALIGN = 16 };

struct arena_block {
	struct arena_block *next;
	size_t used, size;
	_Alignas(ALIGN) char bytes[];
};

void arena_free(struct arena *p)
{
	while (p->block != NULL) {
		struct arena_block *next = p->block->next;

		free(p->block);
		p->block = next;
	}
}

void *arena_alloc(struct arena *p, size_t n)
{
	struct arena_block *b = p->block;
	void *at;

	n = (n + ALIGN - 1) / ALIGN * ALIGN;
	if (b == NULL || b->size - b->used < n) {
		size_t size = n > BLOCK ? n : BLOCK;

		b = xmalloc(sizeof *b + size);
		*b = (struct arena_block){.next = p->block, .size = size};
		p->block = b;
	}
	at = b->bytes + b->used;
	b->used += n;
	return memset(at, 0, n);
}

char *arena_text(struct arena *p, const char *bytes, size_t n)
{
	char *text = arena_alloc(p, n + 1);

	if (n > 0)
		memcpy(text, bytes, n);
	return text;
}

char *arena_dup(struct arena *p, const char *text)
{
	return arena_text(p, text, strlen(text));
}

char *arena_format(struct arena *p, const char *format, ...)
{
	va_list args;
	char *text;
	int n;

	va_start(args, format);
	n = vsnprintf(NULL, 0, format, args);
	va_end(args);
	text = arena_alloc(p, (size_t)n + 1);
	va_start(args, format);
	vsnprintf(text, (size_t)n + 1, format, args);
	va_end(args);
	return text;
}

void *arena_more(struct arena *p, void *array, size_t count, size_t size)
{
	void *bigger;

	/* Full whenever the count is 0 or a power of two from 4 on. */
	if (count != 0 && (count < 4 || (count & (count - 1)) != 0))
		return array;
	bigger = arena_alloc(p, (count == 0 ? 4 : 2 * count) * size);
	if (count > 0)
		memcpy(bigger, array, count * size);
	return bigger;
}
