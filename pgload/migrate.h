/* --init: the suite's tables, by numbered steps that are taken once each. */
#ifndef PGLOAD_MIGRATE_H
#define PGLOAD_MIGRATE_H

#include "out.h"
#include "server.h"

/* Take the steps that the database has not seen, all in one transaction; prints one NDJSON line for each. Returns
 * the exit status. */
int migrate(struct server *s, struct out *out);

#endif
