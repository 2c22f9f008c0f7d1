/* UUIDs as 16 bytes in network order; text in the 8-4-4-4-12 form, hex digits of either case. */
#ifndef TXPIPE_UUID_H
#define TXPIPE_UUID_H

#include <stdint.h>

#include "span.h"

/* 0, or -1 if `s` is not exactly the 36 characters of a UUID. */
int uuid_read(struct span s, uint8_t to[16]);

/* 36 characters, lower case, not terminated. */
void uuid_write(char to[36], const uint8_t uuid[16]);

/* Version 7 (RFC 9562): 48 bits of Unix milliseconds, then 74 bits taken from `random` (12 and 62 of them). */
void uuid_v7(uint8_t to[16], int64_t unix_ms, uint64_t random_a, uint64_t random_b);

#endif
