/* Decimals against strtod and against the digits themselves; numbers are made from a fixed seed. */
#include <math.h>

#include "decimal.h"
#include "random.h"
#include "unit.h"

static void same_double(const char *text)
{
	double got = decimal_double(span_of(text)), want = strtod(text, NULL);

	if (memcmp(&got, &want, sizeof got) != 0) {
		print_error("%s: got %.17g, strtod says %.17g\n", text, got, want);
		fail();
	}
}

static void test_double_known(void **state)
{
	static const char *const texts[] = {
		"0", "-0", "0.0", "-0e5", "0e999999999999", "1", "-1", "0.1", "0.3", "1e22", "1e23", "123456789012345e22",
		"9007199254740993", "9007199254740992.5", "9007199254740993.0000000000000000000000000000000000000000000001",
		"1.7976931348623157e308", "1.7976931348623158e308", "1.7976931348623159e308", "1e309", "-1e400",
		"1e99999999999999999999",
		"4.9406564584124654e-324", "2.4703282292062327e-324", "2.4703282292062328e-324", "1e-400", "1e-99999999999999999999",
		"2.2250738585072011e-308", "2.2250738585072014e-308", "2.225073858507201136057409796709131975934819546351645e-308",
		"0.000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000001e93",
		"3.518437208883201171875e13", "62.5364939768271845828", "8.10109172351e-10", "1.50000000000000011102230246251565",
		"7.6", "3000.01", "1234.5600", "48.2081743", "179769313486231580793728971405301e276"};

	(void)state;
	for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
		same_double(texts[i]);
}

/* The exact decimal digits of a point midway between two doubles, and its neighbours on both sides. */
static void test_double_halfway(void **state)
{
	struct random r;

	(void)state;
	random_seed(&r, 7, 1);
	for (int i = 0; i < 3000; i++) {
		/* subnormals and small exponents need the most digits */
		uint64_t bits = i % 3 == 0 ? random_below(&r, UINT64_C(1) << 52) : random_below(&r, UINT64_C(0x7fe0000000000000));
		double low, high;
		char text[2600];
		int n;

		memcpy(&low, &bits, 8);
		bits++;
		memcpy(&high, &bits, 8);
		/* long double holds the midpoint exactly: its mantissa has eleven bits more */
		n = snprintf(text, sizeof text, "%.1100Le", ((long double)low + (long double)high) / 2);
		assert_true(n > 0 && n < (int)sizeof text - 2);
		same_double(text);
		{
			char *e = strchr(text, 'e'), tail[16];

			assert_non_null(e);
			snprintf(tail, sizeof tail, "%s", e);
			snprintf(e, 20, "1%s", tail); /* a digit more than the tie, 1100 places down */
			same_double(text);
		}
	}
}

static void test_double_random(void **state)
{
	struct random r;

	(void)state;
	random_seed(&r, 7, 2);
	for (int i = 0; i < 200000; i++) {
		char text[80];
		size_t n = 0, digits = 1 + (size_t)random_below(&r, 25), point = (size_t)random_below(&r, digits + 4);

		if (random_below(&r, 4) == 0)
			text[n++] = '-';
		for (size_t k = 0; k < digits; k++) {
			unsigned digit = (unsigned)random_below(&r, 10);

			if (k == 0 && point == 0)
				digit = 0;
			if (k == 0 && digits > 1 && point != 0 && digit == 0)
				digit = 1;
			text[n++] = (char)('0' + digit);
			if (k == point && k + 1 < digits)
				text[n++] = '.';
		}
		text[n] = '\0';
		if (random_below(&r, 2) == 0)
			snprintf(text + n, sizeof text - n, "e%d", (int)random_below(&r, 700) - 350);
		same_double(text);
	}
	for (int i = 0; i < 100000; i++) { /* every double's shortest and longest text comes back */
		uint64_t bits = random_bits(&r);
		double value;
		char text[40];

		memcpy(&value, &bits, 8);
		if (!isfinite(value))
			continue;
		snprintf(text, sizeof text, "%.17g", value);
		assert_true(decimal_double(span_of(text)) == value);
	}
}

static void test_double_long(void **state)
{
	struct buf b = {0};

	(void)state;
	/* 2^53 + 1 lies midway between two doubles; a 1 two million digits down decides */
	buf_add_text(&b, "9007199254740993.");
	for (int i = 0; i < 2000000; i++)
		buf_add_char(&b, '0');
	assert_true(decimal_double(buf_span(&b)) == 9007199254740992.0);
	buf_add_char(&b, '1');
	assert_true(decimal_double(buf_span(&b)) == 9007199254740994.0);
	/* digits and exponent that cancel */
	buf_clear(&b);
	buf_add_text(&b, "0.");
	for (int i = 0; i < 1500000; i++)
		buf_add_char(&b, '0');
	buf_add_text(&b, "25e1500001");
	assert_true(decimal_double(buf_span(&b)) == 2.5);
	buf_free(&b);
}

