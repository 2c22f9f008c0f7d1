#include "decimal.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

/*
 * Digits that the slow path of decimal_double() hands to strtod. The midpoint of two doubles has at most 767
 * significant digits; beyond that only whether anything follows can matter, and one more digit 1 says so.
 */
enum { DOUBLE_DIGITS = 800 };

/* Written exponents stop counting here: far beyond what any number of digits could make up for. */
static const int64_t exponent_limit = INT64_C(1) << 60;

/* The powers of ten that are doubles without an error. */
static const double power[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8,  1e9,  1e10, 1e11,
                               1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};

/* So many significant digits survive being a double; so many are enough for any. */
enum { DIGITS_KEPT = 15, DIGITS_ENOUGH = 17 };

typedef unsigned __int128 wide_uint;

static bool is_digit(char c)
{
	return (unsigned)(c - '0') <= 9;
}

/* `e-12` as -12, or 0 at the end of the number. */
static int64_t read_exponent(const char *p, const char *end)
{
	bool negative;
	int64_t value = 0;

	if (p == end)
		return 0;
	p++; /* the e */
	negative = *p == '-';
	if (*p == '-' || *p == '+')
		p++;
	for (; p < end; p++)
		if (value < exponent_limit / 10)
			value = value * 10 + (*p - '0');
	return negative ? -value : value;
}

/* Everything but the exponent's range. */
static int64_t split(struct decimal *d, struct span number)
{
	const char *p = number.p, *end = number.p + number.n;
	const char *first = NULL, *last = NULL, *point = NULL, *mantissa_end;
	int64_t exponent;

	*d = (struct decimal){.point = UINT32_MAX, .digits = number.p};
	if (*p == '-') {
		d->negative = true;
		p++;
	}
	for (; p < end && (is_digit(*p) || *p == '.'); p++) {
		if (*p == '.') {
			point = p;
		} else if (*p != '0') {
			if (first == NULL)
				first = p;
			last = p;
		}
	}
	if (first == NULL)
		return 0;
	mantissa_end = p;
	exponent = read_exponent(p, end);
	d->digits = first;
	if (point == NULL)
		exponent += mantissa_end - 1 - last;
	else if (last < point)
		exponent += point - 1 - last;
	else
		exponent -= last - point;
	d->count = (uint32_t)(last - first + 1);
	if (point != NULL && first < point && point < last) {
		d->point = (uint32_t)(point - first);
		d->count--;
	}
	return exponent;
}

int decimal_read(struct decimal *d, struct span number)
{
	int64_t exponent = split(d, number);

	if (exponent < -DECIMAL_EXPONENT_MAX || exponent > DECIMAL_EXPONENT_MAX)
		return -1;
	d->exponent = (int32_t)exponent;
	return 0;
}

static double slow_double(const struct decimal *d, int64_t exponent)
{
	char text[DOUBLE_DIGITS + 40];
	uint32_t used = d->count < DOUBLE_DIGITS ? d->count : DOUBLE_DIGITS;
	size_t n = 0;

	exponent += d->count - used;
	for (uint32_t i = 0; i < used; i++)
		text[n++] = (char)('0' + decimal_digit(d, i));
	if (used < d->count) {
		text[n++] = '1'; /* the last significant digit is not 0, so something follows */
		exponent--;
	}
	/* the range of a double is left long before; strtod reads exponents into an int */
	exponent = exponent > 100000 ? 100000 : exponent < -100000 ? -100000 : exponent;
	snprintf(text + n, sizeof text - n, "e%d", (int)exponent);
	return strtod(text, NULL);
}

/* Both the digits and the power are exact doubles, so that the one operation rounds once (Clinger 1990). */
static bool fast_double(const struct decimal *d, int64_t exponent, double *to)
{
	uint64_t whole = 0;

	if (d->count > DIGITS_KEPT || exponent < -22 || exponent > 22)
		return false;
	for (uint32_t i = 0; i < d->count; i++)
		whole = whole * 10 + decimal_digit(d, i);
	*to = exponent < 0 ? (double)whole / power[-exponent] : (double)whole * power[exponent];
	return true;
}

static const char *add_digits(const char *p, const char *end, uint64_t *whole)
{
	unsigned digit;

	for (; p < end && (digit = (unsigned)(*p - '0')) <= 9; p++)
		*whole = *whole * 10 + digit;
	return p;
}

/* What nearly every number is: few digits and no exponent. The same one operation, without taking the number apart first. */
static bool short_double(struct span number, double *to)
{
	const char *p = number.p, *end = p + number.n, *point;
	bool negative = *p == '-';
	uint64_t whole = 0;

	if (number.n > DIGITS_KEPT)
		return false;
	point = p = add_digits(p + negative, end, &whole);
	if (p < end && *p == '.')
		p = add_digits(++point, end, &whole);
	if (p < end)
		return false;
	*to = (double)(int64_t)whole; /* the processor has an instruction for signed ones */
	if (end > point)
		*to /= power[end - point];
	*to = negative ? -*to : *to;
	return true;
}

