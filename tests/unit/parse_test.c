#include <math.h>

#include "parse.h"
#include "unit.h"

static void test_int(void **state)
{
	static const char *const bad[] = {"", "-", "+1", " 1", "1 ", "abc", "1a", "0x10", "1.0", "1e3", "9223372036854775808",
	                                  "-9223372036854775809", "99999999999999999999999", "--1"};
	int64_t v = 5;

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		assert_int_equal(parse_int(span_of(bad[i]), &v), -1);
		assert_int_equal(v, 5);
	}
	assert_int_equal(parse_int(SPAN("9223372036854775807"), &v), 0);
	assert_true(v == INT64_MAX);
	assert_int_equal(parse_int(SPAN("-9223372036854775808"), &v), 0);
	assert_true(v == INT64_MIN);
	assert_int_equal(parse_int(SPAN("-0"), &v), 0);
	assert_true(v == 0);
}

static void test_duration(void **state)
{
	static const struct {
		const char *text;
		int64_t us;
	} good[] = {{"10", 10000000},       {"500ms", 500000},     {"7us", 7},           {"10s", 10000000},      {"5m",
		300000000},
	            {"5min", 300000000},    {"2h", 7200000000},    {"30d", 2592000000000}, {"1w", 604800000000}, {"0", 0}};
	static const char *const bad[] = {"", "s", "-1s", "1.5s", "1 s", "1S", "1y", "10000000000000000d", "1ss"};
	int64_t us;

	(void)state;
	for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
		assert_int_equal(parse_duration(span_of(good[i].text), &us), 0);
		assert_true(us == good[i].us);
	}
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
		assert_int_equal(parse_duration(span_of(bad[i]), &us), -1);
}

static void test_size(void **state)
{
	int64_t n;

	(void)state;
	assert_int_equal(parse_size(SPAN("65536"), &n), 0);
	assert_true(n == 65536);
	assert_int_equal(parse_size(SPAN("64k"), &n), 0);
	assert_true(n == 65536);
	assert_int_equal(parse_size(SPAN("8M"), &n), 0);
	assert_true(n == 8388608);
	assert_int_equal(parse_size(SPAN("3G"), &n), 0);
	assert_true(n == INT64_C(3221225472));
	assert_int_equal(parse_size(SPAN("8MB"), &n), -1);
	assert_int_equal(parse_size(SPAN("-1"), &n), -1);
	assert_int_equal(parse_size(SPAN("9999999999999G"), &n), -1);
}

static void test_real(void **state)
{
	static const char *const bad[] = {"", "nan", "inf", "0x1p3", " 1", "1 ", "1e999", "1e", ".", "1,5", "--1",
	                                  "1111111111111111111111111111111111111111111111111111111111111111"};
	double d = 5;

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		assert_int_equal(parse_real(span_of(bad[i]), &d), -1);
		assert_true(d == 5);
	}
	assert_int_equal(parse_real(SPAN(".25"), &d), 0);
	assert_true(d == 0.25);
	assert_int_equal(parse_real(SPAN("-1e-3"), &d), 0);
	assert_true(d == -0.001);
	assert_int_equal(parse_real((struct span){"1\0", 2}, &d), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_int),
		cmocka_unit_test(test_duration),
		cmocka_unit_test(test_size),
		cmocka_unit_test(test_real),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
