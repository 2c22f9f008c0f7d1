#include <jansson.h>

#include "log.h"
#include "unit.h"

static int say(void *arg)
{
	log_init("tester");
	log_set(*(bool *)arg, LEVEL_INFO);
	log_error("%s", "a\nb\x1b[31m\x7f \"q\" \\ \xc3\xa9 \xff \xc2\x9b.");
	log_warn("w %d", 1);
	log_notice("n");
	log_info("i");
	log_debug("d");
	log_progress("%d records", 5);
	return log_enabled(LEVEL_DEBUG) || !log_enabled(LEVEL_INFO);
}

static void test_text(void **state)
{
	bool json = false;
	struct child c = run_child(say, &json);

	(void)state;
	assert_int_equal(c.status, 0);
	assert_string_equal(buf_text(&c.err), "tester: error: a\\u000ab\\u001b[31m\\u007f \"q\" \\ \xc3\xa9 \xef\xbf\xbd \\u009b.\n"
	                                      "tester: warning: w 1\ntester: notice: n\ntester: info: i\ntester: 5 records\n");
	assert_string_equal(buf_text(&c.out), "");
	child_free(&c);
}

static void test_json(void **state)
{
	static const char *const levels[] = {"error", "warning", "notice", "info", "progress"};
	bool json = true;
	struct child c = run_child(say, &json);
	char *line, *rest = (char *)buf_text(&c.err);

	(void)state;
	for (size_t i = 0; i < 5; i++) {
		json_t *object;

		line = strsep(&rest, "\n");
		assert_non_null(line);
		object = json_loads(line, 0, NULL);
		assert_non_null(object);
		assert_string_equal(json_string_value(json_object_get(object, "tool")), "tester");
		assert_string_equal(json_string_value(json_object_get(object, "level")), levels[i]);
		if (i == 0)
			assert_string_equal(json_string_value(json_object_get(object, "text")),
				"a\nb\x1b[31m\x7f \"q\" \\ \xc3\xa9 \xef\xbf\xbd \xc2\x9b.");
		json_decref(object);
	}
	assert_string_equal(rest, "");
	child_free(&c);
}

/* However long the text: one line, cut. */
static int say_much(void *arg)
{
	char text[100000];

	memset(text, *(char *)arg, sizeof text - 1);
	text[sizeof text - 1] = '\0';
	log_init("tester");
	log_error("%s", text);
	log_set(true, LEVEL_ERROR);
	log_error("%s", text);
	return 0;
}

static void test_long(void **state)
{
	static const char bytes[] = "x\n\"\xff";

	(void)state;
	for (size_t i = 0; i < 4; i++) {
		struct child c = run_child(say_much, (void *)(uintptr_t)&bytes[i]);
		const char *newline = strchr(buf_text(&c.err), '\n');
		json_t *object;

		assert_int_equal(c.status, 0);
		assert_non_null(newline);
		assert_in_range(c.err.n, 2000, 20000);
		assert_ptr_equal(strchr(newline + 1, '\n'), c.err.p + c.err.n - 1);
		object = json_loads(newline + 1, 0, NULL);
		assert_non_null(object);
		json_decref(object);
		child_free(&c);
	}
}

static void test_colour(void **state)
{
	(void)state;
	setenv("TERM", "xterm", 1);
	unsetenv("NO_COLOR");
	assert_int_equal(log_colour(1), isatty(1));
	setenv("NO_COLOR", "1", 1);
	assert_false(log_colour(1));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_text),
		cmocka_unit_test(test_json),
		cmocka_unit_test(test_long),
		cmocka_unit_test(test_colour),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
