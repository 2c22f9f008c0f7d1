#include <math.h>

#include "random.h"
#include "unit.h"

/* The same numbers on every machine and for ever: txgen's output depends on them. */
static void test_fixed(void **state)
{
	struct random r;
	uint64_t sum = 0;

	(void)state;
	random_seed(&r, 42, 7);
	for (int i = 0; i < 1000; i++)
		sum = sum * 31 + random_bits(&r);
	assert_true(sum == UINT64_C(0x876ed60420354c59));
}

static void test_streams_differ(void **state)
{
	uint64_t first[400];
	size_t n = 0;

	(void)state;
	for (uint64_t seed = 0; seed < 20; seed++)
		for (uint64_t stream = 0; stream < 20; stream++) {
			struct random r;

			random_seed(&r, seed, stream);
			first[n++] = random_bits(&r);
		}
	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; k < i; k++)
			assert_true(first[i] != first[k]);
}

/* Chi-square over a range that does not divide 2^64, for neighbouring streams taken together. */
static void test_uniform(void **state)
{
	enum { BINS = 97, DRAWS = 970000 };
	static unsigned count[BINS];
	double chi = 0;

	(void)state;
	for (uint64_t stream = 0; stream < 1000; stream++) {
		struct random r;

		random_seed(&r, 1, stream);
		for (int i = 0; i < DRAWS / 1000; i++)
			count[random_below(&r, BINS)]++;
	}
	for (int i = 0; i < BINS; i++)
		chi += pow((double)count[i] - DRAWS / BINS, 2) / (DRAWS / BINS);
	assert_true(chi > 50 && chi < 160); /* 96 degrees of freedom: mean 96, deviation 14 */
}

/* The biased part of a naive remainder: with n = 3/4 of 2^64 half of it would be drawn twice as often. */
static void test_below_is_unbiased(void **state)
{
	const uint64_t n = UINT64_C(3) << 62;
	struct random r;
	int low = 0;

	(void)state;
	random_seed(&r, 9, 9);
	for (int i = 0; i < 30000; i++) {
		uint64_t x = random_below(&r, n);

		assert_true(x < n);
		low += x < n / 3 ? 1 : 0;
	}
	assert_true(low > 9500 && low < 10500);
	assert_true(random_below(&r, 1) == 0);
}

static void test_unit(void **state)
{
	struct random r;
	double sum = 0;

	(void)state;
	random_seed(&r, 2, 2);
	for (int i = 0; i < 100000; i++) {
		double x = random_unit(&r);

		assert_true(x >= 0 && x < 1);
		sum += x;
	}
	assert_true(fabs(sum / 100000 - 0.5) < 0.005);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_fixed),
		cmocka_unit_test(test_streams_differ),
		cmocka_unit_test(test_uniform),
		cmocka_unit_test(test_below_is_unbiased),
		cmocka_unit_test(test_unit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
