/* What evaluations say of a record beside its verdict: which it is, whose, when, and what it is worth. */
#ifndef FRAUDCHECK_FACTS_H
#define FRAUDCHECK_FACTS_H

#include "currency.h"
#include "json.h"

struct facts {
	struct span id, customer; /* empty where the record has none */
	bool timed;
	int64_t time;
	double value;             /* amount in the base currency; NAN where amount or currency are not known */
	struct buf text;
};

/* Start with all zero. The spans live as long as the record and until the next call. */
void facts_read(struct facts *f, const struct json_object *record, const struct currency_table *currencies);
void facts_free(struct facts *f);

/* The string that the member holds, with escapes undone into `text`; empty if there is none. */
struct span facts_string(const struct json_object *record, struct span name, struct buf *text);

#endif
