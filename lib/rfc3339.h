/*
 * RFC 3339 timestamps with a zone: 2026-01-01T00:00:00Z, 2026-01-01 09:30:00.123456+09:00. 't', 'z' and a blank
 * between date and time are taken too, and a zone without the colon. Years 0001..9999. A leap second (:60) becomes
 * the second after.
 */
#ifndef TXPIPE_RFC3339_H
#define TXPIPE_RFC3339_H

#include <stdint.h>

#include "buf.h"
#include "span.h"

/* Microseconds since 1970-01-01T00:00:00Z; digits beyond the sixth are rounded as PostgreSQL rounds them. 0, or -1 if it is not one. */
int rfc3339_read(struct span s, int64_t *microseconds);

/* Append in UTC with Z: no fraction if whole seconds, else 3 digits if whole milliseconds, else 6. */
void rfc3339_write(struct buf *to, int64_t microseconds);

/* Civil calendar, proleptic Gregorian: days since 1970-01-01. */
int64_t days_from_civil(int64_t year, unsigned month, unsigned day);
void civil_from_days(int64_t days, int64_t *year, unsigned *month, unsigned *day);

#endif
