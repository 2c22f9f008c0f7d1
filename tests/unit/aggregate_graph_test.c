#include "../../aggregate/graph.h"
#include "unit.h"

enum { MANY = 300 };

static void need(struct indexes *i, size_t on)
{
	i->item = xrealloc(i->item, (i->count + 1) * sizeof *i->item);
	i->item[i->count++] = on;
}

static void free_needs(struct indexes *needs, size_t count)
{
	for (size_t i = 0; i < count; i++)
		free(needs[i].item);
}

static void test_order_is_stable(void **state)
{
	struct indexes needs[5] = {{0}};
	size_t order[5], cycle[5], length;
	const size_t want[] = {1, 3, 0, 2, 4};

	(void)state;
	need(&needs[0], 3);
	need(&needs[3], 1);
	need(&needs[4], 0);
	need(&needs[2], 1);
	need(&needs[2], 0);
	assert_int_equal(graph_order(needs, 5, order, cycle, &length), 0);
	assert_memory_equal(order, want, sizeof want);
	free_needs(needs, 5);
}

static void test_cycle_is_named(void **state)
{
	struct indexes needs[6] = {{0}};
	size_t order[6], cycle[6], length;

	(void)state;
	need(&needs[1], 0);
	need(&needs[2], 1); /* 2 -> 4 -> 3 -> 2 is the cycle; 5 only leads into it */
	need(&needs[2], 4);
	need(&needs[4], 3);
	need(&needs[3], 2);
	need(&needs[5], 2);
	assert_int_equal(graph_order(needs, 6, order, cycle, &length), -1);
	assert_int_equal(length, 3);
	for (size_t i = 0; i < length; i++) {
		bool found = false;

		for (size_t k = 0; k < needs[cycle[i]].count; k++)
			found |= needs[cycle[i]].item[k] == cycle[(i + 1) % length];
		assert_true(found);
	}
	free_needs(needs, 6);
}

static void test_node_that_needs_itself(void **state)
{
	struct indexes needs[1] = {{0}};
	size_t order[1], cycle[1], length;

	(void)state;
	need(&needs[0], 0);
	assert_int_equal(graph_order(needs, 1, order, cycle, &length), -1);
	assert_int_equal(length, 1);
	free_needs(needs, 1);
}

/* Random graphs without cycles: everything once, and after what it needs. */
static void test_random(void **state)
{
	struct indexes needs[MANY] = {{0}};
	size_t order[MANY], at[MANY], cycle[MANY], length;
	unsigned seed = 7;

	(void)state;
	for (size_t i = 0; i < MANY; i++)
		for (int k = 0; k < 3; k++) {
			seed = seed * 1103515245u + 12345u;
			size_t j = seed / 65536 % MANY;

			if (j * 31 % MANY < i * 31 % MANY && j * 31 % MANY != i * 31 % MANY)
				need(&needs[i], j);
		}
	assert_int_equal(graph_order(needs, MANY, order, cycle, &length), 0);
	memset(at, 0xff, sizeof at);
	for (size_t i = 0; i < MANY; i++)
		at[order[i]] = i;
	for (size_t i = 0; i < MANY; i++) {
		assert_true(at[i] < MANY);
		for (size_t k = 0; k < needs[i].count; k++)
			assert_true(at[needs[i].item[k]] < at[i]);
	}
	free_needs(needs, MANY);
}

static void test_reach(void **state)
{
	struct indexes needs[5] = {{0}};
	bool up[5] = {[2] = true}, down[5] = {[1] = true};

	(void)state;
	need(&needs[1], 0);
	need(&needs[2], 1);
	need(&needs[3], 2);
	graph_ancestors(needs, 5, up);
	assert_true(up[0] && up[1] && up[2] && !up[3] && !up[4]);
	graph_descendants(needs, 5, down);
	assert_true(!down[0] && down[1] && down[2] && down[3] && !down[4]);
	free_needs(needs, 5);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_order_is_stable),        cmocka_unit_test(test_cycle_is_named),
		cmocka_unit_test(test_node_that_needs_itself), cmocka_unit_test(test_random),
		cmocka_unit_test(test_reach),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
