/* --mask: what goes out has stand-ins, whatever the record looks like; everything else keeps its bytes, and nothing is allocated for it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "../../fraudcheck/mask.h"

/* Every allocation of the process, libcrypto's included; sanitizers bring a malloc of their own, and nothing is counted then. */
static unsigned long allocations;

#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
extern void *__libc_malloc(size_t n);
extern void *__libc_realloc(void *p, size_t n);
extern void *__libc_calloc(size_t count, size_t n);

void *malloc(size_t n)
{
	allocations++;
	return __libc_malloc(n);
}

void *realloc(void *p, size_t n)
{
	allocations++;
	return __libc_realloc(p, n);
}

void *calloc(size_t count, size_t n)
{
	allocations++;
	return __libc_calloc(count, n);
}
#endif

static const char secret[] = "0123456789abcdef0123456789abcdef";

static void begin(struct mask *m, const char *fields, const char *key, const char *map_text)
{
	struct map map = {0};
	struct buf error = {0};

	if (map_text != NULL)
		assert_int_equal(map_parse(&map, "--map", span_of(map_text), &error), 0);
	if (mask_init(m, fields, key != NULL ? span_of(key) : (struct span){0}, &map, &error) < 0)
		fail_msg("%s", buf_text(&error));
	map_free(&map);
	buf_free(&error);
}

static void check(const char *fields, const char *key, const char *map, const char *record, const char *want)
{
	struct mask m;
	struct json_object object = {0};
	struct splice_edits edits;
	struct buf out = {0};
	size_t at;

	begin(&m, fields, key, map);
	assert_int_equal(json_scan(&object, span_of(record), &at), JSON_OK);
	edits = mask_record(&m, &object);
	splice_text(&out, object.text, &edits);
	assert_string_equal(buf_text(&out), want);
	buf_free(&out);
	json_object_free(&object);
	mask_free(&m);
}

static void test_types(void **state)
{
	(void)state;
	check("a", NULL, NULL, "{\"a\":\"x\",\"b\":1}", "{\"a\":\"masked\",\"b\":1}");
	check("a", NULL, NULL, "{\"a\":12.50}", "{\"a\":null}");
	check("a", NULL, NULL, "{\"a\":true}", "{\"a\":null}");
	check("a", NULL, NULL, "{\"a\":null}", "{\"a\":null}");
	check("a", NULL, NULL, "{ \"a\" : [1, {\"c\":2}] , \"b\" : [1] }", "{ \"a\" : [] , \"b\" : [1] }");
	check("a", NULL, NULL, "{\"a\":{\"c\":2}}", "{\"a\":{}}");
	check("a", NULL, NULL, "{\"b\":\"a\"}", "{\"b\":\"a\"}");
	check("a", NULL, NULL, "{}", "{}");
}

/* openssl mac -digest SHA256 -macopt key:0123456789abcdef0123456789abcdef -in FILE HMAC */
static void test_keyed(void **state)
{
	(void)state;
	check("a", secret, NULL, "{\"a\":\"x\"}", "{\"a\":\"masked-5c92424a8406d6b121fb2ae247be1c20\"}");
	check("a", secret, NULL, "{\"a\":\"\\u0078\"}", "{\"a\":\"masked-5c92424a8406d6b121fb2ae247be1c20\"}");
	check("customer_id", secret, NULL, "{\"customer_id\":\"0189ABCD-0000-7000-8000-000000000001\"}",
	      "{\"customer_id\":\"644f1c42-21f2-83bd-b5d7-aec69e644d0e\"}");
	check("customer_id", secret, NULL, "{\"customer_id\":\"0189abcd-0000-7000-8000-000000000001\"}",
	      "{\"customer_id\":\"644f1c42-21f2-83bd-b5d7-aec69e644d0e\"}");
}

static void test_places(void **state)
{
	(void)state;
	check("a.b", NULL, NULL, "{\"a\":{\"b\":\"x\",\"c\":\"y\"},\"b\":\"z\"}", "{\"a\":{\"b\":\"masked\",\"c\":\"y\"},\"b\":\"z\"}");
	check("a.b,a.c.d", NULL, NULL, "{\"a\":{\"c\":{\"d\":1,\"d\":\"x\"},\"b\":\"x\"}}", "{\"a\":{\"c\":{\"d\":null,\"d\":\"masked\"},\"b\":\"masked\"}}");
	check("a.b", NULL, NULL, "{\"a\":\"x\"}", "{\"a\":\"x\"}");
	check("\xc3\xa9", NULL, NULL, "{\"\\u00e9\":\"x\"}", "{\"\\u00e9\":\"masked\"}");
	check("a", NULL, "old=a,in.side=b", "{\"a\":\"x\",\"old\":\"x\",\"in\":{\"side\":\"y\"}}", "{\"a\":\"masked\",\"old\":\"masked\",\"in\":{\"side\":\"y\"}}");
	check("b", NULL, "old=a,in.side=b", "{\"b\":\"x\",\"old\":\"x\",\"in\":{\"side\":\"y\"}}", "{\"b\":\"masked\",\"old\":\"x\",\"in\":{\"side\":\"masked\"}}");
	check("a", NULL, NULL, "{\"_kafka\":{\"offset\":1,\"key\":\"x\",\"headers\":{\"h\":\"x\"}},\"a\":1}",
	      "{\"_kafka\":{\"offset\":1,\"key\":\"masked\",\"headers\":{}},\"a\":null}");
}

