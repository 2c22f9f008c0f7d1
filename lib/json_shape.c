#include "json_shape.h"

#include <stdatomic.h>

/* Objects with more names, or longer ones, are read all the same; nothing is known of the rest. */
enum { HEADS_MAX = 128, NAMES_MAX = 8192 };

static const char *begin_of_value(const struct json_member *m)
{
	return m->type == JSON_STRING ? m->value.p - 1 : m->value.p;
}

static const char *end_of_value(const struct json_member *m)
{
	return m->value.p + m->value.n + (m->type == JSON_STRING);
}

/* false: there is no room for it */
static bool add_head(struct json_object *o, size_t i)
{
	const struct json_member *m = &o->member[i];
	const char *start = i == 0 ? m->name.p - 1 : end_of_value(m - 1);
	const size_t n = (size_t)(begin_of_value(m) - start);

	if (i == HEADS_MAX || o->names.n + n > NAMES_MAX)
		return false;
	o->head[o->heads++] = (struct json_head){
		.at = (uint32_t)o->names.n,
		.n = (uint32_t)n,
		.room = n > JSON_HEAD_ROOM ? (uint32_t)n : JSON_HEAD_ROOM,
		.name = (uint32_t)(m->name.p - start),
		.name_n = (uint32_t)m->name.n,
		.escaped = m->name_escaped,
	};
	memset(buf_room(&o->names, n + JSON_HEAD_ROOM) + n, 0, JSON_HEAD_ROOM);
	buf_add(&o->names, start, n);
	return true;
}

void json_remember(struct json_object *o, size_t same)
{
	static atomic_uint_fast64_t shapes;

	/* not o->heads: of a larger object they are only the first, and who knows that one by its number looks for members that are not here */
	if (o->shape != 0 && same == o->count && same == o->shaped)
		return;
	if (o->head == NULL)
		o->head = xcalloc(HEADS_MAX, sizeof *o->head);
	o->shape = atomic_fetch_add_explicit(&shapes, 1, memory_order_relaxed) + 1;
	o->shaped = o->count;
	o->heads = same;
	o->names.n = same == 0 ? 0 : o->head[same - 1].at + o->head[same - 1].n;
	while (o->heads < o->count && add_head(o, o->heads))
		;
}
