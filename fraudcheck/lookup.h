/* What rules look things up in: lists (is this string among them?) and tables (the row that belongs to a key). */
#ifndef FRAUDCHECK_LOOKUP_H
#define FRAUDCHECK_LOOKUP_H

#include "buf.h"
#include "pool.h"
#include "value.h"

struct list {
	struct span name;
	struct span *slot; /* open addressing, a power of two of them; an empty slot has p == NULL */
	size_t size, count;
};

struct table_column {
	struct span name;
	enum value_type type; /* number, string or boolean; TYPE_ANY if it is null in every row */
};

struct table {
	struct span name, by;
	struct table_column *column;
	size_t columns;
	struct span *key; /* open addressing as above; row i has the cells from i * columns on */
	struct value *cell;
	size_t size, count;
};

/* All of it lives in the pool, and points into `text`, which has to live as long. */

/* One value a line; empty lines and lines that begin with # do not count, nor do blanks around a value. */
void list_read(struct list *l, struct pool *pool, struct span text);
void list_make(struct list *l, struct pool *pool, const struct span *item, size_t count);
bool list_has(const struct list *l, struct span s);

/*
 * NDJSON: an object a line, each with the key (`t->by`, a string, never twice); every other member is a column, of one type
 * in all lines. 0, or -1 with `line N: what is wrong` in `error`.
 */
int table_read(struct table *t, struct pool *pool, struct span text, struct buf *error);

/* The number of the column, or -1. */
int table_column(const struct table *t, struct span name);

/* The cell, or NULL if there is no such row. */
const struct value *table_cell(const struct table *t, struct span key, size_t column);

#endif
