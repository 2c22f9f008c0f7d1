/*
 * Stand-ins for values that must not go out (--mask). With a key each value has its own, the same everywhere and for ever: HMAC-SHA-256
 * (RFC 2104), cut to 128 bits. Without a key all have the same one: a hash that anybody can compute would be undone by guessing names.
 */
#ifndef FRAUDCHECK_PSEUDONYM_H
#define FRAUDCHECK_PSEUDONYM_H

#include <stddef.h>

#include "buf.h"

enum { PSEUDONYM_KEY_MIN = 16, PSEUDONYM_HASH = 64 };

struct pseudonym {
	bool keyed;
	void *state; /* of SHA-256 after the key, for the inner and the outer hash */
};

/* `key`: any bytes, at least PSEUDONYM_KEY_MIN of them; p NULL: without a key. */
void pseudonym_init(struct pseudonym *p, struct span key);
void pseudonym_free(struct pseudonym *p);

/*
 * Append the stand-in of a text. A UUID (digits of either case) becomes another UUID, of version 8, so that a column of that type takes it; anything
 * else `masked-` and 32 hex digits. Without a key: `masked`. Nothing is allocated.
 */
void pseudonym_write(const struct pseudonym *p, struct span text, struct buf *to);

/* The whole HMAC of any bytes as hex digits, not terminated. false without a key. */
bool pseudonym_hash(const struct pseudonym *p, struct span bytes, char to[PSEUDONYM_HASH]);

#endif
