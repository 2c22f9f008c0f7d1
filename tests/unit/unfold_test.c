#include "unfold.h"
#include "unit.h"

enum { LIMIT = 1000 };

/* What comes out, with a fault's text at the end; fed in pieces of `step` bytes. */
static void unfold_text(struct span input, size_t step, struct buf *out)
{
	struct unfold u = {0};
	const char *why = "";
	int status = 0;

	buf_clear(out);
	for (size_t at = 0; at < input.n && status == 0; at += step) {
		size_t n = step < input.n - at ? step : input.n - at;

		status = unfold_feed(&u, (struct span){input.p + at, n}, LIMIT, out, &why);
	}
	if (status == 0)
		status = unfold_finish(&u, out, &why);
	if (status < 0)
		buf_addf(out, "!%llu %s", (unsigned long long)u.line + 1, why);
	buf_text(out);
	unfold_free(&u);
}

static void check(const char *input, const char *want)
{
	struct buf out = {0};

	for (size_t step = 1; step < 5000; step = step * 2 + 1) {
		unfold_text(span_of(input), step, &out);
		assert_string_equal(buf_text(&out), want);
	}
	buf_free(&out);
}

/* Lines stay what they are, byte for byte. */
static void test_lines(void **state)
{
	static const char *const texts[] = {
		"", "\n", " \n", "{}\n", "{\"a\":1}\n{\"b\":2}\n", "{\"a\":1}", "  {\"a\": 1 }\r\n{\"b\":2}\r\n", "\n\n{\"a\":1}\n",
		"{\"a\":1}\n[\n{\"b\":\n", "nope\n{\"a\":1}\n", "1\n2\n", "\"a\nb", "{\"a\":{\"b\":[1,{}]}}\n{\n", "\xff\xfe\n",
		/* broken first lines before good ones */
		"{\"a\":1\n{\"b\":2}\n", "{\"a\":\n{\"b\":2}\n", "{\"a\n{\"b\":2}\n", "{\n{\"b\":2}\n", "{\"a\":1,\n{\"b\":2}\n",
		"{\"a\"\n{\"b\":2}\n",
		"{\"a\":[\n{\"b\":2}\n", "{\"a\":[1,\n{\"b\":2}\n", "{\"a\":tr\n\n{\"b\":2}\n", "{\"a\":1\r\n{\"b\":2}\r\n",
		"{\"a\":1,\n  {\"b\":2}\n",
		"{\"a\":\"\\\n{\"b\":2}\n", "{\"a\":[1\n  \"x\"\n", "{\"a\":1}}\n{\"b\":1}\n", "{]\n{\"b\":1}\n",
		"[1,2]\n{\"b\":2}\n", "[[{\"a\":1}]]\n{\"b\":2}\n",
		"[\"a\"]\n", "[", "[ ", "{", "{\"a\":", "]\n", "}\n",
	};
	struct buf out = {0};

	(void)state;
	for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
		check(texts[i], texts[i]);
	/* a first line without an end is not kept for ever */
	buf_add_char(&out, '{');
	while (out.n < 3 * LIMIT)
		buf_add_text(&out, "\"a\":1,");
	check(buf_text(&out), buf_text(&out));
	buf_free(&out);
}

