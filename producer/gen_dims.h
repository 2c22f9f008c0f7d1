/* The population as rows of the dimension tables: NDJSON with their column names. All names are made up. */
#ifndef TXPIPE_GEN_DIMS_H
#define TXPIPE_GEN_DIMS_H

#include "buf.h"
#include "gen_world.h"

/* Append one line: a row of dim_customer, of dim_merchant. */
void dims_customer(struct buf *to, const struct world *w, uint64_t index);
void dims_merchant(struct buf *to, const struct world *w, uint64_t index);

#endif
