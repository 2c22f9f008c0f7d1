/* SHA-256 through libcrypto: of texts at once, or of a stream. */
#ifndef TXPIPE_DIGEST_H
#define TXPIPE_DIGEST_H

#include "span.h"

enum { DIGEST_HEX = 64 };

struct digest;

struct digest *digest_new(void);
void digest_add(struct digest *d, struct span bytes);
/* Writes 64 hex digits and a NUL, and frees `d`. */
void digest_finish(struct digest *d, char hex[DIGEST_HEX + 1]);

void digest_of(struct span bytes, char hex[DIGEST_HEX + 1]);

#endif
