/*
 * SIGHUP: rules, lists, tables, models and currencies are read again, between two records. What is remembered stays; so a file that
 * remembers something else is refused, as is one that is broken: then the rules that judge go on, and that is said.
 */
#ifndef FRAUDCHECK_RELOAD_H
#define FRAUDCHECK_RELOAD_H

#include "load.h"
#include "metrics.h"

struct reload {
	const struct load *load;
	struct judge *judge[2]; /* the one that judges, and room for the next */
	struct metric *done, *failed;
};

/* `spare` is all zero. Both judges stay the caller's, who frees them. */
void reload_init(struct reload *r, const struct load *load, struct judge *judge, struct judge *spare);

/* Read everything again. true: r->judge[0] has new rules (and is another than before). */
bool reload_now(struct reload *r);

#endif