double decimal_double(struct span number)
{
	struct decimal d;
	int64_t exponent;
	double value;

	if (short_double(number, &value))
		return value;
	exponent = split(&d, number);
	if (!fast_double(&d, exponent, &value))
		value = slow_double(&d, exponent);
	return d.negative ? -value : value;
}

int decimal_int64(const struct decimal *d, int64_t *value)
{
	uint64_t limit = d->negative ? (uint64_t)INT64_MAX + 1 : (uint64_t)INT64_MAX;
	uint64_t whole = 0;
	int64_t digits = (int64_t)d->count + d->exponent;

	if (d->exponent < 0 || digits > 19)
		return -1;
	for (int64_t i = 0; i < digits; i++) {
		unsigned digit = i < d->count ? decimal_digit(d, (uint32_t)i) : 0;

		if (whole > (limit - digit) / 10)
			return -1;
		whole = whole * 10 + digit;
	}
	*value = d->negative ? (int64_t)(0 - whole) : (int64_t)whole;
	return 0;
}

/* `whole` with so many decimals, but those that are zeros at the end. */
static void write_fixed(struct buf *to, bool negative, uint64_t whole, unsigned decimals)
{
	char text[24], *p = text + sizeof text;

	for (; decimals > 0 && whole % 10 == 0; decimals--)
		whole /= 10;
	for (unsigned i = 0; i <= decimals || whole > 0; i++, whole /= 10) {
		if (i == decimals && decimals > 0)
			*--p = '.';
		*--p = (char)('0' + whole % 10);
	}
	if (negative)
		*--p = '-';
	buf_add(to, p, (size_t)(text + sizeof text - p));
}

/*
 * A double that a decimal of 15 digits stands for is that decimal's digits over a power of ten, both exact, so that the division rounds
 * once: it gives the double back, or there is no such decimal. (printf and strtod find out the same, at a microsecond each.) For sizes from
 * 1e-4 to below 1e15.
 */
static bool write_short(struct buf *to, double number)
{
	double size = fabs(number), digits;
	unsigned decimals = 0;

	while (size * power[decimals + 1] < 1e15)
		decimals++;
	digits = rint(size * power[decimals]);
	if (digits / power[decimals] != size)
		return false;
	write_fixed(to, number < 0, (uint64_t)digits, decimals);
	return true;
}

/* `size`, which is m / 2^shift, times 10^*decimals as a whole number of so many digits, rounded as printf rounds; *apart: how far that is from
 * the double, in units in which half of the distance to its neighbours is 10^*decimals / 2. */
static uint64_t round_to(double size, uint64_t m, int shift, unsigned digits, unsigned *decimals, wide_uint *apart)
{
	wide_uint exact, half = (wide_uint)1 << (shift - 1), whole;

	*decimals = 0;
	while (size * power[*decimals + 1] < power[digits])
		++*decimals;
	exact = m * (wide_uint)power[*decimals];
	if (exact >> shift < (wide_uint)power[digits - 1]) { /* that product was rounded up to a power of ten */
		exact *= 10;
		++*decimals;
	}
	whole = exact >> shift;
	*apart = exact - (whole << shift);
	if (*apart > half || (*apart == half && (whole & 1) != 0))
		*apart = (++whole << shift) - exact;
	return (uint64_t)whole;
}

/*
 * The shorter of 16 and 17 digits that gives the double back, for what write_short() has no digits for; exact in 128 bits: for sizes from 1e-4 to below
 * 1e15 a double times 10^20 fits. The neighbours are equally far: a power of two of that size has few digits. And 16 digits are never in the middle
 * of two doubles, which needs more decimals.
 */
static void write_long(struct buf *to, double number)
{
	double size = fabs(number);
	int exponent;
	uint64_t m = (uint64_t)ldexp(frexp(size, &exponent), 53), whole;
	unsigned decimals;
	wide_uint apart;

	whole = round_to(size, m, 53 - exponent, DIGITS_KEPT + 1, &decimals, &apart);
	if (2 * apart > (wide_uint)power[decimals])
		whole = round_to(size, m, 53 - exponent, DIGITS_ENOUGH, &decimals, &apart);
	write_fixed(to, number < 0, whole, decimals);
}

void decimal_write(struct buf *to, double number)
{
	bool plain = fabs(number) >= 1e-4 && fabs(number) < 1e15; /* where printf's %g writes no exponent */
	char text[40];

	if (number == floor(number) && fabs(number) < 1e15) {
		buf_add_int(to, (int64_t)number);
		return;
	}
	if (plain) {
		if (!write_short(to, number))
			write_long(to, number);
		return;
	}
	for (int digits = DIGITS_KEPT; digits <= DIGITS_ENOUGH; digits++) {
		snprintf(text, sizeof text, "%.*g", digits, number);
		if (digits == DIGITS_ENOUGH || strtod(text, NULL) == number)
			break;
	}
	buf_add_text(to, text);
}
