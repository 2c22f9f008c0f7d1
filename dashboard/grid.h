/* A result of PostgreSQL as JSON and as CSV: numbers exact as the server wrote them, everything else escaped. */
#ifndef TXDASH_GRID_H
#define TXDASH_GRID_H

#include <libpq-fe.h>

#include "buf.h"

/* `"columns":[{"name":…,"type":"text|number|time|boolean|json"},…],"rows":[[…],…]` without braces around it. */
void grid_json(struct buf *to, const PGresult *r);

/* One row as a JSON array. */
void grid_row(struct buf *to, const PGresult *r, int row);

/*
 * RFC 4180 with a heading. Text that a spreadsheet would take for a formula gets an apostrophe in front: merchants' names come from
 * outside.
 */
void grid_csv(struct buf *to, const PGresult *r);

/* One field of such a file. */
void grid_csv_text(struct buf *to, struct span text);

/* A timestamptz of a session in UTC as RFC 3339, quoted; infinity as it is. */
void grid_json_time(struct buf *to, const char *value);

/* Is it the text of a finite number? (JSON knows no NaN and no Infinity.) */
bool grid_finite(const char *text);

#endif
