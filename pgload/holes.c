#include "holes.h"

#include <inttypes.h>
#include <stdlib.h>

#include "server.h"

static size_t first(const struct holes *h)
{
	return h->count > HOLES_MAX ? h->count - HOLES_MAX : 0;
}

void holes_add(struct holes *h, int64_t from, int64_t to)
{
	h->item[h->count % HOLES_MAX].from = from;
	h->item[h->count % HOLES_MAX].to = to;
	h->count++;
}

void holes_add_all(struct holes *h, const struct holes *more, int64_t from)
{
	for (size_t i = first(more); i < more->count; i++) {
		int64_t at = more->item[i % HOLES_MAX].from, to = more->item[i % HOLES_MAX].to;

		if (to > from)
			holes_add(h, at > from ? at : from, to);
	}
}

bool holes_have(const struct holes *h, int64_t offset)
{
	for (size_t i = first(h); i < h->count; i++)
		if (offset >= h->item[i % HOLES_MAX].from && offset < h->item[i % HOLES_MAX].to)
			return true;
	return false;
}

void holes_read(struct holes *h, const char *array)
{
	char *end;

	h->count = 0;
	while (*array == '{' || *array == ',') {
		int64_t from = strtoll(array + 1, &end, 10);

		if (*end != ',')
			return; /* {} */
		int64_t to = strtoll(end + 1, &end, 10);
		holes_add(h, from, to);
		array = end;
	}
}

void holes_write(const struct holes *h, struct buf *array)
{
	array_open(array);
	for (size_t i = first(h); i < h->count; i++) {
		array_int(array, h->item[i % HOLES_MAX].from);
		array_int(array, h->item[i % HOLES_MAX].to);
	}
	array_close(array);
}
