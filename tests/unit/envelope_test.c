#include "envelope.h"
#include "unit.h"

#define CONSTANT_PART                                                                                                          \
	"{\"_kafka\":{\"stream\":\"fraud\",\"topic\":\"transactions\",\"partition\":3,\"of\":4,\"run\":\"9f3c1a-2\",\"origin\":\"resume\","    \
	"\"begin\":40,"

static struct json_object object;

static int read_line(struct envelope *e, const char *line, const char **why)
{
	/* each line in memory of its own that is gone afterwards: what the envelope keeps must be its own */
	static char *copy;
	size_t at;

	free(copy);
	copy = xstrdup(line);
	assert_int_equal(json_scan(&object, span_of(copy), &at), JSON_OK);
	assert_true(envelope_present(span_of(copy)));
	return envelope_read(e, &object, why);
}

static void check_constant(const struct envelope *e)
{
	assert_span(e->stream, "fraud");
	assert_span(e->topic, "transactions");
	assert_span(e->run, "9f3c1a-2");
	assert_span(e->origin, "resume");
	assert_true(e->partition == 3 && e->of == 4 && e->begin == 40);
}

static void test_records(void **state)
{
	struct envelope e = {0};
	const char *why;

	(void)state;
	assert_int_equal(read_line(&e, CONSTANT_PART "\"offset\":42,\"ts\":1767225600000},\"a\":1}", &why), 0);
	check_constant(&e);
	assert_true(e.offset == 42 && e.ts == INT64_C(1767225600000) && !e.warm && e.event == EVENT_NONE && !e.same_run);
	assert_true(e.from == -1 && e.low == -1 && e.next == -1 && e.key.p == NULL && e.cluster.p == NULL);
	assert_int_equal(e.constant, strlen(CONSTANT_PART));
	assert_span(e.text, "{\"stream\":\"fraud\",\"topic\":\"transactions\",\"partition\":3,\"of\":4,\"run\":\"9f3c1a-2\","
		"\"origin\":\"resume\","
	                    "\"begin\":40,\"offset\":42,\"ts\":1767225600000}");
	/* the same run again, with other members */
	assert_int_equal(read_line(&e, CONSTANT_PART "\"offset\":43,\"warm\":true,\"key\":\"k\\n\","
		"\"headers\":{\"h\":\"1\"},\"new\":[]}}", &why), 0);
	check_constant(&e);
	assert_true(e.same_run && e.offset == 43 && e.ts == -1 && e.warm);
	assert_span(e.key, "\"k\\n\"");
	assert_span(e.headers, "{\"h\":\"1\"}");
	assert_int_equal(e.constant, strlen(CONSTANT_PART));
	assert_int_equal(read_line(&e, CONSTANT_PART "\"offset\":44,\"ts\":-1,\"key_base64\":\"/w==\",\"warm\":false}}",
		&why), 0);
	assert_true(e.same_run && !e.warm && e.key.p == NULL && e.headers.p == NULL);
	assert_span(e.key_base64, "\"/w==\"");
	envelope_free(&e);
}

static void test_events(void **state)
{
	struct envelope e = {0};
	const char *why;

	(void)state;
	assert_int_equal(read_line(&e, CONSTANT_PART "\"event\":\"assigned\",\"from\":12,\"low\":0,\"cluster\":\"c-1\"}}",
		&why), 0);
	check_constant(&e);
	assert_true(e.event == EVENT_ASSIGNED && e.from == 12 && e.low == 0 && e.offset == -1 && e.next == -1);
	assert_span(e.cluster, "c-1");
	assert_int_equal(e.constant, strlen(CONSTANT_PART));
	assert_int_equal(read_line(&e, CONSTANT_PART "\"event\":\"end\",\"next\":50}}", &why), 0);
	assert_true(e.same_run && e.event == EVENT_END && e.next == 50 && e.from == -1 && e.cluster.p == NULL);
	assert_int_equal(read_line(&e, CONSTANT_PART "\"event\":\"revoked\"}}", &why), 0);
	assert_true(e.same_run && e.event == EVENT_REVOKED && e.next == -1);
	envelope_free(&e);
}

