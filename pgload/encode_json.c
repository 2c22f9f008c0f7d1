/* json keeps the text as it stood; jsonb holds values, and not all JSON has one. */
#include "catalogue.h"
#include "encode.h"
#include "hex.h"
#include "wire.h"

int encode_json(struct buf *to, const struct column *c, const struct json_member *m, struct fault *f)
{
	(void)c;
	(void)f;
	wire_bytes(to, json_raw(m));
	return 0;
}

/* The code unit of \uXXXX at p, or -1. */
static int code_unit(const char *p, const char *end)
{
	if (end - p < 6 || p[0] != '\\' || p[1] != 'u')
		return -1;
	return hex_digit(p[2]) << 12 | hex_digit(p[3]) << 8 | hex_digit(p[4]) << 4 | hex_digit(p[5]);
}

/* Behind the closing quote of the string that begins behind p, or NULL if it holds a lone surrogate. */
static const char *skip_string(const char *p, const char *end)
{
	while (p < end && *p != '"') {
		if (*p != '\\') {
			p++;
			continue;
		}
		int unit = code_unit(p, end);
		if (unit < 0) {
			p += 2;
			continue;
		}
		p += 6;
		if (unit >= 0xdc00 && unit <= 0xdfff)
			return NULL;
		if (unit >= 0xd800 && unit <= 0xdbff) {
			int low = code_unit(p, end);

			if (low < 0xdc00 || low > 0xdfff)
				return NULL;
			p += 6;
		}
	}
	return p + 1;
}

int jsonb_check(struct span json, const char *what, struct fault *f)
{
	const char *p = json.p, *end = json.p + json.n;

	while (p < end) {
		if (*p == '"') {
			p = skip_string(p + 1, end);
			if (p == NULL)
				return fault_set(f, "lone_surrogate", "%s: half of a surrogate pair is not a character", what);
		} else if (*p == '-' || (*p >= '0' && *p <= '9')) {
			const char *number = p;

			while (p < end && (*p == '-' || *p == '+' || *p == '.' || *p == 'e' || *p == 'E' ||
			                   (*p >= '0' && *p <= '9')))
				p++;
			struct span s = {number, (size_t)(p - number)};
			/* Short ones without an exponent fit; that is nearly all of them. */
			if ((s.n > 1000 || memchr(s.p, 'e', s.n) != NULL || memchr(s.p, 'E', s.n) != NULL) && !numeric_fits(s))
				return fault_set(f, "out_of_range", "%s: a number does not fit into jsonb", what);
		} else {
			p++;
		}
	}
	return 0;
}

int encode_jsonb(struct buf *to, const struct column *c, const struct json_member *m, struct fault *f)
{
	struct span raw = json_raw(m);

	if (jsonb_check(raw, c->name, f) < 0)
		return -1;
	wire_int32(to, (int32_t)raw.n + 1);
	buf_add_char(to, 1); /* the version of jsonb's wire format */
	buf_add_span(to, raw);
	return 0;
}
