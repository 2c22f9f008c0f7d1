/* Booleans, integers and floating point. */
#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "catalogue.h"
#include "decimal.h"
#include "encode.h"
#include "wire.h"

static int out_of_range(const struct column *c, const struct json_member *m, struct fault *f)
{
	int n = m->value.n > 40 ? 40 : (int)m->value.n;

	return fault_set(f, "out_of_range", "%s: %.*s%s does not fit into %s", c->name, n, m->value.p,
	                 m->value.n > 40 ? "…" : "", c->type_name);
}

int encode_bool(struct buf *to, const struct column *c, const struct json_member *m, struct fault *f)
{
	if (m->type != JSON_TRUE && m->type != JSON_FALSE)
		return encode_wrong(c, m, "true or false", f);
	wire_int32(to, 1);
	buf_add_char(to, m->type == JSON_TRUE);
	return 0;
}

/* A whole number in min..max; 1.0 and 1e3 are whole. */
static int read_int(int64_t *value, const struct column *c, const struct json_member *m, int64_t min, int64_t max,
                    struct fault *f)
{
	struct decimal d;

	if (m->type != JSON_NUMBER)
		return encode_wrong(c, m, "a whole number", f);
	if (decimal_read(&d, m->value) < 0)
		return out_of_range(c, m, f);
	if (d.exponent < 0)
		return fault_set(f, "wrong_type", "%s: expected a whole number for %s, got a fraction", c->name, c->type_name);
	if (decimal_int64(&d, value) < 0 || *value < min || *value > max)
		return out_of_range(c, m, f);
	return 0;
}

int encode_int2(struct buf *to, const struct column *c, const struct json_member *m, struct fault *f)
{
	int64_t value;

	if (read_int(&value, c, m, INT16_MIN, INT16_MAX, f) < 0)
		return -1;
	wire_int32(to, 2);
	wire_int16(to, (int16_t)value);
	return 0;
}

int encode_int4(struct buf *to, const struct column *c, const struct json_member *m, struct fault *f)
{
	int64_t value;

	if (read_int(&value, c, m, INT32_MIN, INT32_MAX, f) < 0)
		return -1;
	wire_int32(to, 4);
	wire_int32(to, (int32_t)value);
	return 0;
}

int encode_int8(struct buf *to, const struct column *c, const struct json_member *m, struct fault *f)
{
	int64_t value;

	if (read_int(&value, c, m, INT64_MIN, INT64_MAX, f) < 0)
		return -1;
	wire_int32(to, 8);
	wire_int64(to, value);
	return 0;
}

/* Does the text of a JSON number have a digit other than 0 before its exponent? */
static bool not_zero(struct span number)
{
	for (size_t i = 0; i < number.n && number.p[i] != 'e' && number.p[i] != 'E'; i++)
		if (number.p[i] >= '1' && number.p[i] <= '9')
			return true;
	return false;
}

/* Like the server: beyond the range is an error, and so is what would become zero without being it. */
int encode_float8(struct buf *to, const struct column *c, const struct json_member *m, struct fault *f)
{
	double value;
	int64_t bits;

	if (m->type != JSON_NUMBER)
		return encode_wrong(c, m, "a number", f);
	value = decimal_double(m->value);
	if (isinf(value) || (fpclassify(value) == FP_ZERO && not_zero(m->value)))
		return out_of_range(c, m, f);
	memcpy(&bits, &value, sizeof(bits));
	wire_int32(to, 8);
	wire_int64(to, bits);
	return 0;
}

/* Straight from the decimal text: by way of a double it would be rounded twice. */
int encode_float4(struct buf *to, const struct column *c, const struct json_member *m, struct fault *f)
{
	char text[64];
	char *copy = text;
	float value;
	int32_t bits;

	if (m->type != JSON_NUMBER)
		return encode_wrong(c, m, "a number", f);
	if (m->value.n >= sizeof(text))
		copy = xmalloc(m->value.n + 1);
	memcpy(copy, m->value.p, m->value.n);
	copy[m->value.n] = '\0';
	value = strtof(copy, NULL);
	if (copy != text)
		free(copy);
	if (isinf(value) || (fpclassify(value) == FP_ZERO && not_zero(m->value)))
		return out_of_range(c, m, f);
	memcpy(&bits, &value, sizeof(bits));
	wire_int32(to, 4);
	wire_int32(to, bits);
	return 0;
}
