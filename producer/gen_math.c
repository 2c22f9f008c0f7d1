#include "gen_math.h"

#include <math.h>
#include <string.h>

static const double LN2 = 0.69314718055994530942;
/* ln 2 in two parts, the first with few enough bits that k * LN2_HIGH is exact */
static const double LN2_HIGH = 0.693147180369123816490;
static const double LN2_LOW = 1.90821492927058770002e-10;

static uint64_t bits_of(double x)
{
	uint64_t bits;

	memcpy(&bits, &x, sizeof bits);
	return bits;
}

static double double_of(uint64_t bits)
{
	double x;

	memcpy(&x, &bits, sizeof x);
	return x;
}

double gmath_ln(double x)
{
	uint64_t bits = bits_of(x);
	int exponent = (int)(bits >> 52) - 1023;
	double m = double_of((bits & 0xfffffffffffffULL) | 0x3ff0000000000000ULL);
	double s, s2, sum = 0;

	if (m > 1.4142135623730951) {
		m /= 2;
		exponent++;
	}
	/* ln m = 2 atanh s = 2 (s + s^3/3 + s^5/5 + ...), |s| < 0.172 */
	s = (m - 1) / (m + 1);
	s2 = s * s;
	for (int k = 21; k >= 1; k -= 2)
		sum = sum * s2 + 1.0 / k;
	return exponent * LN2 + 2 * s * sum;
}

double gmath_exp(double x)
{
	double scaled = x / LN2 + 0.5, r, sum = 1;
	int k = (int)scaled;

	if (k > scaled)
		k--; /* towards minus infinity, as floor() */
	r = (x - k * LN2_HIGH) - k * LN2_LOW;
	for (int i = 14; i >= 1; i--)
		sum = 1 + sum * r / i;
	return sum * double_of((uint64_t)(k + 1023) << 52);
}

double gmath_normal(struct random *r)
{
	double u, v, s;

	do {
		u = 2 * random_unit(r) - 1;
		v = 2 * random_unit(r) - 1;
		s = u * u + v * v;
	} while (s >= 1 || s == 0);
	return u * sqrt(-2 * gmath_ln(s) / s);
}

double gmath_exponential(struct random *r)
{
	return -gmath_ln(1 - random_unit(r));
}

uint64_t gmath_zipf(struct random *r, uint64_t n)
{
	double x = gmath_exp(random_unit(r) * gmath_ln((double)n + 1));
	uint64_t rank = (uint64_t)x - 1;

	return x < 1 ? 0 : rank < n ? rank : n - 1;
}

uint64_t gmath_times(struct random *r, double mean)
{
	uint64_t whole = (uint64_t)mean;

	return whole + (random_unit(r) < mean - (double)whole ? 1 : 0);
}
