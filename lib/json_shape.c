#include "json_shape.h"

#include <stdatomic.h>
#include <stdlib.h>

/* Objects with more names, or longer ones, are read all the same; nothing is known of the rest. */
enum { HEADS_MAX = 128, NAMES_MAX = 8192 };

static void add_head(struct json_object *o, const struct json_member *m)
{
	const char *start = m->name.p - 1, *value = m->type == JSON_STRING ? m->value.p - 1 : m->value.p;
	size_t n = (size_t)(value - start);

	o->head[o->heads++] = (struct json_head){(uint32_t)o->names.n, (uint32_t)n, (uint32_t)m->name.n, m->name_escaped};
	buf_add(&o->names, start, n);
}

void json_remember(struct json_object *o, size_t same)
{
	static atomic_uint_fast64_t shapes;

	if (o->shape != 0 && same == o->count && same == o->heads)
		return;
	if (o->head == NULL)
		o->head = xcalloc(HEADS_MAX, sizeof *o->head);
	o->shape = atomic_fetch_add_explicit(&shapes, 1, memory_order_relaxed) + 1;
	o->heads = same;
	o->names.n = same == 0 ? 0 : o->head[same - 1].at + o->head[same - 1].n;
	while (o->heads < o->count && o->heads < HEADS_MAX &&
	       o->names.n + (size_t)(o->member[o->heads].value.p - o->member[o->heads].name.p) < NAMES_MAX)
		add_head(o, &o->member[o->heads]);
}
