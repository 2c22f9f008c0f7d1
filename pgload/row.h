/* A record into a row of binary COPY: members find their columns by name. */
#ifndef PGLOAD_ROW_H
#define PGLOAD_ROW_H

#include "catalogue.h"
#include "metrics.h"

enum { ROW_HEAD = 2 };

struct row_encoder {
	const struct table *table;
	const struct json_member **value; /* per column, of the current record; NULL: not there */
	int *column;                      /* of the member at this place in the record before; -1: none */
	size_t columns;
	uint64_t shape;                   /* of the record before */
	struct buf name, extra;
	struct buf dropped;               /* names already warned of, each ended by \n */
	size_t dropped_names;
	struct metric *dropped_members;
};

void row_encoder_init(struct row_encoder *e, const struct table *t);
void row_encoder_free(struct row_encoder *e);

/*
 * Append the row: the number of fields (two bytes, ROW_HEAD), then one for each column of the table. Members from `first`
 * on are taken; those without a column go to extra as they stood, or are dropped (with one warning a name). 0, or -1
 * with *f set and *to as before.
 */
int row_encode(struct row_encoder *e, struct buf *to, const struct json_object *o, size_t first, struct fault *f);

#endif
