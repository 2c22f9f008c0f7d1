/* Timestamps and dates: microseconds and days since 2000-01-01. */
#include "catalogue.h"
#include "encode.h"
#include "rfc3339.h"
#include "wire.h"

static const int64_t epoch_us = INT64_C(946684800) * 1000000; /* 2000-01-01 in Unix time */
static const int64_t epoch_days = 10957;

static int bad(const struct column *c, const struct json_member *m, const char *expected, struct fault *f)
{
	return fault_set(f, "bad_timestamp", "%s: \"%.*s\" is not %s", c->name, m->value.n > 60 ? 0 : (int)m->value.n,
	                 m->value.p, expected);
}

int encode_timestamptz(struct buf *to, const struct column *c, const struct json_member *m, struct fault *f)
{
	int64_t t;

	if (m->type != JSON_STRING)
		return encode_wrong(c, m, "a timestamp in RFC 3339", f);
	if (rfc3339_read(encode_plain(to, m), &t) < 0)
		return bad(c, m, "a timestamp with zone (RFC 3339)", f);
	wire_int32(to, 8);
	wire_int64(to, t - epoch_us);
	return 0;
}

/* A column without zone takes a timestamp without zone as it is, and one with a zone in UTC. */
int encode_timestamp(struct buf *to, const struct column *c, const struct json_member *m, struct fault *f)
{
	char zoned[64];
	int64_t t;

	if (m->type != JSON_STRING)
		return encode_wrong(c, m, "a timestamp in RFC 3339", f);
	struct span plain = encode_plain(to, m);
	if (rfc3339_read(plain, &t) < 0) {
		if (plain.n == 0 || plain.n + 1 > sizeof(zoned))
			return bad(c, m, "a timestamp (RFC 3339)", f);
		memcpy(zoned, plain.p, plain.n);
		zoned[plain.n] = 'Z';
		if (rfc3339_read((struct span){zoned, plain.n + 1}, &t) < 0)
			return bad(c, m, "a timestamp (RFC 3339)", f);
	}
	wire_int32(to, 8);
	wire_int64(to, t - epoch_us);
	return 0;
}

int encode_date(struct buf *to, const struct column *c, const struct json_member *m, struct fault *f)
{
	char full[32];
	int64_t t;

	if (m->type != JSON_STRING)
		return encode_wrong(c, m, "a date", f);
	struct span plain = encode_plain(to, m);
	if (plain.n != 10)
		return bad(c, m, "a date (2026-01-31)", f);
	memcpy(full, plain.p, 10);
	memcpy(full + 10, "T00:00:00Z", 10);
	if (rfc3339_read((struct span){full, 20}, &t) < 0)
		return bad(c, m, "a date (2026-01-31)", f);
	int64_t days = t / 86400000000;
	if (t % 86400000000 < 0)
		days--;
	wire_int32(to, 4);
	wire_int32(to, (int32_t)(days - epoch_days));
	return 0;
}
