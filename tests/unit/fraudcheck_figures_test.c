/* Figures of a ranking: cases by hand, and against their definitions taken literally. */
#include "unit.h"

#include <math.h>

#include "../../fraudcheck/figures.h"
#include "random.h"

/* "3f 2n 2f": scores with f for fraud, n for none, ! in front: above all others. */
static size_t read_ranks(const char *text, struct ranked *to)
{
	size_t n = 0;

	for (char *end; *text != '\0'; text = end + 1 + (end[1] == ' ')) {
		to[n].rank.above = *text == '!';
		to[n].rank.score = strtod(text + to[n].rank.above, &end);
		to[n++].fraud = *end == 'f';
	}
	return n;
}

static void check(const char *text, double auc, double average_precision)
{
	struct ranked r[32];
	size_t n = read_ranks(text, r);

	figures_sort(r, n);
	assert_float_equal(figures_auc(r, n), auc, 1e-12);
	assert_float_equal(figures_average_precision(r, n), average_precision, 1e-12);
}

static void test_by_hand(void **state)
{
	(void)state;
	check("1n 2f", 1, 1);
	check("1f 2n", 0, .5);
	check("1f 1n 1n 1n", .5, .25);
	/* 1 of 1, 2 of 3, 3 of 5: each with a third of the recall */
	check("3f 2n 2f 1n 1f", 4.0 / 6, (1 + 2.0 / 3 + 3.0 / 5) / 3);
	/* two at once at the top, one of them fraud; then one of four */
	check("9f 9n 1n -2f", (.5 + 1) / 4, (1.0 / 2 + 2.0 / 4) / 2);
	/* what a flag marks is above every score, and is ranked by its score there */
	check("!0f 100n 50f", .5 + .5 * 0, (1 + 2.0 / 3) / 2);
	check("!0f !7n 8f", .0, (1.0 / 2 + 2.0 / 3) / 2);
	/* values that are null come last, all at once */
	check("-inff -infn 0n 1f", (2 + .5 + 0) / 4, (1 + 2.0 / 4) / 2);
}

static void test_one_kind_only(void **state)
{
	struct ranked r[2] = {{{false, 1}, false}, {{false, 2}, false}};

	(void)state;
	assert_true(isnan(figures_auc(r, 2)));
	assert_true(isnan(figures_average_precision(r, 2)));
	assert_true(isnan(figures_auc(r, 0)));
	r[0].fraud = r[1].fraud = true;
	assert_true(isnan(figures_auc(r, 2)));
	assert_float_equal(figures_average_precision(r, 2), 1, 0);
}

/* Every pair; every threshold. */
static void literal(const struct ranked *r, size_t n, double *auc, double *average_precision)
{
	double pairs = 0, better = 0, frauds = 0, sum = 0;

	for (size_t i = 0; i < n; i++)
		frauds += r[i].fraud;
	for (size_t i = 0; i < n; i++) {
		double at_least = 0, found = 0;

		for (size_t k = 0; k < n; k++) {
			int order = rank_compare(r[i].rank, r[k].rank);

			if (r[i].fraud && !r[k].fraud) {
				pairs++;
				better += order > 0 ? 1 : order == 0 ? .5 : 0;
			}
			at_least += order <= 0;
			found += order <= 0 && r[k].fraud;
		}
		sum += r[i].fraud ? found / at_least : 0; /* each fraud is one step of the recall, at its own threshold */
	}
	*auc = better / pairs;
	*average_precision = sum / frauds;
}

static void test_by_definition(void **state)
{
	struct random random;
	struct ranked r[60];

	(void)state;
	random_seed(&random, 7, 0);
	for (int round = 0; round < 300; round++) {
		double auc, average_precision;
		size_t n = 2 + (size_t)(random_below(&random, 58));

		for (size_t i = 0; i < n; i++)
			r[i] = (struct ranked){{random_below(&random, 8) == 0, (double)random_below(&random, 10)},
			                       i == 0 || (i > 1 && random_below(&random, 3) == 0)};
		literal(r, n, &auc, &average_precision);
		figures_sort(r, n);
		assert_float_equal(figures_auc(r, n), auc, 1e-12);
		assert_float_equal(figures_average_precision(r, n), average_precision, 1e-12);
	}
}

static void test_cards(void **state)
{
	struct card_record r[] = {
		/* day 1: card 2 ranks by its higher record, its fraud is in the other one; 0 and 3 are equal, the lower goes first */
		{1, 2, {false, 1}, true},
		{1, 0, {false, 5}, false},
		{1, 3, {false, 5}, true},
		{1, 2, {false, 9}, false},
		{1, 1, {false, 2}, true},
		/* day 2: 2 was found and counts no more; 3 was not found, now it is; 4 is above by a flag */
		{2, 2, {false, 9}, true},
		{2, 3, {false, 6}, true},
		{2, 4, {true, 0}, false},
		{2, 0, {false, 5}, true},
		/* a day with fewer cards than are looked at */
		{4, 1, {false, 0}, true},
	};
	struct card_day *days;
	size_t count;

	(void)state;
	assert_float_equal(figures_card_precision(r, sizeof r / sizeof r[0], 2, &days, &count), (.5 + .5 + .5) / 3, 1e-12);
	assert_int_equal(count, 3);
	assert_int_equal(days[0].cards, 4);
	assert_int_equal(days[0].compromised, 3);
	assert_int_equal(days[0].found, 1);
	assert_int_equal(days[1].cards, 3);
	assert_int_equal(days[1].compromised, 2);
	assert_int_equal(days[1].found, 1);
	assert_int_equal(days[2].day, 4);
	assert_int_equal(days[2].found, 1);
	free(days);
	assert_true(isnan(figures_card_precision(r, 0, 2, &days, &count)));
	assert_int_equal(count, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_by_hand),
		cmocka_unit_test(test_one_kind_only),
		cmocka_unit_test(test_by_definition),
		cmocka_unit_test(test_cards),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
