/* How old the newest row of a source is, against warn_after and error_after of its .yml. */
#ifndef AGGREGATE_FRESHNESS_H
#define AGGREGATE_FRESHNESS_H

#include "outcome.h"
#include "session.h"

/* The keys freshness and loaded_at_field of a source, of its table, or of config below one of them; what is nearer to the
 * table wins. Faults are told and counted. */
void freshness_read(struct project *p, struct node *n, const struct yaml *map);

/* After all of them: a bound needs loaded_at_field. */
void freshness_complete(struct project *p, struct node *n);

static inline bool freshness_wanted(const struct node *n)
{
	return n->kind == NODE_SOURCE && (n->freshness.warn_after > 0 || n->freshness.error_after > 0);
}

/* Look, in the transaction that is open, and fill the outcome: pass, warn or fail. */
void freshness_check(struct session *s, struct outcome *o);

#endif
