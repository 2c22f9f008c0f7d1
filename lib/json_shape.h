/*
 * The names of the object scanned last. Producers write the same names in the same order, record after record: then a name costs a
 * comparison with what stood there before, and who looks names up can see by a number that nothing has changed. Private to
 * lib/json_*.c.
 */
#ifndef TXPIPE_JSON_SHAPE_H
#define TXPIPE_JSON_SHAPE_H

#include <string.h>

#include "json.h"

/* What stands before a value: `"amount":`, with the white space in it. */
struct json_head {
	uint32_t at, n; /* in json_object.names */
	uint32_t name;  /* bytes of the name */
	bool escaped;   /* of the name */
};

static inline bool json_same_bytes(const char *a, const char *b, size_t n)
{
	uint64_t x, y;

	if (n < 8)
		return memcmp(a, b, n) == 0;
	for (size_t i = 0; i < n - 8; i += 8) {
		memcpy(&x, a + i, 8);
		memcpy(&y, b + i, 8);
		if (x != y)
			return false;
	}
	memcpy(&x, a + n - 8, 8);
	memcpy(&y, b + n - 8, 8);
	return x == y;
}

/* Does what stood before value `i` stand at p, too? Then m->name is set, and the place behind it is returned; else NULL. */
static inline const char *json_skip_head(const struct json_object *o, size_t i, const char *p, const char *end, struct json_member *m)
{
	const struct json_head *h = &o->head[i];

	if ((size_t)(end - p) < h->n || !json_same_bytes(p, o->names.p + h->at, h->n))
		return NULL;
	m->name = (struct span){p + 1, h->name};
	m->name_escaped = h->escaped;
	return p + h->n;
}

/* The object has been scanned; its first `same` names are those known. */
void json_remember(struct json_object *o, size_t same);

#endif
