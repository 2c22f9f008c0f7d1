/*
 * Exact decimals: a JSON number as an integer and a power of ten. Amounts go from the wire to numeric through this,
 * never through a double.
 */
#ifndef TXPIPE_DECIMAL_H
#define TXPIPE_DECIMAL_H

#include <stdint.h>

#include "buf.h"
#include "span.h"

struct decimal {
	bool negative;      /* also for -0 */
	int32_t exponent;   /* value = digits * 10^exponent; 0 for zero */
	uint32_t count;     /* significant digits, 0 for zero; no leading and no trailing zeros */
	const char *digits; /* the first of them, inside the text read; [0-9] but for one '.' */
	uint32_t point;     /* position of that '.' from `digits`, or UINT32_MAX */
};

enum { DECIMAL_EXPONENT_MAX = 1000000 };

/* Read a JSON number (its grammar is already checked). `d` points into the text. -1 if the exponent lies beyond
 * +-DECIMAL_EXPONENT_MAX; zero has none, however it is written. */
int decimal_read(struct decimal *d, struct span number);

/* The i-th significant digit (0..9), 0 <= i < count. */
static inline unsigned decimal_digit(const struct decimal *d, uint32_t i)
{
	return (unsigned)(d->digits[i >= d->point ? i + 1 : i] - '0');
}

/* The double nearest to the value (ties to even), as strtod gives it: infinite beyond the range, 0 (or -0) below it. */
double decimal_double(struct span number);

/* The value as an int64 (for bigint columns): -1 if it is not whole or does not fit. 1.0 and 1e3 are whole. */
int decimal_int64(const struct decimal *d, int64_t *value);

/* Append a finite double as a JSON number: whole numbers without a point, others with the fewest digits that read back as the
 * same double (subnormal ones with 15). */
void decimal_write(struct buf *to, double number);

#endif