/* Digits and exponent as text: -123e-2. */
static const char *show(const char *number)
{
	static struct buf b;
	struct decimal d;

	buf_clear(&b);
	if (decimal_read(&d, span_of(number)) < 0)
		return "error";
	if (d.negative)
		buf_add_char(&b, '-');
	for (uint32_t i = 0; i < d.count; i++)
		buf_add_char(&b, (char)('0' + decimal_digit(&d, i)));
	buf_addf(&b, "e%d", d.exponent);
	return buf_text(&b);
}

static void test_read(void **state)
{
	static const struct {
		const char *number, *want;
	} cases[] = {
		{"0", "e0"},           {"-0", "-e0"},         {"0.000", "e0"},      {"0e1000000000", "e0"},  {"1", "1e0"},
		{"10", "1e1"},         {"100.50", "1005e-1"}, {"1.50", "15e-1"},    {"0.0015", "15e-4"},     {"1200e-2", "12e0"},
		{"1.2E+3", "12e2"},    {"-7.6", "-76e-1"},    {"1000.0", "1e3"},    {"1e1000000", "1e1000000"}, {"1e1000001",
		"error"},
		{"10e1000000", "error"}, {"1e-1000000", "1e-1000000"}, {"0.1e-1000000", "error"}, {"1e99999999999999999999", "error"},
		{"1e-99999999999999999999", "error"}, {"123456789012345678901234567890.123", "123456789012345678901234567890123e-3"},
		{"0.10", "1e-1"},      {"10.01", "1001e-2"},  {"101", "101e0"},     {"1e00000000000000000000005", "1e5"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
		assert_string_equal(show(cases[i].number), cases[i].want);
}

static void test_int64(void **state)
{
	static const struct {
		const char *number;
		int status;
		int64_t value;
	} cases[] = {
		{"0", 0, 0},
		{"-0.0", 0, 0},
		{"1.0", 0, 1},
		{"1e3", 0, 1000},
		{"-12.50e1", 0, -125},
		{"9223372036854775807", 0, INT64_MAX},
		{"9223372036854775808", -1, 0},
		{"-9223372036854775808", 0, INT64_MIN},
		{"-9223372036854775809", -1, 0},
		{"9.223372036854775807e18", 0, INT64_MAX},
		{"1e18", 0, INT64_C(1000000000000000000)},
		{"1e19", -1, 0},
		{"92233720368547758070", -1, 0},
		{"0.5", -1, 0},
		{"1e-1", -1, 0},
		{"1e999999", -1, 0},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct decimal d;
		int64_t value = 0;

		assert_int_equal(decimal_read(&d, span_of(cases[i].number)), 0);
		assert_int_equal(decimal_int64(&d, &value), cases[i].status);
		assert_true(value == cases[i].value);
	}
}

/* What printf and strtod say: as few digits as give the same double back. */
static void same_text(double number)
{
	struct buf got = {0};
	char want[40];

	for (int digits = 15; digits <= 17; digits++) { /* (%g leaves zeros at the end out) */
		snprintf(want, sizeof want, "%.*g", digits, number);
		if (strtod(want, NULL) == number)
			break;
	}
	decimal_write(&got, number);
	buf_add_char(&got, '\0');
	if (fabs(number) < 1e15 && number == floor(number))
		snprintf(want, sizeof want, "%.0f", number == 0 ? 0 : number);
	assert_string_equal(got.p, want);
	buf_free(&got);
}

static void test_write_known(void **state)
{
	static const double numbers[] = {0, -0.0, 1, -1, 0.1, 0.5, 0.3, -0.25, 1e-4, 9.999e-5, 0.00010000000000000002, 1e14, 1e15, 1e16, 1e22, 1e23, 1e300,
	                                 123456789012345, 123456789012345.6, 99999999999999.9, 999999999999999.9, 999999999999999.5, 0.1 + 0.2, nextafter(0.1, 0), 1 / 3.0,
	                                 2 / 3.0, 4.9406564584124654e-324, 2.2250738585072014e-308, 1.7976931348623157e308, 220.01, 1087.36,
	                                 9007199254740993.0, 0.000123456789012345, 0.00012345678901234567, 5e-324};

	(void)state;
	for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
		same_text(numbers[i]);
		same_text(-numbers[i]);
	}
}

/* Any bits, decimals of all lengths, and what sums and quotients of decimals come to. */
static void test_write_random(void **state)
{
	struct random r;

	(void)state;
	random_seed(&r, 7, 0);
	for (int i = 0; i < 60000; i++) {
		uint64_t bits = random_bits(&r);
		double number, decimal = (double)(bits % 1000000000000000) / pow(10, (double)(bits >> 59));

		memcpy(&number, &bits, sizeof number);
		if (isfinite(number))
			same_text(number);
		same_text(decimal);
		same_text(nextafter(decimal, 1e300));
		same_text(nextafter(decimal, 0));
		same_text((double)(bits % 100000) / 100 + (double)(bits >> 40) / 1000);
		same_text((double)(bits % 100000) / (double)(1 + (bits >> 40) % 1000));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_double_known), cmocka_unit_test(test_double_halfway), cmocka_unit_test(test_double_random),
		cmocka_unit_test(test_double_long),  cmocka_unit_test(test_read),           cmocka_unit_test(test_int64),
		cmocka_unit_test(test_write_known),  cmocka_unit_test(test_write_random),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
