/* Records, truth and population as text. No printf, no allocation: one pass into a buffer of the caller. */
#ifndef TXPIPE_GEN_EMIT_H
#define TXPIPE_GEN_EMIT_H

#include "gen_record.h"
#include <stddef.h>

/* No record or label is longer, with its newline. */
enum { EMIT_MAX = 640 };

/* Each writes one line with its newline to `to` (EMIT_MAX bytes) and returns its length. */
size_t emit_record(char *to, const struct record *r);

/* The truth about a record, known at that time. `scenario` is null for ordinary ones. */
size_t emit_label(char *to, const struct record *r, int64_t known);

/* A label record: somebody reported the record as fraud, rightly or not. */
size_t emit_chargeback(char *to, const struct record *r, int64_t known);

/* Microseconds since 1970 as 2026-01-01T00:00:00.000Z: 24 bytes. Years 1970..9999. */
void emit_time(char to[24], int64_t microseconds);

#endif
