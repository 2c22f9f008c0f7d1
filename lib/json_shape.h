/*
 * The names of the object scanned last, with what stands around them. Producers write the same names in the same order, record after
 * record: then a name costs a comparison with what stood there before, and who looks names up can see by a number that nothing has
 * changed. Other white space is another number: what follows is looked up anew, and nothing else. Private to lib/json_*.c.
 */
#ifndef TXPIPE_JSON_SHAPE_H
#define TXPIPE_JSON_SHAPE_H

#include <string.h>

#ifdef __SSE2__
#include <emmintrin.h>
#endif

#include "json.h"

/* What stands before a value, from the end of the value before (of the first: from its name on): `,"amount":`, with the
 * white space in it. */
struct json_head {
	uint32_t at, n;        /* in json_object.names */
	uint32_t room;         /* n, or JSON_HEAD_ROOM if that is more */
	uint32_t name, name_n; /* where the name begins in it, and its bytes */
	bool escaped;          /* of the name */
};

enum { JSON_HEAD_ROOM = 16 }; /* the bytes of a vector */

#ifdef __SSE2__
/* Of sixteen bytes: a bit for each that is the same. */
static inline unsigned json_equal_bytes(const char *a, const char *b)
{
	__m128i x = _mm_loadu_si128((const __m128i *)(const void *)a), y = _mm_loadu_si128((const __m128i *)(const void *)b);

	return (unsigned)_mm_movemask_epi8(_mm_cmpeq_epi8(x, y));
}
#endif

/* Of n bytes at least one, of both so many may be read, and JSON_HEAD_ROOM if that is more. */
static inline bool json_same_bytes(const char *a, const char *b, size_t n)
{
#if defined(__SSE2__) && !defined(JSON_PORTABLE)
	if (n <= JSON_HEAD_ROOM)
		return ~json_equal_bytes(a, b) << (32 - n) == 0;
	for (size_t i = 0; i < n - JSON_HEAD_ROOM; i += JSON_HEAD_ROOM)
		if (json_equal_bytes(a + i, b + i) != 0xffff)
			return false;
	return json_equal_bytes(a + n - JSON_HEAD_ROOM, b + n - JSON_HEAD_ROOM) == 0xffff;
#else
	return memcmp(a, b, n) == 0;
#endif
}

/* Does `h`, one of those whose texts are in `names`, stand at p, too? Then m->name is set, and the place behind it is returned; else
 * NULL. */
static inline const char *json_skip_head(const struct json_head *h, const char *names, const char *p, const char *end,
                                         struct json_member *m)
{
	const char *head = names + h->at;
	const size_t room = (size_t)(end - p);

	if (room >= h->room ? !json_same_bytes(p, head, h->n) : room < h->n || memcmp(p, head, h->n) != 0)
		return NULL;
	m->name = (struct span){p + h->name, h->name_n};
	m->name_escaped = h->escaped;
	return p + h->n;
}

/* The object has been scanned; its first `same` names are those known. */
void json_remember(struct json_object *o, size_t same);

#endif