/* What jq makes of a line: white space, another order, escapes that it likes better. */
static void test_rewritten(void **state)
{
	struct envelope e = {0};
	const char *why;

	(void)state;
	assert_int_equal(read_line(&e, "{\"_kafka\": {\"ts\": 5, \"offset\" :7 , \"begin\":40,\"origin\":\"resume\","
		"\"run\":\"9f3c1a-2\",\"of\":4,"
	                               "\"topic\":\"trans\\u0061ctions\",\"partition\":3,\"stream\":\"fraud\"} , \"a\":1}",
	                               &why), 0);
	check_constant(&e);
	assert_true(e.offset == 7 && e.ts == 5 && e.constant == 0 && !e.same_run);
	assert_int_equal(read_line(&e, CONSTANT_PART "\"offset\":8}}", &why), 0);
	assert_false(e.same_run);
	assert_int_equal(read_line(&e, CONSTANT_PART "\"offset\":9}}", &why), 0);
	assert_true(e.same_run);
	/* an unknown member before the offset: this line has no part that is known to be constant */
	assert_int_equal(read_line(&e, "{\"_kafka\":{\"x\":1,\"stream\":\"fraud\",\"topic\":\"transactions\","
		"\"partition\":3,\"of\":4,\"run\":\"9f3c1a-2\","
	                               "\"origin\":\"resume\",\"begin\":40,\"offset\":9}}", &why), 0);
	check_constant(&e);
	assert_int_equal(e.constant, 0);
	envelope_free(&e);
}

/* Another run, and another partition of nearly the same text, are not taken for the run before. */
static void test_runs(void **state)
{
	struct envelope e = {0};
	const char *why;

	(void)state;
	assert_int_equal(read_line(&e, CONSTANT_PART "\"offset\":42}}", &why), 0);
	assert_int_equal(read_line(&e, "{\"_kafka\":{\"stream\":\"fraud\",\"topic\":\"transactions\",\"partition\":3,"
		"\"of\":4,\"run\":\"9f3c1a-3\","
	                               "\"origin\":\"resume\",\"begin\":40,\"offset\":43}}", &why), 0);
	assert_span(e.run, "9f3c1a-3");
	assert_false(e.same_run);
	assert_int_equal(read_line(&e, "{\"_kafka\":{\"stream\":\"fraud\",\"topic\":\"transactions\",\"partition\":3,"
		"\"of\":4,\"run\":\"9f3c1a-3\","
	                               "\"origin\":\"resume\",\"begin\":401,\"offset\":43}}", &why), 0);
	assert_true(!e.same_run && e.begin == 401);
	/* after a fault nothing is known */
	assert_int_equal(read_line(&e, CONSTANT_PART "\"offset\":42}}", &why), 0);
	assert_int_equal(read_line(&e, CONSTANT_PART "\"offset\":\"x\"}}", &why), -1);
	assert_int_equal(read_line(&e, CONSTANT_PART "\"offset\":43}}", &why), 0);
	assert_false(e.same_run);
	check_constant(&e);
	envelope_free(&e);
}

