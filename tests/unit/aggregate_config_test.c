#include "../../aggregate/config.h"
#include "../../aggregate/nearest.h"
#include "../../aggregate/yaml.h"
#include "unit.h"

static void test_threshold(void **state)
{
	static const struct {
		const char *text;
		int64_t failures, rows;
		bool met;
	} cases[] = {
		{">0", 0, 100, false},     {">0", 1, 100, true},      {"> 1%", 1, 100, false},  {"> 1%", 2, 100, true},
		{">1 %", 0, 0, false},     {">=10", 10, -1, true},    {">= 10", 9, -1, false},  {"<5", 4, 1, true},
		{"<= 5", 6, 1, false},     {"!=0", 0, 1, false},      {"!= 0", 3, 1, true},     {"=2", 2, 1, true},
		{"<>2", 2, 1, false},      {" > 0.5% ", 5, 999, true}, {" > 0.5% ", 5, 1000, false},
	};
	static const char *const bad[] = {"", "0", "1%", ">", "> x", ">1%%", "=>1", "> 1 2", "%"};
	struct threshold t;

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		assert_int_equal(threshold_read(cases[i].text, &t), 0);
		if (threshold_met(&t, cases[i].failures, cases[i].rows) != cases[i].met)
			fail_msg("%s of %d/%d", cases[i].text, (int)cases[i].failures, (int)cases[i].rows);
	}
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
		if (threshold_read(bad[i], &t) == 0)
			fail_msg("'%s' was taken", bad[i]);
}

static void test_nearest(void **state)
{
	static const char *const words[] = {"columns", "name", "description", "tests", NULL};

	(void)state;
	assert_int_equal(nearest_distance("", "abc"), 3);
	assert_int_equal(nearest_distance("abc", "abc"), 0);
	assert_int_equal(nearest_distance("acb", "abc"), 1); /* neighbours swapped */
	assert_int_equal(nearest_distance("kitten", "sitting"), 3);
	assert_string_equal(nearest_word("colunms", words), "columns");
	assert_string_equal(nearest_word("Name", words), "name");
	assert_string_equal(nearest_word("desciption", words), "description");
	assert_null(nearest_word("zzzzzz", words));
}

static void test_yaml(void **state)
{
	struct arena arena = {0};
	struct yaml *root;
	struct value v;
	const struct yaml *b;

	(void)state;
	assert_int_equal(yaml_read(&arena, "f.yml", SPAN("# head\na: 'no'\nb:\n  - x: 1\n  - [true, 2.5, \"3\", ~]\nc: |\n  text\n"), &root), 0);
	assert_int_equal(root->kind, YAML_MAP);
	assert_int_equal(root->count, 3);
	assert_true(yaml_get(root, "a")->quoted);
	assert_null(yaml_get(root, "z"));
	b = yaml_get(root, "b");
	assert_int_equal(b->at.line, 4);
	assert_int_equal(b->item[1]->at.line, 5);
	assert_int_equal(yaml_value(&arena, b->item[1], "b", &v), 0);
	assert_int_equal(v.count, 4);
	assert_int_equal(v.item[0].kind, VALUE_BOOL);
	assert_int_equal(v.item[1].kind, VALUE_NUMBER);
	assert_int_equal(v.item[2].kind, VALUE_TEXT); /* in quotes */
	assert_int_equal(v.item[3].kind, VALUE_NULL);
	assert_string_equal(yaml_get(root, "c")->text, "text\n");
	assert_int_equal(yaml_read(&arena, "f.yml", SPAN(""), &root), 0);
	assert_null(root);
	assert_int_equal(yaml_read(&arena, "f.yml", SPAN("&a [1, *a]"), &root), -1);
	assert_int_equal(yaml_read(&arena, "f.yml", SPAN("a: 1\n---\nb: 2\n"), &root), -1);
	assert_int_equal(yaml_read(&arena, "f.yml", SPAN("a: 1\na: 2\n"), &root), -1);
	assert_int_equal(yaml_read(&arena, "f.yml", SPAN("[a]: 1\n"), &root), -1);
	assert_int_equal(yaml_read(&arena, "f.yml", SPAN("a: \"\xff\"\n"), &root), -1);
	arena_free(&arena);
}

/* A thousand aliases of a thousand aliases of …: refused, not unfolded. */
static void test_yaml_bomb(void **state)
{
	struct buf text = {0};
	struct arena arena = {0};
	struct yaml *root;

	(void)state;
	buf_add_text(&text, "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n");
	for (int i = 1; i < 12; i++) {
		buf_addf(&text, "a%d: &a%d [", i, i);
		for (int k = 0; k < 10; k++)
			buf_addf(&text, "%s*a%d", k > 0 ? ", " : "", i - 1);
		buf_add_text(&text, "]\n");
	}
	assert_int_equal(yaml_read(&arena, "f.yml", buf_span(&text), &root), -1);
	arena_free(&arena);
	buf_free(&text);
}

static void test_arena(void **state)
{
	struct arena arena = {0};
	size_t *list = NULL;

	(void)state;
	for (size_t i = 0; i < 1000; i++) {
		list = arena_more(&arena, list, i, sizeof *list);
		assert_true(list[i] == 0);
		list[i] = i + 1;
	}
	for (size_t i = 0; i < 1000; i++)
		assert_true(list[i] == i + 1);
	assert_string_equal(arena_format(&arena, "%s-%d", "a", 7), "a-7");
	assert_int_equal((uintptr_t)arena_alloc(&arena, 1) % 16, 0);
	assert_non_null(arena_alloc(&arena, 1 << 20));
	arena_free(&arena);
	arena_free(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_threshold), cmocka_unit_test(test_nearest), cmocka_unit_test(test_yaml),
		cmocka_unit_test(test_yaml_bomb), cmocka_unit_test(test_arena),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
