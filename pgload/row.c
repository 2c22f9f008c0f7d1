#include "row.h"

#include <stdlib.h>

#include "log.h"
#include "wire.h"

enum { DROPPED_WARNINGS = 100 };

void row_encoder_init(struct row_encoder *e, const struct table *t)
{
	struct buf label = {0};

	*e = (struct row_encoder){.table = t};
	e->value = xcalloc(t->count, sizeof(*e->value));
	metric_label(&label, "target", span_of(t->target));
	e->dropped_members = metric_new(METRIC_COUNTER, "txpipe_pgload_dropped_members_total",
	                                "Members without a column, in a table without extra.", buf_text(&label));
	buf_free(&label);
}

void row_encoder_free(struct row_encoder *e)
{
	free(e->value);
	free(e->column);
	buf_free(&e->name);
	buf_free(&e->extra);
	buf_free(&e->dropped);
}

static int search(struct row_encoder *e, const struct json_member *m)
{
	const struct table *t = e->table;
	struct span name = m->name;
	int column;

	if (m->name_escaped) {
		buf_clear(&e->name);
		if (json_unescape(&e->name, m->name) < 0)
			return -1;
		name = buf_span(&e->name);
	}
	column = table_find(t, name);
	return column == t->extra ? -1 : column;
}

static bool is_named(const struct row_encoder *e, int column, const struct json_member *m)
{
	const struct column *c = &e->table->column[column];

	return json_name_is(m, (struct span){c->name, c->name_length});
}

/* Other names than in the record before: which columns do they mean? Mostly many are still where they were. */
static void learn(struct row_encoder *e, const struct json_object *o, size_t first)
{
	if (o->count > e->columns) {
		e->column = xrealloc(e->column, o->count * sizeof(*e->column));
		while (e->columns < o->count)
			e->column[e->columns++] = -1;
	}
	for (size_t i = first; i < o->count; i++)
		if (e->column[i] < 0 || !is_named(e, e->column[i], &o->member[i]))
			e->column[i] = search(e, &o->member[i]);
	e->shape = o->shape;
}

static void warn_dropped(struct row_encoder *e, struct span name)
{
	metric_add(e->dropped_members, 1);
	if (e->dropped_names >= DROPPED_WARNINGS)
		return;
	for (size_t at = 0; at < e->dropped.n;) {
		const char *p = e->dropped.p + at;
		size_t n = (size_t)((const char *)memchr(p, '\n', e->dropped.n - at) - p);

		if (span_eq((struct span){p, n}, name))
			return;
		at += n + 1;
	}
	buf_add_span(&e->dropped, name);
	buf_add_char(&e->dropped, '\n');
	e->dropped_names++;
	log_warn("%s has no column %.*s and no column extra: the member is dropped", e->table->target, SPAN_ARG(name));
}

/* The member as it stood, from its name to the end of its value. */
static void keep_extra(struct row_encoder *e, const struct json_member *m)
{
	struct span value = json_raw(m);
	const char *start = m->name.p - 1;

	if (e->table->extra < 0) {
		warn_dropped(e, m->name);
		return;
	}
	buf_add_char(&e->extra, e->extra.n == 0 ? '{' : ',');
	buf_add(&e->extra, start, (size_t)(value.p + value.n - start));
}

static int add_extra(struct row_encoder *e, struct buf *to, const struct column *c, struct fault *f)
{
	if (e->extra.n == 0) {
		wire_null(to);
		return 0;
	}
	buf_add_char(&e->extra, '}');
	return c->encode(to, c, &(struct json_member){.value = buf_span(&e->extra), .type = JSON_OBJECT}, f);
}

static int add_field(struct row_encoder *e, struct buf *to, size_t i, struct fault *f)
{
	const struct column *c = &e->table->column[i];
	const struct json_member *m = e->value[i];

	if ((int)i == e->table->extra)
		return add_extra(e, to, c, f);
	if (m != NULL && m->type != JSON_NULL)
		return c->encode(to, c, m, f);
	if (c->required)
		return fault_set(f, "missing_column",
		                 m == NULL ? "%s is not null, and the record lacks it" : "%s must not be null", c->name);
	wire_null(to);
	return 0;
}

int row_encode(struct row_encoder *e, struct buf *to, const struct json_object *o, size_t first, struct fault *f)
{
	const struct table *t = e->table;
	size_t start = to->n;

	memset(e->value, 0, t->count * sizeof(*e->value));
	buf_clear(&e->extra);
	if (o->shape != e->shape)
		learn(e, o, first);
	for (size_t i = first; i < o->count; i++) {
		int column = e->column[i];

		if (column < 0)
			keep_extra(e, &o->member[i]);
		else
			e->value[column] = &o->member[i];
	}
	wire_int16(to, (int16_t)t->count);
	for (size_t i = 0; i < t->count; i++) {
		if (add_field(e, to, i, f) < 0) {
			to->n = start;
			return -1;
		}
	}
	return 0;
}
