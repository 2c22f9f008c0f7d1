/* Units of each currency per unit of the base currency (USD), as `txgen currencies` prints them. */
#ifndef FRAUDCHECK_CURRENCY_H
#define FRAUDCHECK_CURRENCY_H

#include "buf.h"
#include "span.h"

struct currency {
	struct span name;
	double units_per_base;
};

struct currency_table {
	struct currency *slot; /* open addressing, a power of two of them; an empty slot has name.n == 0 */
	size_t size, count;
	char *text; /* the names' bytes */
};

/*
 * Read NDJSON with the members currency and units_per_base (others are ignored). `name` is for messages. 0, or -1 with
 * `file:line: what is wrong` in `error`.
 */
int currency_load(struct currency_table *t, const char *name, struct span text, struct buf *error);

/* NULL if the currency is not in the table. */
const struct currency *currency_find(const struct currency_table *t, struct span name);

void currency_free(struct currency_table *t);

#endif
