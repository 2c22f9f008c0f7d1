/* The index of keys against a plain array: added, dropped and found at random, with hashes that often agree in all or in their low bits. */
#include "../../fraudcheck/hash_table.h"
#include "random.h"
#include "unit.h"

enum { NUMBERS = 3000, STEPS = 60000 };

static uint32_t hash_of(uint32_t number, int kind)
{
	return kind == 0 ? number * UINT32_C(2654435761) : kind == 1 ? number % 7 << 20 : (number % 50) << 30 | number / 50 % 3;
}

static unsigned times_found(const struct hash_table *t, uint32_t hash, uint32_t number)
{
	unsigned times = 0;

	for (const struct hash_table_slot *s = hash_table_first(t, hash); s != NULL && times < 10; s = hash_table_next(t, s)) {
		assert_int_equal(s->hash, hash);
		times += s->number == number;
	}
	return times;
}

static void test_against_array(void **state)
{
	struct random r;

	(void)state;
	for (int kind = 0; kind < 3; kind++) {
		struct hash_table t = {0};
		bool there[NUMBERS] = {false};
		uint32_t numbers = kind == 0 ? NUMBERS : 200; /* (many equal hashes make long walks) */

		random_seed(&r, 5, (uint64_t)kind);
		for (int step = 0; step < STEPS; step++) {
			uint32_t number = (uint32_t)random_below(&r, numbers), other = (uint32_t)random_below(&r, numbers);

			if (there[number])
				hash_table_drop(&t, hash_of(number, kind), number);
			else
				hash_table_add(&t, hash_of(number, kind), number);
			there[number] = !there[number];
			assert_int_equal(times_found(&t, hash_of(number, kind), number), there[number]);
			assert_int_equal(times_found(&t, hash_of(other, kind), other), there[other]);
		}
		for (uint32_t n = 0; n < numbers; n++)
			assert_int_equal(times_found(&t, hash_of(n, kind), n), there[n]);
		hash_table_free(&t);
	}
}

/* Nothing is found where nothing was put, and dropping what is not there changes nothing. */
static void test_empty(void **state)
{
	struct hash_table t = {0};

	(void)state;
	assert_null(hash_table_first(&t, 1));
	hash_table_drop(&t, 1, 1);
	hash_table_add(&t, 1, 1);
	hash_table_drop(&t, 1, 2);
	assert_int_equal(times_found(&t, 1, 1), 1);
	hash_table_free(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_against_array), cmocka_unit_test(test_empty)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
