#include "base64.h"
#include "random.h"
#include "unit.h"

static void test_vectors(void **state)
{
	static const char *const cases[][2] = {{"", ""},         {"f", "Zg=="},         {"fo", "Zm8="},        {"foo", "Zm9v"},
	                                       {"foob", "Zm9vYg=="}, {"fooba", "Zm9vYmE="}, {"foobar", "Zm9vYmFy"}};
	struct buf b = {0};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		buf_clear(&b);
		base64_write(&b, span_of(cases[i][0]));
		assert_string_equal(buf_text(&b), cases[i][1]);
		buf_clear(&b);
		assert_int_equal(base64_read(&b, span_of(cases[i][1])), 0);
		assert_string_equal(buf_text(&b), cases[i][0]);
	}
	buf_free(&b);
}

static void test_round_trip(void **state)
{
	struct buf bytes = {0}, text = {0}, back = {0};
	struct random r;

	(void)state;
	random_seed(&r, 5, 1);
	for (int i = 0; i < 3000; i++) {
		buf_clear(&bytes);
		buf_clear(&text);
		buf_clear(&back);
		for (uint64_t n = random_below(&r, 200); n > 0; n--)
			buf_add_char(&bytes, (char)random_bits(&r));
		buf_add_text(&back, "kept ");
		base64_write(&text, buf_span(&bytes));
		assert_int_equal(text.n, (bytes.n + 2) / 3 * 4);
		assert_int_equal(base64_read(&back, buf_span(&text)), 0);
		assert_int_equal(back.n, bytes.n + 5);
		assert_memory_equal(back.p, "kept ", 5);
		if (bytes.n > 0)
			assert_memory_equal(back.p + 5, bytes.p, bytes.n);
	}
	buf_free(&bytes);
	buf_free(&text);
	buf_free(&back);
}

static void test_bad(void **state)
{
	static const char *const bad[] = {"Z", "Zg", "Zg=", "Zg===", "====", "=", "Z===", "Zg==Zg==", "Zm8=Zm8=", "Zm9 ",
		"Zm9\n",
	                                  " Zm9v", "Zm9v\n", "Zm9-", "Zm_v", "Zh==", "Zm9=", "Z=g=", "Zm9vZg==="};
	struct buf b = {0};

	(void)state;
	buf_add_text(&b, "before");
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		if (base64_read(&b, span_of(bad[i])) == 0) {
			print_error("'%s' was taken\n", bad[i]);
			fail();
		}
		assert_span(buf_span(&b), "before");
	}
	buf_free(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_vectors),
		cmocka_unit_test(test_round_trip),
		cmocka_unit_test(test_bad),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
