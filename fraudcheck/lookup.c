#include "lookup.h"

#include <math.h>
#include <stdio.h>

#include "decimal.h"
#include "hash.h"
#include "json.h"

static size_t table_size(size_t count)
{
	size_t size = 8;

	while (size < 2 * count)
		size *= 2;
	return size;
}

/* The slot that holds the string, or the empty one where it would go. */
static size_t place(const struct span *slot, size_t size, struct span s)
{
	size_t at = hash_bytes(0, s) & (size - 1);

	while (slot[at].p != NULL && !span_eq(slot[at], s))
		at = (at + 1) & (size - 1);
	return at;
}

/* The next line of `text`, without its end, from *at on; false behind the last. */
static bool next_line(struct span text, size_t *at, struct span *line)
{
	const char *begin = text.p + *at, *end;

	if (*at >= text.n)
		return false;
	end = memchr(begin, '\n', text.n - *at);
	*line = (struct span){begin, end != NULL ? (size_t)(end - begin) : text.n - *at};
	*at += line->n + 1;
	if (line->n > 0 && line->p[line->n - 1] == '\r')
		line->n--;
	return true;
}

static size_t count_lines(struct span text)
{
	struct span line;
	size_t count = 0;

	for (size_t at = 0; next_line(text, &at, &line);)
		count++;
	return count;
}

/* --- lists ------------------------------------------------------------------------------------------------------- */

static void list_begin(struct list *l, struct pool *pool, size_t count)
{
	l->size = table_size(count);
	l->slot = pool_zero(pool, l->size, sizeof *l->slot);
}

