/*
 * numeric, exactly: groups of four decimal digits. value = sum of group[i] * 10000^(weight - i); on the wire: number of
 * groups, weight, sign, digits to display behind the point, groups (src/backend/utils/adt/numeric.c of PostgreSQL
 * describes it).
 */
#include <stdlib.h>

#include "catalogue.h"
#include "decimal.h"
#include "encode.h"
#include "wire.h"

enum { WEIGHT_DIGITS = 131072, SCALE_MAX = 16383, NEGATIVE = 0x4000, SMALL = 256, SURELY_FITS = 1000 };

/* Digits by their power of ten: digit[i] stands at power `high` - i. */
struct digits {
	unsigned char *digit, small[SMALL];
	int32_t count, high;
};

/* Digits behind the point as they were written, the exponent taken into account: 1.50 has 2, 1.5e1 none. */
static int64_t written_scale(struct span number)
{
	int64_t fraction = 0, exponent = 0;
	bool point = false, negative = false;
	size_t i = 0;

	for (; i < number.n && number.p[i] != 'e' && number.p[i] != 'E'; i++) {
		if (number.p[i] == '.')
			point = true;
		else if (point)
			fraction++;
	}
	for (i++; i < number.n; i++) {
		if (number.p[i] == '-')
			negative = true;
		else if (number.p[i] != '+' && exponent < 10000000)
			exponent = exponent * 10 + (number.p[i] - '0');
	}
	fraction += negative ? exponent : -exponent;
	return fraction < 0 ? 0 : fraction;
}

bool numeric_fits(struct span number)
{
	struct decimal d;

	if (decimal_read(&d, number) < 0)
		return false;
	return (int64_t)d.count + d.exponent <= WEIGHT_DIGITS && written_scale(number) <= SCALE_MAX;
}

/* Round half away from zero at power -scale, as the server does. `n` digits are kept. */
static void round_digits(struct digits *g, const struct decimal *d, int32_t scale)
{
	int64_t keep = (int64_t)g->high + scale + 1;
	bool up;

	if (keep >= (int64_t)d->count)
		return;
	up = keep >= 0 && decimal_digit(d, (uint32_t)keep) >= 5;
	g->count = keep < 0 ? 0 : (int32_t)keep;
	if (!up)
		return;
	int32_t i = g->count - 1;
	while (i >= 0 && g->digit[i] == 9)
		g->digit[i--] = 0;
	if (i >= 0) {
		g->digit[i]++;
		return;
	}
	/* 9.99 became 10.00: all digits are 0, and one more stands before them. */
	g->high++;
	g->digit[0] = 1;
	for (int32_t k = 1; k <= g->count; k++)
		g->digit[k] = 0;
	g->count++;
}

static int floor4(int32_t power)
{
	return power >= 0 ? power / 4 : -((3 - power) / 4);
}

static void write_groups(struct buf *to, const struct digits *g, bool negative, int32_t scale)
{
	int32_t last = g->count;
	size_t at = wire_open(to);

	while (last > 0 && g->digit[last - 1] == 0)
		last--;
	if (last == 0) {
		wire_int16(to, 0);
		wire_int16(to, 0);
		wire_int16(to, 0);
		wire_int16(to, (int16_t)scale);
		wire_close(to, at);
		return;
	}
	int weight = floor4(g->high), lowest = floor4(g->high - last + 1);
	wire_int16(to, (int16_t)(weight - lowest + 1));
	wire_int16(to, (int16_t)weight);
	wire_int16(to, negative ? NEGATIVE : 0);
	wire_int16(to, (int16_t)scale);
	for (int group = weight; group >= lowest; group--) {
		int value = 0;

		for (int32_t power = group * 4 + 3; power >= group * 4; power--) {
			int32_t i = g->high - power;

			value = value * 10 + (i >= 0 && i < last ? g->digit[i] : 0);
		}
		wire_int16(to, (int16_t)value);
	}
	wire_close(to, at);
}

static int too_big(const struct column *c, const struct json_member *m, struct fault *f)
{
	int n = m->value.n > 40 ? 40 : (int)m->value.n;

	return fault_set(f, "out_of_range", "%s: %.*s%s does not fit into %s", c->name, n, m->value.p,
	                 m->value.n > 40 ? "…" : "", c->type_name);
}

int encode_numeric(struct buf *to, const struct column *c, const struct json_member *m, struct fault *f)
{
	struct decimal d;
	struct digits g;
	int32_t room = WEIGHT_DIGITS, scale;
	bool limited = c->typmod >= 4;

	if (m->type != JSON_NUMBER)
		return encode_wrong(c, m, "a number", f);
	if (decimal_read(&d, m->value) < 0)
		return too_big(c, m, f);
	if (limited) {
		scale = (((c->typmod - 4) & 0x7ff) ^ 1024) - 1024;
		room = (((c->typmod - 4) >> 16) & 0xffff) - scale;
	} else {
		scale = (int32_t)written_scale(m->value);
	}
	/* the server counts digits before it rounds them away: 1e-20000 is too much for any numeric */
	if ((!limited || d.count == 0 || d.exponent < -SURELY_FITS || m->value.n > SURELY_FITS) && !numeric_fits(m->value))
		return too_big(c, m, f);
	g.count = (int32_t)d.count;
	g.high = (int32_t)d.count - 1 + d.exponent;
	if (d.count > 0 && g.high + 1 > room)
		return too_big(c, m, f);
	g.digit = d.count + 1 < SMALL ? g.small : xmalloc(d.count + 1);
	for (uint32_t i = 0; i < d.count; i++)
		g.digit[i] = (unsigned char)decimal_digit(&d, i);
	if (limited && d.count > 0)
		round_digits(&g, &d, scale);
	int status = 0;
	if (g.count > 0 && g.digit[0] != 0 && g.high + 1 > room) /* rounding carried */
		status = too_big(c, m, f);
	else
		write_groups(to, &g, d.negative, scale < 0 ? 0 : scale);
	if (g.digit != g.small)
		free(g.digit);
	return status;
}
