/* The values of any object into fields of binary COPY, by every encoder: refused with a reason, or a field as long as it says. */
#include "../../pgload/catalogue.h"
#include "fuzz.h"

const char *const fuzz_seeds[] = {
	"{\"a\":\"019b76da-b4ee-7529-ac80-99ec4e4185dc\",\"b\":\"2026-01-01T00:00:03.310Z\",\"c\":247.19,\"d\":-0.00005,\"e\":true,\"f\":[\"x\",null,\"\\u00e9\"],"
	"\"g\":{\"h\":[1e5]},\"i\":\"\\\\x00ff\",\"j\":\"2026-01-01\"}",
	"{\"a\":99999999999999.99995,\"b\":1e131071,\"c\":1e-16383,\"d\":9223372036854775807,\"e\":-32769,\"f\":1e309,\"g\":\"\\ud83d\\ude00\",\"h\":\"0001-01-01T00:00:00+14:00\"}",
	NULL};
const char *const fuzz_words[] = {"\"2026-12-31T23:59:60Z\"", "\"9999-12-31 23:59:59.9999995Z\"", "\"0001-01-01T00:00:00+23:59\"", "1e131072", "1e-16384", "0.0000", "-0",
	"00000000", ".5", "e-9", "[\"\"]", "[[]]", "{}", "\"\\ud800\"", "null", "\"\\\\x\"", NULL};

void fuzz_one(struct span input)
{
	static const struct { encode_fn *encode; int32_t typmod; } encoders[] = {
		{encode_bool, -1}, {encode_int2, -1}, {encode_int4, -1}, {encode_int8, -1}, {encode_float4, -1}, {encode_float8, -1}, {encode_numeric, -1},
		{encode_numeric, (18 << 16 | 4) + 4}, {encode_numeric, (3 << 16 | (-2 & 0x7ff)) + 4}, {encode_text, -1}, {encode_varchar, 4 + 5}, {encode_bytea, -1}, {encode_uuid, -1},
		{encode_text_array, -1}, {encode_timestamptz, -1}, {encode_timestamp, -1}, {encode_date, -1}, {encode_json, -1}, {encode_jsonb, -1}, {encode_as_text, -1}};
	static struct json_object o;
	static struct buf field;
	static char name[] = "c", type[] = "its type";
	size_t at;

	if (json_scan(&o, input, &at) != JSON_OK)
		return;
	for (size_t i = 0; i < o.count; i++) {
		if (o.member[i].type == JSON_NULL)
			continue;
		for (size_t k = 0; k < sizeof encoders / sizeof encoders[0]; k++) {
			const struct column c = {.name = name, .name_length = 1, .type_name = type, .typmod = encoders[k].typmod, .element = 25};
			struct fault f = {.reason = NULL};
			const unsigned char *p;

			buf_clear(&field);
			if (encoders[k].encode(&field, &c, &o.member[i], &f) < 0) {
				if (f.reason == NULL || memchr(f.detail, '\0', sizeof f.detail) == NULL)
					fuzz_fail(input, "encoder %zu refuses member %zu without a reason", k, i);
				continue;
			}
			p = (const unsigned char *)field.p;
			if (field.n < 4 || ((size_t)p[0] << 24 | (size_t)p[1] << 16 | (size_t)p[2] << 8 | p[3]) != field.n - 4)
				fuzz_fail(input, "encoder %zu, member %zu: the length is not that of the field", k, i);
		}
	}
}
