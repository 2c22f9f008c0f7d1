#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#include "../../producer/gen_amounts.h"

static const int64_t NOON = 1767268800000000, HOUR = 3600000000; /* 2026-01-01T12:00:00Z, a Thursday */

static void catalogue_is_complete(void **state)
{
	uint8_t last = 0;

	(void)state;
	for (unsigned i = 0; i < WORLD_CITIES; i++) {
		const struct city *c = &world_cities[i];

		assert_non_null(c->name);
		assert_true(c->country == last || c->country == last + 1);
		last = c->country;
		assert_true(c->weight > 0);
		assert_true(abs(c->latitude) < 89 * DEGREE && abs(c->longitude) < 179 * DEGREE);
		assert_int_equal(c->utc_offset % 30, 0);
	}
	assert_int_equal(last, WORLD_COUNTRIES - 1);
	for (unsigned i = 0; i < WORLD_CATEGORIES; i++)
		assert_true(world_categories[i].name != NULL && world_categories[i].median > 0);
	for (unsigned i = 0; i < WORLD_PROFILES; i++)
		for (unsigned h = 0; h < 24; h++)
			assert_true(world_profiles[i].hours[h] > 0 && world_profiles[i].hours[h] <= 64);
}

static void every_country_in_use_has_merchants(void **state)
{
	struct world w;

	(void)state;
	for (uint64_t merchants = WORLD_MIN_MERCHANTS; merchants < 400; merchants++) {
		world_init(&w, 1, 100, merchants);
		assert_true(w.countries >= 2 && w.countries <= WORLD_COUNTRIES);
		for (unsigned i = 0; i < w.countries; i++) {
			uint64_t first, end;

			world_merchants_in(&w, i, &first, &end);
			assert_true(first < end && end <= merchants);
		}
		for (unsigned i = 0; i < w.cities; i++) {
			uint64_t first, end;

			world_merchants_near(&w, i, &first, &end);
			assert_true(first < end && end <= merchants);
			assert_int_equal(world_cities[world_city_of(&w, first)].country, world_cities[i].country);
		}
	}
}

static void customers_are_spread_without_a_gap(void **state)
{
	static const uint64_t sizes[] = {1, 2, 7, 100, 12345, 1000000000};
	struct world w;

	(void)state;
	for (size_t k = 0; k < sizeof sizes / sizeof sizes[0]; k++) {
		unsigned segments;

		world_init(&w, 1, sizes[k], 1000);
		segments = w.cities * WORLD_PROFILES;
		assert_int_equal(w.customer_start[0], 0);
		assert_int_equal(w.customer_start[segments], sizes[k]);
		for (unsigned s = 0; s < segments; s++) {
			uint64_t from = w.customer_start[s], end = w.customer_start[s + 1];

			assert_true(from <= end);
			if (from < end) {
				assert_int_equal(world_segment_of(&w, from), s);
				assert_int_equal(world_segment_of(&w, end - 1), s);
			}
		}
	}
}

static void draws_stay_inside_the_population(void **state)
{
	static const uint64_t sizes[] = {1, 3, 200, 5000};
	struct world w;
	struct random r;

	(void)state;
	random_seed(&r, 3, 0);
	for (size_t k = 0; k < sizeof sizes / sizeof sizes[0]; k++) {
		struct rhythm y = {0};

		world_init(&w, 1, sizes[k], 2 + sizes[k]);
		rhythm_set(&y, &w, NOON);
		for (int i = 0; i < 20000; i++) {
			uint64_t c = rhythm_draw_in(&y, &w, &r, (unsigned)i % w.countries);

			assert_true(rhythm_draw(&y, &w, &r) < sizes[k]);
			assert_true(c < sizes[k]);
			if (sizes[k] == 5000)
				assert_int_equal(world_cities[world_segment_of(&w, c) / WORLD_PROFILES].country,
				                 (unsigned)i % w.countries);
		}
	}
}

static void rates_of_a_week_make_the_mean(void **state)
{
	struct rhythm y = {0};
	struct world w;
	double sum = 0;

	(void)state;
	world_init(&w, 1, 10000, 1000);
	for (int i = 0; i < 7 * 48; i++) {
		rhythm_set(&y, &w, NOON + i * HOUR / 2);
		assert_int_equal(y.until, NOON + (i + 1) * HOUR / 2);
		sum += y.rate * (double)HOUR / 2;
	}
	assert_true(fabs(sum / 7 / rhythm_per_day(&w) - 1) < 1e-9);
}

