#include "unit.h"

static void test_growth(void **state)
{
	struct buf b = {0};

	(void)state;
	for (int i = 0; i < 10000; i++)
		buf_add_char(&b, (char)('a' + i % 26));
	assert_int_equal(b.n, 10000);
	for (int i = 0; i < 10000; i++)
		assert_int_equal(b.p[i], 'a' + i % 26);
	buf_drop(&b, 9998);
	assert_span(buf_span(&b), "op");
	buf_clear(&b);
	assert_true(b.cap >= 10000);
	buf_drop(&b, 0);
	buf_free(&b);
	assert_null(b.p);
	buf_drop(&b, 0);
	buf_free(&b);
}

static void test_numbers(void **state)
{
	struct buf b = {0};

	(void)state;
	buf_add_int(&b, INT64_MIN);
	buf_add_char(&b, ' ');
	buf_add_int(&b, INT64_MAX);
	buf_add_char(&b, ' ');
	buf_add_int(&b, 0);
	buf_addf(&b, " %s-%d", "x", -7);
	assert_span(buf_span(&b), "-9223372036854775808 9223372036854775807 0 x--7");
	assert_string_equal(buf_text(&b), "-9223372036854775808 9223372036854775807 0 x--7");
	assert_int_equal(strlen(buf_text(&b)), b.n);
	buf_free(&b);
}

static void test_copies(void **state)
{
	char *copy = xstrndup("abcdef", 3), *empty = xstrndup(NULL, 0);

	(void)state;
	assert_string_equal(copy, "abc");
	assert_string_equal(empty, "");
	free(copy);
	free(empty);
}

/* As printf writes it: each number of digits, and both sides of where one more begins. */
static void writes_numbers_of_every_length(void **state)
{
	struct buf b = {0};
	char want[32];
	int64_t power = 1;

	(void)state;
	for (int i = 0; i < 19; i++, power = i < 19 ? power * 10 : power) {
		const int64_t values[] = {power - 1, power, power + 1, 2 * power + power / 7, 1 - power, -power};

		for (size_t j = 0; j < sizeof values / sizeof values[0]; j++) {
			buf_clear(&b);
			buf_add_int(&b, values[j]);
			snprintf(want, sizeof want, "%lld", (long long)values[j]);
			assert_string_equal(buf_text(&b), want);
			assert_int_equal(b.n, strlen(want));
		}
	}
	buf_free(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(writes_numbers_of_every_length),
		cmocka_unit_test(test_growth),
		cmocka_unit_test(test_numbers),
		cmocka_unit_test(test_copies),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
