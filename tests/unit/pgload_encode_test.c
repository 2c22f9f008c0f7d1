#include "../../pgload/catalogue.h"
#include "unit.h"

static struct buf field;
static struct fault fault;

static struct json_member member(enum json_type type, const char *value)
{
	return (struct json_member){.value = span_of(value), .type = (uint8_t)type, .escaped = strchr(value, '\\') != NULL};
}

static int encode(encode_fn *e, int32_t typmod, struct json_member m)
{
	static char name[] = "c", type[] = "its type";
	struct column c = {.name = name, .name_length = 1, .type_name = type, .typmod = typmod, .element = 25};

	buf_clear(&field);
	fault.reason = "";
	return e(&field, &c, &m, &fault);
}

static int number(int precision, int scale, const char *text)
{
	return encode(encode_numeric, precision == 0 ? -1 : (precision << 16 | (scale & 0x7ff)) + 4,
	              member(JSON_NUMBER, text));
}

/* numeric on the wire: length, groups, weight, sign, scale, the groups. */
static void check_numeric(int precision, int scale, const char *text, const int16_t *want, size_t n)
{
	assert_int_equal(number(precision, scale, text), 0);
	assert_int_equal(field.n, 4 + 2 * n);
	for (size_t i = 0; i < n; i++) {
		const unsigned char *p = (const unsigned char *)field.p + 4 + 2 * i;

		assert_int_equal((int16_t)(p[0] << 8 | p[1]), want[i]);
	}
}
#define GROUPS(...) ((const int16_t[]){__VA_ARGS__})
#define CHECK_NUMERIC(precision, scale, text, ...) \
	check_numeric(precision, scale, text, GROUPS(__VA_ARGS__), sizeof(GROUPS(__VA_ARGS__)) / sizeof(int16_t))

static void numeric_groups(void **state)
{
	(void)state;
	CHECK_NUMERIC(18, 4, "0", 0, 0, 0, 4);
	CHECK_NUMERIC(18, 4, "-0.00001", 0, 0, 0, 4);
	CHECK_NUMERIC(18, 4, "7.6", 2, 0, 0, 4, 7, 6000);
	CHECK_NUMERIC(18, 4, "-12345.678", 3, 1, 0x4000, 4, 1, 2345, 6780);
	CHECK_NUMERIC(18, 4, "1e8", 1, 2, 0, 4, 1);
	CHECK_NUMERIC(18, 4, "0.00005", 1, -1, 0, 4, 1);
	CHECK_NUMERIC(18, 4, "9999.99995", 1, 1, 0, 4, 1);
	CHECK_NUMERIC(0, 0, "1.50", 2, 0, 0, 2, 1, 5000);
	CHECK_NUMERIC(0, 0, "0.000", 0, 0, 0, 3);
	CHECK_NUMERIC(0, 0, "12e-9", 2, -2, 0, 9, 1, 2000);
}

static void numeric_range(void **state)
{
	static const char *const good[] = {"99999999999999.9999", "-99999999999999.99994", "1e13", "1e-500"};
	static const char *const bad[] = {"100000000000000", "99999999999999.99995", "1e14", "-1e400", "1e-16384", "0e-16384", "0e-9999999999"};

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		assert_int_equal(number(18, 4, good[i]), 0);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_int_equal(number(18, 4, bad[i]), -1);
		assert_string_equal(fault.reason, "out_of_range");
	}
	assert_true(numeric_fits(SPAN("1e131071")));
	assert_false(numeric_fits(SPAN("1e131072")));
	assert_true(numeric_fits(SPAN("1e-16383")));
	assert_false(numeric_fits(SPAN("1.0e-16383")));
}

static void check_refused(encode_fn *e, int32_t typmod, struct json_member m, const char *reason)
{
	assert_int_equal(encode(e, typmod, m), -1);
	assert_string_equal(fault.reason, reason);
}

static void refusals(void **state)
{
	(void)state;
	check_refused(encode_bool, -1, member(JSON_STRING, "true"), "wrong_type");
	check_refused(encode_bool, -1, member(JSON_NUMBER, "1"), "wrong_type");
	check_refused(encode_int4, -1, member(JSON_NUMBER, "1.5"), "wrong_type");
	check_refused(encode_int4, -1, member(JSON_NUMBER, "2147483648"), "out_of_range");
	check_refused(encode_int2, -1, member(JSON_NUMBER, "-32769"), "out_of_range");
	check_refused(encode_int8, -1, member(JSON_NUMBER, "1e400"), "out_of_range");
	check_refused(encode_float8, -1, member(JSON_NUMBER, "1e309"), "out_of_range");
	check_refused(encode_float8, -1, member(JSON_NUMBER, "1e-400"), "out_of_range");
	check_refused(encode_float4, -1, member(JSON_NUMBER, "1e39"), "out_of_range");
	check_refused(encode_numeric, -1, member(JSON_STRING, "1"), "wrong_type");
	check_refused(encode_text, -1, member(JSON_NUMBER, "1"), "wrong_type");
	check_refused(encode_text, -1, member(JSON_STRING, "\\ud800"), "lone_surrogate");
	check_refused(encode_varchar, 4 + 2, member(JSON_STRING, "abc"), "too_long");
	check_refused(encode_uuid, -1, member(JSON_STRING, "00000000-0000-0000-0000-00000000000"), "bad_uuid");
	check_refused(encode_timestamptz, -1, member(JSON_STRING, "2026-01-01T00:00:00"), "bad_timestamp");
	check_refused(encode_timestamptz, -1, member(JSON_NUMBER, "0"), "wrong_type");
	check_refused(encode_timestamptz, -1, member(JSON_STRING, "\\ud800"), "bad_timestamp");
	check_refused(encode_timestamp, -1, member(JSON_STRING, "2026-01-01T00:00:00\\ud800"), "bad_timestamp");
	check_refused(encode_uuid, -1, member(JSON_STRING, "\\udc00"), "bad_uuid");
	check_refused(encode_date, -1, member(JSON_STRING, "2026-1-1"), "bad_timestamp");
	check_refused(encode_text_array, -1, member(JSON_ARRAY, "[1]"), "wrong_type");
	check_refused(encode_jsonb, -1, member(JSON_OBJECT, "{\"a\":\"\\udc00\"}"), "lone_surrogate");
	check_refused(encode_jsonb, -1, member(JSON_ARRAY, "[1e200000]"), "out_of_range");
	assert_int_equal(encode(encode_jsonb, -1, member(JSON_OBJECT, "{\"1e999999\":\"\\\\ud800 \\ud83d\\ude00\"}")), 0);
	assert_int_equal(encode(encode_varchar, 4 + 2, member(JSON_STRING, "\xc3\xa9\xc3\xa9  ")), 0);
}

/* A long detail is cut between characters: it has to be stored as text. */
static void details(void **state)
{
	struct fault f;
	char long_name[600];

	(void)state;
	for (size_t i = 0; i + 2 < sizeof(long_name); i += 2)
		memcpy(long_name + i, "\xc3\xa9", 2);
	long_name[sizeof(long_name) - 2] = '\0';
	for (size_t i = 0; i < 2; i++) {
		assert_int_equal(fault_set(&f, "r", "%s%s", i == 0 ? "" : "x", long_name), -1);
		assert_true(utf8_valid(span_of(f.detail)));
		assert_true(strlen(f.detail) > 200);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(numeric_groups),
	    cmocka_unit_test(numeric_range),
	    cmocka_unit_test(refusals),
	    cmocka_unit_test(details),
	};
	int failed = cmocka_run_group_tests(tests, NULL, NULL);

	buf_free(&field);
	return failed;
}
