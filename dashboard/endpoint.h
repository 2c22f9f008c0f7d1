/* The questions that the page can ask: each is one file of dashboard/sql. */
#ifndef TXDASH_ENDPOINT_H
#define TXDASH_ENDPOINT_H

#include "span.h"

/* What goes in front of its statement. */
enum endpoint_of {
	ENDPOINT_ITSELF,
	ENDPOINT_FACTS, /* facts.sql */
	ENDPOINT_SUMS,  /* facts.sql and sums_of_facts.sql; or, where the marts may be asked instead (marts.sql), sums_of_marts.sql */
	ENDPOINT_PARTIES, /* facts.sql, `parties` (with `party`) and sums_by_party.sql */
	ENDPOINT_RISKS,   /* facts.sql, `parties` (with `party` and `least`) and risks.sql */
};

struct endpoint {
	const char *name;
	const char *sql;
	enum endpoint_of of;
	const char *parties; /* what `parties` has beside the columns of `facts`, or NULL */
	bool slow; /* reads more the more there is: such questions wait for one another, and nobody else for them */
};

/* NULL: there is none of that name. */
const struct endpoint *endpoint_find(struct span name);

/* All of them, in order; NULL behind the last. */
const struct endpoint *endpoint_at(size_t i);

/* The whole statement; `marts`: the one of the marts (ENDPOINT_SUMS only). The same memory each time it is asked for. */
const char *endpoint_sql(const struct endpoint *e, bool marts);

#endif
