/* What of a line goes to the topic, and under which key. */
#include "../../producer/strip.h"
#include "unit.h"

static struct strip strip;

static void sends(const char *line, const char *payload, const char *key)
{
	assert_int_equal(strip_line(&strip, span_of(line), SPAN("customer_id")), STRIP_SEND);
	assert_int_equal(strip.payload.n, strlen(payload));
	assert_memory_equal(strip.payload.p, payload, strlen(payload));
	if (key == NULL) {
		assert_null(strip.key.p);
		return;
	}
	assert_non_null(strip.key.p);
	assert_int_equal(strip.key.n, strlen(key));
	assert_memory_equal(strip.key.p, key, strlen(key));
}

static void sends_as_it_is(const char *line, const char *key)
{
	sends(line, line, key);
}

static void finds_the_key(void **state)
{
	(void)state;
	sends_as_it_is("{\"customer_id\":\"a\",\"x\":1}", "a");
	sends_as_it_is("  { \"x\" : 1 , \"customer_id\" : \"a\\u00e4\\n\" } ", "a\xc3\xa4\n");
	sends_as_it_is("{\"customer\\u005fid\":\"b\"}", "b");
	sends_as_it_is("{\"customer_id\":\"\"}", "");
	sends_as_it_is("{\"customer_id\":-1.50}", "-1.50");
	sends_as_it_is("{\"customer_id\":true}", "true");
}

static void has_no_key(void **state)
{
	(void)state;
	sends_as_it_is("not json", NULL);
	sends_as_it_is("\xff\xfe", NULL);
	sends_as_it_is("{\"customer_id\":\"a\"", NULL);
	sends_as_it_is("[{\"customer_id\":\"a\"}]", NULL);
	sends_as_it_is("{}", NULL);
	sends_as_it_is("{\"customer_id\":null}", NULL);
	sends_as_it_is("{\"customer_id\":{\"a\":1}}", NULL);
	sends_as_it_is("{\"customer_id\":\"\\ud800\"}", NULL);
	sends_as_it_is("{\"x\":{\"customer_id\":\"a\"}}", NULL);
}

#define ENVELOPE                                                                                                                 \
	"{\"_kafka\":{\"stream\":\"s\",\"topic\":\"t\",\"partition\":0,\"of\":1,\"run\":\"r\",\"origin\":\"end\",\"begin\":0,"
#define REJECT "\"_reject\":{\"by\":\"kconsume\",\"reason\":\"not_json\",\"detail\":\"d\""

static void strips_what_the_suite_put_there(void **state)
{
	(void)state;
	sends(ENVELOPE "\"offset\":4,\"ts\":5}, \"customer_id\":\"a\" }", "{\"customer_id\":\"a\" }", "a");
	sends(ENVELOPE "\"offset\":4,\"ts\":5}}", "{}", NULL);
	sends(ENVELOPE "\"offset\":4,\"ts\":5}," REJECT ",\"raw\":\"{\"},\"customer_id\":\"a\"}", "{\"customer_id\":\"a\"}", "a");
	sends("{" REJECT ",\"source\":\"-\",\"line\":3,\"raw\":\"x\"},\"a\":\"_kafka\"}", "{\"a\":\"_kafka\"}", NULL);
}

static void leaves_the_producers_own(void **state)
{
	(void)state;
	sends_as_it_is("{\"a\":1,\"_kafka\":{\"b\":2}}", NULL);
	sends_as_it_is("{\"_kafka\":7,\"a\":1}", NULL);
	sends_as_it_is("{\"\\u005fkafka\":{},\"a\":1}", NULL);
	sends_as_it_is("{\"_reject\":\"because\"}", NULL);
	sends_as_it_is("{\"_reject\":{\"why\":\"because\"}}", NULL);
}

static void a_reject_alone_is_its_message(void **state)
{
	(void)state;
	sends(ENVELOPE "\"offset\":4,\"ts\":5}," REJECT ",\"raw\":\"{\\\"customer_id\\\":\\\"k\\\"}\"}}", "{\"customer_id\":\"k\"}", "k");
}

static void binary_raw_survives(void **state)
{
	(void)state;
	assert_int_equal(strip_line(&strip, span_of("{" REJECT ",\"raw_base64\":\"/wBh\"}}"), SPAN("k")), STRIP_SEND);
	assert_int_equal(strip.payload.n, 3);
	assert_memory_equal(strip.payload.p, "\xff\0a", 3);
}

static void skips_and_refuses(void **state)
{
	(void)state;
	assert_int_equal(strip_line(&strip, span_of(ENVELOPE "\"event\":\"revoked\"}}"), SPAN("k")), STRIP_CONTROL);
	assert_int_equal(strip_line(&strip,
	                            span_of("{" REJECT ",\"raw\":\"x\",\"raw_bytes\":9,\"raw_sha256\":"
	                                    "\"0000000000000000000000000000000000000000000000000000000000000000\"}}"),
	                            SPAN("k")),
	                 STRIP_CUT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(finds_the_key),
		cmocka_unit_test(has_no_key),
		cmocka_unit_test(strips_what_the_suite_put_there),
		cmocka_unit_test(leaves_the_producers_own),
		cmocka_unit_test(a_reject_alone_is_its_message),
		cmocka_unit_test(binary_raw_survives),
		cmocka_unit_test(skips_and_refuses),
	};
	int failed = cmocka_run_group_tests(tests, NULL, NULL);

	strip_free(&strip);
	return failed;
}