static void list_add(struct list *l, struct span s)
{
	size_t at = place(l->slot, l->size, s);

	if (l->slot[at].p != NULL)
		return;
	l->slot[at] = s;
	l->count++;
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

void list_read(struct list *l, struct pool *pool, struct span text)
{
	struct span line;

	list_begin(l, pool, count_lines(text));
	for (size_t at = 0; next_line(text, &at, &line);) {
		while (line.n > 0 && is_blank(line.p[0])) {
			line.p++;
			line.n--;
		}
		while (line.n > 0 && is_blank(line.p[line.n - 1]))
			line.n--;
		if (line.n > 0 && line.p[0] != '#')
			list_add(l, line);
	}
}

void list_make(struct list *l, struct pool *pool, const struct span *item, size_t count)
{
	list_begin(l, pool, count);
	for (size_t i = 0; i < count; i++)
		list_add(l, item[i].n > 0 ? item[i] : SPAN(""));
}

bool list_has(const struct list *l, struct span s)
{
	return l->slot[place(l->slot, l->size, s)].p != NULL;
}

/* --- tables ------------------------------------------------------------------------------------------------------ */

enum { COLUMNS_MAX = 64 };

struct table_reader {
	struct table *table;
	struct pool *pool;
	struct table_column column[COLUMNS_MAX];
	struct buf unescaped;
	char why[200];
};

static int wrong(struct table_reader *r, const char *what, struct span name)
{
	snprintf(r->why, sizeof r->why, "%.*s %s", SPAN_ARG(name), what);
	return -1;
}

/* The string, its escapes undone in the pool. */
static int read_string(struct table_reader *r, const struct json_member *m, struct span *to)
{
	*to = m->value;
	if (!m->escaped)
		return 0;
	buf_clear(&r->unescaped);
	if (json_unescape(&r->unescaped, m->value) < 0)
		return wrong(r, "holds half a surrogate pair", m->name);
	*to = pool_copy(r->pool, buf_span(&r->unescaped));
	return 0;
}

static enum value_type type_of(const struct json_member *m)
{
	return m->type == JSON_NUMBER ? TYPE_NUMBER : m->type == JSON_STRING ? TYPE_STRING : TYPE_BOOL;
}

/* Note the columns of a line, and their types. */
static int see_columns(struct table_reader *r, const struct json_object *o)
{
	for (size_t i = 0; i < o->count; i++) {
		const struct json_member *m = &o->member[i];
		struct table *t = r->table;
		size_t c = 0;

		if (json_name_is(m, t->by))
			continue;
		if (m->type == JSON_ARRAY || m->type == JSON_OBJECT)
			return wrong(r, "is neither number, string, boolean nor null", m->name);
		while (c < t->columns && !span_eq(r->column[c].name, m->name))
			c++;
		if (c == COLUMNS_MAX)
			return wrong(r, "is one column too many", m->name);
		if (c == t->columns)
			r->column[t->columns++] = (struct table_column){m->name, TYPE_ANY};
		if (m->type == JSON_NULL)
			continue;
		if (r->column[c].type != TYPE_ANY && r->column[c].type != type_of(m))
			return wrong(r, "has another type in an earlier line", m->name);
		r->column[c].type = type_of(m);
	}
	return 0;
}

static int read_cell(struct table_reader *r, const struct json_member *m, struct value *to)
{
	to->null = m->type == JSON_NULL;
	switch (m->type) {
	case JSON_NUMBER:
		to->number = decimal_double(m->value);
		return isfinite(to->number) ? 0 : wrong(r, "is beyond the range of a double", m->name);
	case JSON_STRING:
		return read_string(r, m, &to->string);
	default:
		to->truth = m->type == JSON_TRUE;
		return 0;
	}
}

static int read_row(struct table_reader *r, const struct json_object *o)
{
	struct table *t = r->table;
	const struct json_member *m = json_find(o, t->by);
	struct span key;
	size_t at;

	if (m == NULL || m->type != JSON_STRING)
		return wrong(r, "is missing or no string, but it is the key", t->by);
	if (read_string(r, m, &key) < 0)
		return -1;
	at = place(t->key, t->size, key);
	if (t->key[at].p != NULL)
		return wrong(r, "has this value in an earlier line too, but it is the key", t->by);
	t->key[at] = key;
	t->count++;
	for (size_t c = 0; c < t->columns; c++) {
		m = json_find(o, t->column[c].name);
		t->cell[at * t->columns + c].null = true;
		if (m != NULL && read_cell(r, m, &t->cell[at * t->columns + c]) < 0)
			return -1;
	}
	return 0;
}

/* Run over the lines; -1 at the first bad one, with the error. */
static int each_line(struct table_reader *r, struct span text, int (*take)(struct table_reader *, const struct json_object *),
                     struct buf *error)
{
	struct json_object o = {0};
	struct span line;
	size_t number = 0, where;
	int status = 0;

	for (size_t at = 0; status == 0 && next_line(text, &at, &line);) {
		enum json_fault fault;

		number++;
		if (line.n == 0)
			continue;
		fault = json_scan(&o, line, &where);
		if (fault != JSON_OK) {
			snprintf(r->why, sizeof r->why, "%s", json_fault_name(fault));
			status = -1;
		} else if (json_duplicate(&o) != NULL) {
			status = wrong(r, "is there twice", json_duplicate(&o)->name);
		} else {
			status = take(r, &o);
		}
	}
	if (status < 0)
		buf_addf(error, "line %zu: %s", number, r->why);
	json_object_free(&o);
	return status;
}

int table_read(struct table *t, struct pool *pool, struct span text, struct buf *error)
{
	struct table_reader r = {.table = t, .pool = pool};
	int status = each_line(&r, text, see_columns, error);

	if (status == 0) {
		t->column = pool_zero(pool, t->columns, sizeof *t->column);
		memcpy(t->column, r.column, t->columns * sizeof *t->column);
		t->size = table_size(count_lines(text));
		t->key = pool_zero(pool, t->size, sizeof *t->key);
		t->cell = pool_zero(pool, t->size * t->columns + 1, sizeof *t->cell);
		status = each_line(&r, text, read_row, error);
	}
	if (status < 0)
		t->columns = t->count = 0;
	buf_free(&r.unescaped);
	return status;
}

int table_column(const struct table *t, struct span name)
{
	for (size_t c = 0; c < t->columns; c++)
		if (span_eq(t->column[c].name, name))
			return (int)c;
	return -1;
}

const struct value *table_cell(const struct table *t, struct span key, size_t column)
{
	size_t at = place(t->key, t->size, key);

	return t->key[at].p != NULL ? &t->cell[at * t->columns + column] : NULL;
}
