/* The questions that the page can ask: each is one file of dashboard/sql. */
#ifndef TXDASH_ENDPOINT_H
#define TXDASH_ENDPOINT_H

#include "span.h"

struct endpoint {
	const char *name;
	const char *sql;
	bool facts; /* dashboard/sql/facts.sql goes in front */
};

/* NULL: there is none of that name. */
const struct endpoint *endpoint_find(struct span name);

/* All of them, in order; NULL behind the last. */
const struct endpoint *endpoint_at(size_t i);

/* The whole statement; the same memory each time it is asked for. */
const char *endpoint_sql(const struct endpoint *e);

#endif
