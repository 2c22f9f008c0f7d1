#include "gen_math.h"

#include <math.h>
#include <string.h>

static const double LN2 = 0.69314718055994530942;
/* ln 2 in two parts, the first with few enough bits that k * LN2_HIGH is exact */
static const double LN2_HIGH = 0.693147180369123816490;
static const double LN2_LOW = 1.90821492927058770002e-10;

/* Series, lowest power first; the compiler rounds constants as IEEE 754 does. ln: 2 atanh(s) / s in s^2; exp: 1 / k! */
enum { TERMS = 12 };
static const double ln_terms[TERMS] = {
	2, 2 / 3.0, 2 / 5.0, 2 / 7.0, 2 / 9.0, 2 / 11.0, 2 / 13.0, 2 / 15.0, 2 / 17.0, 2 / 19.0, 2 / 21.0, 2 / 23.0,
};
static const double exp_terms[TERMS + 2] = {
	1, 1, 1 / 2.0, 1 / 6.0, 1 / 24.0, 1 / 120.0, 1 / 720.0, 1 / 5040.0, 1 / 40320.0, 1 / 362880.0, 1 / 3628800.0,
	1 / 39916800.0, 1 / 479001600.0, 1 / 6227020800.0,
};

/* The polynomial as two of half the length in x^2: their steps do not wait for one another. `n` is even. */
static double polynomial(const double *term, int n, double x)
{
	double x2 = x * x, even = 0, odd = 0;

	for (int i = n - 2; i >= 0; i -= 2) {
		even = even * x2 + term[i];
		odd = odd * x2 + term[i + 1];
	}
	return even + odd * x;
}

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
	double s;

	if (m > 1.4142135623730951) {
		m /= 2;
		exponent++;
	}
	/* ln m = 2 atanh s = 2 (s + s^3/3 + s^5/5 + ...), |s| < 0.172 */
	s = (m - 1) / (m + 1);
	return exponent * LN2 + s * polynomial(ln_terms, TERMS, s * s);
}

double gmath_exp(double x)
{
	double scaled = x / LN2 + 0.5, r;
	int k = (int)scaled;

	if (k > scaled)
		k--; /* towards minus infinity, as floor() */
	r = (x - k * LN2_HIGH) - k * LN2_LOW;
	return polynomial(exp_terms, TERMS + 2, r) * double_of((uint64_t)(k + 1023) << 52);
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