static void test_arrays(void **state)
{
	(void)state;
	check("[{\"a\":1}]", "{\"a\":1}\n");
	check("[ {\"a\" : 1.50} ,\n\t{\"b\":\" x , ] } \\\" \"}\r\n ]\n", "{\"a\":1.50}\n{\"b\":\" x , ] } \\\" \"}\n");
	check("[\n  {\n    \"a\": [1, 2],\n    \"b\": {\"c\": []}\n  },\n  {}\n]\n", "{\"a\":[1,2],\"b\":{\"c\":[]}}\n{}\n");
	check("[{\"a\":1}, 5, \"x\", [1, 2]]", "{\"a\":1}\n5\n\"x\"\n[1,2]\n");
	check("[]", "");
	check(" \n [ \n ] \n", "");
	check("[{\"a\":1 2, \"b\": tr ue, \"c\":\"x\" \"y\"}]", "{\"a\":1 2,\"b\":tr ue,\"c\":\"x\"\"y\"}\n");
	check("[{\"a\":1} {\"b\":2}]", "{\"a\":1}{\"b\":2}\n");
	check("[{\"a\":1", "!1 the array is not closed at the end of the input (torn)");
	check("[{\"a\":1},\n", "{\"a\":1}\n!2 the array is not closed at the end of the input (torn)");
	check("[{\"a\":1},]", "{\"a\":1}\n!1 an element of the array is missing");
	check("[{\"a\":1},\n\n,{}]", "{\"a\":1}\n!3 an element of the array is missing");
	check("[{\"a\":1}]\n{\"b\":2}\n", "{\"a\":1}\n!2 text behind the array");
	check("[{\"a\":1}]]", "{\"a\":1}\n!1 text behind the array");
	check("[{\"a\":1}}]", "!1 a } that closes nothing");
	check("[{\"a\":\"x\n\"}]", "!1 a line ends inside a string");
	check("[{\"a\":\"x\\\n\"}]", "!1 a line ends inside a string");
}

static void test_objects(void **state)
{
	(void)state;
	check("{\n  \"a\": 1,\n  \"b\": \"x  y\"\n}\n", "{\"a\":1,\"b\":\"x  y\"}\n");
	check("{ \"a\": 1,\n  \"b\": 2 }\n{ \"a\": 3,\n  \"b\": 4 }", "{\"a\":1,\"b\":2}\n{\"a\":3,\"b\":4}\n");
	check("{\r\n\t\"a\" : {\r\n\t}\r\n}\r\n{\"b\":1}{\"c\":2}\r\n", "{\"a\":{}}\n{\"b\":1}\n{\"c\":2}\n");
	check("{\"a\": [\n   {\"b\": 1}\n]\n}", "{\"a\":[{\"b\":1}]}\n");
	check("{\n}\n", "{}\n");
	check("{\"a\":\n  {\n \"b\":1}\n}", "{\"a\":{\"b\":1}}\n");
	check("{\"a\": 1\n}\n", "{\"a\":1}\n");
	check("{\"a\": \"\\\"{\"\n,\"b\": 2}\n", "{\"a\":\"\\\"{\",\"b\":2}\n");
	check("{\n\"a\": 1\n}\nx\n", "{\"a\":1}\n!4 text between pretty-printed objects");
	check("{\n\"a\": 1\n},\n{\n\"b\":1\n}", "{\"a\":1}\n!3 text between pretty-printed objects");
	check("{\n\"a\": 1\n", "!3 the last object is not closed at the end of the input (torn)");
	check("{\n\"a\": \"1\n\"}", "!2 a line ends inside a string");
}

static void test_limit(void **state)
{
	struct buf input = {0};

	(void)state;
	buf_add_text(&input, "[{\"a\":1},{\"a\":\"");
	for (int i = 0; i < LIMIT; i++)
		buf_add_char(&input, 'x');
	buf_add_text(&input, "\"}]");
	check(buf_text(&input), "{\"a\":1}\n!1 a record is longer than the limit");
	/* white space does not count */
	buf_clear(&input);
	buf_add_text(&input, "{\n\"a\":");
	for (int i = 0; i < 5 * LIMIT; i++)
		buf_add_text(&input, " \n");
	buf_add_text(&input, "1}");
	check(buf_text(&input), "{\"a\":1}\n");
	/* a first line beyond the limit is a line, also if what follows comes with it */
	buf_clear(&input);
	buf_add_char(&input, '{');
	for (int i = 0; i < LIMIT; i++)
		buf_add_char(&input, '1');
	buf_add_text(&input, "\n}\n");
	check(buf_text(&input), buf_text(&input));
	buf_free(&input);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lines),
		cmocka_unit_test(test_arrays),
		cmocka_unit_test(test_objects),
		cmocka_unit_test(test_limit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
