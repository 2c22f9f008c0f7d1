#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#include "../../producer/gen_math.h"

static void logarithm_and_exponential_agree_with_the_c_library(void **state)
{
	struct random r;

	(void)state;
	random_seed(&r, 5, 0);
	for (int i = 0; i < 200000; i++) {
		double x = (random_unit(&r) - .5) * 1400;

		assert_true(fabs(gmath_exp(x) / exp(x) - 1) < 1e-15);
		x = random_unit(&r) * 10 + 1e-300;
		assert_true(fabs(gmath_ln(x) - log(x)) <= 1e-15 * (1 + fabs(log(x))));
	}
	assert_true(gmath_ln(1) == 0);
	assert_true(gmath_exp(0) == 1);
}

static void normal_numbers_have_mean_0_and_variance_1(void **state)
{
	const int n = 400000;
	double sum = 0, squares = 0, fourth = 0;
	struct random r;

	(void)state;
	random_seed(&r, 6, 0);
	for (int i = 0; i < n; i++) {
		double z = gmath_normal(&r);

		sum += z;
		squares += z * z;
		fourth += z * z * z * z;
	}
	assert_true(fabs(sum / n) < .008);
	assert_true(fabs(squares / n - 1) < .012);
	assert_true(fabs(fourth / n - 3) < .08);
}

static void exponential_numbers_have_mean_1(void **state)
{
	const int n = 400000;
	double sum = 0, squares = 0;
	struct random r;

	(void)state;
	random_seed(&r, 7, 0);
	for (int i = 0; i < n; i++) {
		double x = gmath_exponential(&r);

		assert_true(x >= 0 && x < 40);
		sum += x;
		squares += x * x;
	}
	assert_true(fabs(sum / n - 1) < .01);
	assert_true(fabs(squares / n - 2) < .06);
}

static void zipf_ranks_fall_off_like_1_over_x(void **state)
{
	enum { N = 50, DRAWS = 300000 };
	int seen[N] = {0};
	struct random r;

	(void)state;
	random_seed(&r, 8, 0);
	for (int i = 0; i < DRAWS; i++) {
		uint64_t k = gmath_zipf(&r, N);

		assert_true(k < N);
		seen[k]++;
	}
	for (int k = 0; k < N; k++) {
		double want = DRAWS * log((k + 2.0) / (k + 1)) / log(N + 1.0);

		assert_true(fabs(seen[k] - want) < 5 * sqrt(want));
	}
	for (int i = 0; i < 100; i++)
		assert_int_equal(gmath_zipf(&r, 1), 0);
}

static void times_have_the_wanted_mean(void **state)
{
	uint64_t sum = 0;
	struct random r;

	(void)state;
	random_seed(&r, 9, 0);
	for (int i = 0; i < 100000; i++) {
		uint64_t n = gmath_times(&r, 2.3);

		assert_true(n == 2 || n == 3);
		sum += n;
	}
	assert_true(fabs((double)sum / 100000 - 2.3) < .01);
	assert_int_equal(gmath_times(&r, 0), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(logarithm_and_exponential_agree_with_the_c_library),
		cmocka_unit_test(normal_numbers_have_mean_0_and_variance_1),
		cmocka_unit_test(exponential_numbers_have_mean_1),
		cmocka_unit_test(zipf_ranks_fall_off_like_1_over_x),
		cmocka_unit_test(times_have_the_wanted_mean),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
