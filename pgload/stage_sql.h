/* The statements of a staging table, made from the catalogue. Each is malloc'ed; $1 <= pgload_ord < $2 names the
 * records. */
#ifndef PGLOAD_STAGE_SQL_H
#define PGLOAD_STAGE_SQL_H

#include "stage.h"

/* The staging table's name. */
const char *stage_name(enum sink sink);

char *stage_sql_create(const struct table *t, enum sink sink);
char *stage_sql_copy(const struct table *t, enum sink sink);

/* COPY straight into the table, or NULL where the server has something to do first: casts, defaults that stand in for null. */
char *stage_sql_direct(const struct table *t);

/* One row: how many were inserted, and, if fewer than staged, an array of the pgload_ord whose key was there (null:
 * table without key). */
char *stage_sql_insert(const struct table *t, enum sink sink);

/* $3: that array. A row for each record that was not inserted: pgload_ord, whether no row of that key exists, the
 * columns that differ. */
char *stage_sql_duplicates(const struct table *t, enum sink sink);

/* The last record of each key wins (with `label` the one with the latest label_ts); a row that is the same already
 * is not written. */
char *stage_sql_upsert(const struct table *t, enum sink sink, bool label);

#endif
