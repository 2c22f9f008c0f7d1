/* Bytes of others (dead letters, messages) as a person can read them: text is text, whatever else is in it can be told from text. */
#ifndef TXDASH_READABLE_H
#define TXDASH_READABLE_H

#include "buf.h"

/*
 * Append `bytes` as UTF-8: what is not UTF-8 as \xNN, control characters as their pictures (U+2400 and so on; tab and line feed stay), at most
 * `max` bytes of them, cut between characters and with an ellipsis.
 */
void readable_add(struct buf *to, struct span bytes, size_t max);

/* The same of a bytea as PostgreSQL writes it in hexadecimal (\x…). */
void readable_add_hex(struct buf *to, const char *hex, size_t max);

#endif