static void test_faults(void **state)
{
	static const char *const rests[] = {
		"\"offset\":-1}}", "\"offset\":1.5}}", "\"offset\":1e3}}", "\"offset\":9223372036854775808}}",
		"\"offset\":9223372036854775807}}", /* nothing could stand behind it */
		"\"offset\":\"1\"}}", "\"offset\":null}}",
		"\"ts\":1}}", "\"offset\":1,\"event\":\"end\",\"next\":5}}", "\"offset\":1,\"offset\":1}}",
		"\"offset\":1,\"partition\":3}}",
		"\"offset\":1,\"ts\":-2}}", "\"offset\":1,\"ts\":\"x\"}}", "\"offset\":1,\"warm\":1}}",
		"\"offset\":1,\"warm\":null}}",
		"\"offset\":1,\"key\":5}}", "\"offset\":1,\"key_base64\":null}}", "\"offset\":1,\"headers\":\"x\"}}",
		"\"event\":\"started\"}}",
		"\"event\":5}}", "\"event\":\"assigned\",\"from\":1}}", "\"event\":\"assigned\",\"low\":1}}", "\"event\":\"end\"}}",
		"\"event\":\"end\",\"next\":-5}}", "\"event\":\"assigned\",\"from\":1,\"low\":0,\"cluster\":5}}",
		"\"event\":\"end\",\"next\":5,\"next\":6}}",
	};
	static const char *const lines[] = {
		"{\"_kafka\":1}", "{\"_kafka\":[]}", "{\"_kafka\":null}", "{\"_kafka\":{}}", "{\"_kafka\":{\"offset\":1}}",
		"{\"_kafka\":{\"stream\":\"\",\"topic\":\"t\",\"partition\":0,\"of\":1,\"run\":\"r\",\"origin\":\"end\","
		"\"begin\":0,\"offset\":1}}",
		"{\"_kafka\":{\"stream\":\"s\",\"topic\":5,\"partition\":0,\"of\":1,\"run\":\"r\",\"origin\":\"end\",\"begin\":0,"
		"\"offset\":1}}",
		"{\"_kafka\":{\"stream\":\"s\",\"topic\":\"t\",\"partition\":-1,\"of\":1,\"run\":\"r\",\"origin\":\"end\","
		"\"begin\":0,\"offset\":1}}",
		"{\"_kafka\":{\"stream\":\"s\",\"topic\":\"t\",\"partition\":2147483648,\"of\":1,\"run\":\"r\",\"origin\":\"end\","
		"\"begin\":0,\"offset\":1}}",
		"{\"_kafka\":{\"stream\":\"s\",\"topic\":\"t\",\"partition\":0,\"of\":0,\"run\":\"r\",\"origin\":\"end\","
		"\"begin\":0,\"offset\":1}}",
		"{\"_kafka\":{\"stream\":\"s\",\"topic\":\"t\",\"partition\":0,\"of\":1,\"run\":null,\"origin\":\"end\","
		"\"begin\":0,\"offset\":1}}",
		"{\"_kafka\":{\"stream\":\"s\",\"topic\":\"t\",\"partition\":0,\"of\":1,\"run\":\"r\",\"origin\":\"none\","
		"\"begin\":0,\"offset\":1}}",
		"{\"_kafka\":{\"stream\":\"s\",\"topic\":\"t\",\"partition\":0,\"of\":1,\"run\":\"r\",\"origin\":\"end\","
		"\"begin\":-5,\"offset\":1}}",
		"{\"_kafka\":{\"stream\":\"s\",\"topic\":\"t\",\"partition\":0,\"of\":1,\"run\":\"r\",\"origin\":\"end\","
		"\"offset\":1}}",
		"{\"_kafka\":{\"stream\":\"\\ud800\",\"topic\":\"t\",\"partition\":0,\"of\":1,\"run\":\"r\",\"origin\":\"end\","
		"\"begin\":0,\"offset\":1}}",
		"{\"_kafka\":{\"stream\":\"s\",\"str\\u0065am\":\"s\",\"topic\":\"t\",\"partition\":0,\"of\":1,\"run\":\"r\","
		"\"origin\":\"end\",\"begin\":0,\"offset\":1}}",
	};
	struct envelope e = {0};
	const char *why;

	(void)state;
	for (size_t i = 0; i < sizeof rests / sizeof rests[0]; i++) {
		struct buf line = {0};

		buf_add_text(&line, CONSTANT_PART);
		buf_add_text(&line, rests[i]);
		for (int known = 0; known < 2; known++) {
			why = NULL;
			if (known)
				assert_int_equal(read_line(&e, CONSTANT_PART "\"offset\":42}}", &why), 0);
			if (read_line(&e, buf_text(&line), &why) == 0) {
				print_error("%s was taken\n", rests[i]);
				fail();
			}
			assert_non_null(why);
		}
		buf_free(&line);
	}
	for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
		why = NULL;
		if (read_line(&e, lines[i], &why) == 0) {
			print_error("%s was taken\n", lines[i]);
			fail();
		}
		assert_non_null(why);
	}
	envelope_free(&e);
}

static void test_write(void **state)
{
	struct envelope e = {0};
	struct buf b = {0};
	const char *why;
	char name[1000];

	(void)state;
	memset(name, 'n', sizeof name);
	envelope_write_constant(&b, SPAN("fraud"), SPAN("transactions"), 3, 4, SPAN("9f3c1a-2"), SPAN("resume"), 40);
	assert_string_equal(buf_text(&b), CONSTANT_PART);
	buf_clear(&b);
	envelope_write_constant(&b, SPAN("a \"b\"\n\xc3\xa9"), SPAN("t"), 0, 1, SPAN("r"), SPAN("time"), INT64_MAX);
	buf_add_text(&b, "\"offset\":1}}");
	assert_int_equal(read_line(&e, buf_text(&b), &why), 0);
	assert_span(e.stream, "a \"b\"\n\xc3\xa9");
	assert_true(e.begin == INT64_MAX);
	/* long names, each of which could move those before it */
	buf_clear(&b);
	envelope_write_constant(&b, (struct span){name, 249}, (struct span){name, 900}, 0, 1, (struct span){name, 1000},
		SPAN("end"), 0);
	buf_add_text(&b, "\"offset\":1}}");
	for (int i = 0; i < 2; i++) {
		struct envelope fresh = {0};

		assert_int_equal(read_line(&fresh, buf_text(&b), &why), 0);
		assert_true(span_eq(fresh.stream, (struct span){name, 249}) && span_eq(fresh.topic, (struct span){name, 900}));
		envelope_free(&fresh);
	}
	buf_free(&b);
	envelope_free(&e);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_records), cmocka_unit_test(test_events), cmocka_unit_test(test_rewritten),
		cmocka_unit_test(test_runs),    cmocka_unit_test(test_faults), cmocka_unit_test(test_write),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