static void local_time_knows_zones_and_weekends(void **state)
{
	const struct city plus9 = {.utc_offset = 540}, minus8 = {.utc_offset = -480}, india = {.utc_offset = 330};
	bool weekend;

	(void)state;
	assert_int_equal(world_local(&plus9, NOON, &weekend), 21);
	assert_false(weekend);
	assert_int_equal(world_local(&minus8, NOON, &weekend), 4);
	assert_int_equal(world_local(&india, NOON, &weekend), 17);
	assert_int_equal(world_local(&plus9, NOON + 27 * HOUR, &weekend), 0); /* Saturday has begun there */
	assert_true(weekend);
	assert_int_equal(world_local(&minus8, NOON + 27 * HOUR, &weekend), 7);
	assert_false(weekend);
	world_local(&minus8, NOON + 24 * 3 * HOUR, &weekend); /* Sunday */
	assert_true(weekend);
	world_local(&minus8, NOON + 24 * 4 * HOUR, &weekend);
	assert_false(weekend);
}

static void trips_end_and_phones_change(void **state)
{
	const int64_t day = 24 * HOUR;
	int travellers = 0, changes = 0, away_days = 0;
	struct world w;
	struct person p;

	(void)state;
	world_init(&w, 1, 500, 1000);
	for (uint64_t c = 0; c < 500; c++) {
		uint64_t phone = 0;
		int away = 0, longest = 0;

		people_get(&w, c, &p);
		for (int d = 0; d < 700; d++) {
			bool fresh;
			uint64_t now = people_phone(&w, &p, NOON + d * day, &fresh);

			if (d > 0 && now != phone) {
				assert_true(fresh);
				changes++;
			}
			phone = now;
			away = people_whereabouts(&w, &p, NOON + d * day) != p.city ? away + 1 : 0;
			away_days += away > 0;
			longest = away > longest ? away : longest;
		}
		travellers += longest > 0;
		assert_true(longest <= 28); /* two trips in neighbouring periods may touch */
	}
	assert_in_range(travellers, 300, 499);
	assert_in_range(away_days, 500 * 700 / 200, 500 * 700 / 20);
	assert_in_range(changes, 500, 900); /* a phone lasts 500 days on average */
}

static void amounts_keep_to_the_threshold(void **state)
{
	struct world w;
	struct random r;

	(void)state;
	random_seed(&r, 4, 0);
	world_init(&w, 1, 1000, 1000);
	for (unsigned k = 0; k < w.currencies; k++) {
		const struct currency *c = &w.currency[k];
		struct record x = {.currency = c};
		int64_t exact = (int64_t)llround(3000 * c->units * (double)c->scale);
		int above = 0, below = 0, at = 0;

		for (int i = 0; i < 2000; i++) {
			struct person p;
			struct shop s;

			x.amount = amount_high(&r, c);
			assert_true(record_high_amount(&x));
			x.amount = amount_boundary(&r, c);
			assert_true(llabs(x.amount - exact) <= 1);
			above += x.amount > exact;
			below += x.amount < exact;
			at += x.amount == exact;
			people_get(&w, random_below(&r, 1000), &p);
			shops_get(&w, random_below(&r, 1000), &s);
			x.amount = amount_price(&r, c, amount_ordinary(&r, &p, &s, 5));
			assert_true(x.amount > 0 && x.amount % c->step == 0);
			assert_false(record_high_amount(&x));
		}
		assert_true(above > 300 && below > 300 && at > 700);
	}
}

static void threshold_is_that_of_float64(void **state)
{
	const struct currency usd = {.code = "USD", .units = 1, .decimals = 2, .scale = 100};
	const struct currency eur = {.code = "EUR", .units = .92, .decimals = 2, .scale = 100};
	struct record x = {.currency = &usd, .amount = 300000};

	(void)state;
	assert_false(record_high_amount(&x));
	x.amount++;
	assert_true(record_high_amount(&x));
	x = (struct record){.currency = &eur, .amount = 276000};
	assert_int_equal(record_high_amount(&x), 2760.0 / .92 > 3000);
	x = (struct record){.currency = &usd, .latitude = 90 * DEGREE, .longitude = -180 * DEGREE};
	assert_false(record_bad_location(&x));
	x.latitude++;
	assert_true(record_bad_location(&x));
	x = (struct record){.currency = &usd, .longitude = -180 * DEGREE - 1};
	assert_true(record_bad_location(&x));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(catalogue_is_complete),
		cmocka_unit_test(every_country_in_use_has_merchants),
		cmocka_unit_test(customers_are_spread_without_a_gap),
		cmocka_unit_test(draws_stay_inside_the_population),
		cmocka_unit_test(rates_of_a_week_make_the_mean),
		cmocka_unit_test(local_time_knows_zones_and_weekends),
		cmocka_unit_test(trips_end_and_phones_change),
		cmocka_unit_test(amounts_keep_to_the_threshold),
		cmocka_unit_test(threshold_is_that_of_float64),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