static void reject_is(const char *fields, const char *key, const char *line, const char *want)
{
	struct mask m;
	struct buf out = {0};

	begin(&m, fields, key, NULL);
	mask_reject(&m, span_of(line), &out);
	assert_string_equal(buf_text(&out), want);
	buf_free(&out);
	mask_free(&m);
}

static void test_rejects(void **state)
{
	(void)state;
	reject_is("a", NULL, "{\"_kafka\":{\"offset\":1,\"key\":\"x\"},\"_reject\":{\"by\":\"t\",\"reason\":\"r\",\"raw\":\"{\\\"a\\\":\\\"x\\\",\\\"b\\\":1}\"},\"more\":\"x\"}",
	          "{\"_kafka\":{\"offset\":1,\"key\":\"masked\"},\"_reject\":{\"by\":\"t\",\"reason\":\"r\",\"raw\":\"{\\\"a\\\":\\\"masked\\\",\\\"b\\\":1}\"}}\n");
	reject_is("a", NULL, "{\"_reject\":{\"by\":\"t\",\"reason\":\"r\",\"source\":\"-\",\"line\":3,\"raw\":\"{\\\"a\\\":\\\"x\"}}",
	          "{\"_reject\":{\"by\":\"t\",\"reason\":\"r\",\"source\":\"-\",\"line\":3,\"raw\":\"\",\"raw_bytes\":7}}\n");
	reject_is("a", NULL, "{\"_reject\":{\"by\":\"t\",\"reason\":\"r\",\"raw\":\"{\\\"a\\\":1}\",\"raw_bytes\":900000,\"raw_sha256\":\"ab\"}}",
	          "{\"_reject\":{\"by\":\"t\",\"reason\":\"r\",\"raw\":\"\",\"raw_bytes\":900000}}\n");
	reject_is("a", secret, "{\"_reject\":{\"by\":\"t\",\"reason\":\"r\",\"raw_base64\":\"eA==\"}}",
	          "{\"_reject\":{\"by\":\"t\",\"reason\":\"r\",\"raw\":\"\",\"raw_bytes\":1,"
	          "\"raw_sha256\":\"5c92424a8406d6b121fb2ae247be1c20ac8a040352451c84a87f55c6bd406b14\"}}\n");
	reject_is("a", NULL, "{\"_reject\":{\"by\":\"t\",\"reason\":\"r\"}}", "{\"_reject\":{\"by\":\"t\",\"reason\":\"r\"}}\n");
}

static void test_hides(void **state)
{
	struct mask m;

	(void)state;
	begin(&m, "a.b,c", NULL, "x.y=c");
	assert_true(mask_hides(&m, SPAN("a.b")));
	assert_true(mask_hides(&m, SPAN("a.b.z")));
	assert_true(mask_hides(&m, SPAN("a")));
	assert_true(mask_hides(&m, SPAN("c")));
	assert_true(mask_hides(&m, SPAN("x.y")));
	assert_false(mask_hides(&m, SPAN("a.c")));
	assert_false(mask_hides(&m, SPAN("b")));
	assert_false(mask_hides(&m, SPAN("cc")));
	mask_free(&m);
}

static void test_refused(void **state)
{
	static const char *const refused[] = {"", "a,", ",a", "a,,b", "a,a", "a.b,a", "a,a.b", "a..b", ".a", "a.", "a\"", "transaction_id", "x,transaction_ts",
	                                      "amount", "currency", "is_foreign", "is_fraud", "ruleset", "explain", "label_for", "_kafka", "_kafka.key", "_reject",
	                                      "customer_id", "merchant_id"};

	(void)state;
	for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
		struct buf error = {0};
		struct mask m;

		assert_int_equal(mask_init(&m, refused[i], (struct span){0}, NULL, &error), -1);
		assert_true(span_starts(buf_span(&error), SPAN("--mask: ")));
		buf_free(&error);
	}
}

/* Buffers grow with the first records, then nothing is taken from the heap. */
static void test_no_allocation(void **state)
{
	const char *record = "{\"_kafka\":{\"offset\":1,\"key\":\"x\"},\"a\":\"0189abcd-0000-7000-8000-000000000001\",\"b\":{\"c\":\"\\u0078y\"},\"d\":[1]}";
	struct json_object object = {0};
	struct splice_edits edits;
	struct buf out = {0};
	struct mask m;
	unsigned long before = 0;
	size_t at;

	(void)state;
	begin(&m, "a,b.c,d", secret, NULL);
	assert_int_equal(json_scan(&object, span_of(record), &at), JSON_OK);
	for (int i = 0; i < 1000; i++) {
		if (i == 10)
			before = allocations;
		buf_clear(&out);
		edits = mask_record(&m, &object);
		splice_text(&out, object.text, &edits);
	}
	assert_int_equal(allocations, before);
	buf_free(&out);
	json_object_free(&object);
	mask_free(&m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_types),   cmocka_unit_test(test_keyed),   cmocka_unit_test(test_places),       cmocka_unit_test(test_rejects),
	    cmocka_unit_test(test_hides),   cmocka_unit_test(test_refused), cmocka_unit_test(test_no_allocation),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
