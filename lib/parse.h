/*
 * Text to numbers, checked: the whole text must be the number, and it must fit (never atoi: `-p abc` is an
 * error, not partition 0). Each returns 0, or -1 with *to untouched.
 */
#ifndef TXPIPE_PARSE_H
#define TXPIPE_PARSE_H

#include <stdint.h>

#include "span.h"

int parse_int(struct span s, int64_t *to);

/* `500ms 10s 5m 2h 30d 1w`, whole numbers; a bare number is seconds. Result in microseconds, never negative. */
int parse_duration(struct span s, int64_t *microseconds);

/* `65536`, `64k`, `8M`, `1G` (powers of 1024). */
int parse_size(struct span s, int64_t *bytes);

/* A finite decimal number such as `.25`, `1e-3`; locale independent ('.' is the point). */
int parse_real(struct span s, double *to);

#endif
