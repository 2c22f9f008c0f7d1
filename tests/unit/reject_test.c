#include "digest.h"
#include "random.h"
#include "reject.h"
#include "unit.h"

static struct json_object object;

static void scan(struct buf *line)
{
	size_t at = 0;
	enum json_fault fault;

	assert_int_equal(line->p[line->n - 1], '\n');
	assert_null(memchr(line->p, '\n', line->n - 1));
	fault = json_scan(&object, (struct span){line->p, line->n - 1}, &at);
	if (fault != JSON_OK)
		print_error("%s at %zu\n", json_fault_name(fault), at);
	assert_int_equal(fault, JSON_OK);
	assert_null(json_duplicate(&object));
}

static void test_form(void **state)
{
	const struct reject r = {.by = SPAN("fraudcheck"), .reason = SPAN("not_json"), .detail = SPAN("a \"b\""),
		.source = SPAN("-"), .line = 7,
	                         .raw = SPAN("{\"a\":\t1")};
	const struct span none = {0};
	struct buf b = {0};

	(void)state;
	reject_write(&b, none, &r);
	assert_string_equal(buf_text(&b), "{\"_reject\":{\"by\":\"fraudcheck\",\"reason\":\"not_json\","
		"\"detail\":\"a \\\"b\\\"\",\"source\":\"-\","
	                                  "\"line\":7,\"raw\":\"{\\\"a\\\":\\t1\"}}\n");
	buf_clear(&b);
	reject_write(&b, SPAN("{\"stream\":\"s\"}"), &(struct reject){.by = SPAN("kconsume"), .reason = SPAN("nul"),
		.raw = SPAN("")});
	assert_string_equal(buf_text(&b), "{\"_kafka\":{\"stream\":\"s\"},\"_reject\":{\"by\":\"kconsume\","
		"\"reason\":\"nul\",\"raw\":\"\"}}\n");
	buf_free(&b);
}

/* Whatever bytes: the line is JSON without U+0000, and the bytes come back. */
static void test_round_trip(void **state)
{
	struct buf line = {0}, raw = {0}, store = {0};
	struct random r;
	unsigned texts = 0, binaries = 0;

	(void)state;
	random_seed(&r, 6, 6);
	for (int i = 0; i < 20000; i++) {
		struct reject in = {.by = SPAN("t"), .reason = SPAN("r"), .detail = SPAN("d\xff\n"), .source = SPAN("f\xfe"),
			.line = 1}, out;
		const struct span none = {0};

		buf_clear(&raw);
		for (uint64_t n = random_below(&r, 30); n > 0; n--) {
			if (random_below(&r, 30) == 0)
				buf_add_char(&raw, (char)random_bits(&r));
			else if (random_below(&r, 5) == 0)
				buf_add_text(&raw, "\xe2\x82\xac");
			else
				buf_add_char(&raw, (char)(1 + random_below(&r, 127)));
		}
		in.raw = raw.n > 0 ? buf_span(&raw) : SPAN("");
		buf_clear(&line);
		reject_write(&line, none, &in);
		scan(&line);
		assert_true(reject_present(&object));
		buf_clear(&store);
		assert_true(reject_read(&out, &object, &store));
		assert_true(span_eq(out.raw, in.raw));
		assert_span(out.by, "t");
		assert_span(out.detail, "d\xef\xbf\xbd\n");
		assert_span(out.source, "f\xef\xbf\xbd");
		assert_true(out.raw_bytes == 0 && out.line == 1 && out.raw_sha256.p == NULL);
		if (strstr(buf_text(&line), "raw_base64") != NULL) {
			binaries++;
			assert_true(!utf8_valid(in.raw) || memchr(in.raw.p, '\0', in.raw.n) != NULL);
		} else {
			texts++;
		}
	}
	assert_true(texts > 1000 && binaries > 1000);
	buf_free(&line);
	buf_free(&raw);
	buf_free(&store);
}

/* Beyond 256 KiB: cut at a whole character, with length and hash of all of it. */
static void test_cut(void **state)
{
	static const struct {
		const char *filler;
		size_t shift; /* bytes before the filler, so that the cut falls on each place of a character */
		size_t total;
		size_t kept;
	} cases[] = {
		{"a", 0, REJECT_RAW_MAX, REJECT_RAW_MAX},
		{"a", 0, REJECT_RAW_MAX + 1, REJECT_RAW_MAX},
		{"a", 0, 3 * REJECT_RAW_MAX, REJECT_RAW_MAX},
		{"\xf0\x9f\x98\x80", 0, REJECT_RAW_MAX + 400, REJECT_RAW_MAX},
		{"\xf0\x9f\x98\x80", 1, REJECT_RAW_MAX + 401, REJECT_RAW_MAX - 3},
		{"\xf0\x9f\x98\x80", 2, REJECT_RAW_MAX + 402, REJECT_RAW_MAX - 2},
		{"\xf0\x9f\x98\x80", 3, REJECT_RAW_MAX + 403, REJECT_RAW_MAX - 1},
		{"\xc3\xa9", 1, REJECT_RAW_MAX + 401, REJECT_RAW_MAX - 1},
		{"\xff", 0, REJECT_RAW_MAX + 1, REJECT_RAW_MAX}, /* not UTF-8: every byte counts */
	};
	struct buf raw = {0}, line = {0}, store = {0};
	const struct span none = {0};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		char hex[DIGEST_HEX + 1];
		struct reject r = {.by = SPAN("t"), .reason = SPAN("r")}, out;
		size_t kept = cases[i].kept;

		buf_clear(&raw);
		for (size_t k = 0; k < cases[i].shift; k++)
			buf_add_char(&raw, 'x');
		while (raw.n < cases[i].total)
			buf_add_text(&raw, cases[i].filler);
		assert_int_equal(raw.n, cases[i].total);
		digest_of(buf_span(&raw), hex);
		r.raw = buf_span(&raw);
		buf_clear(&line);
		reject_write(&line, none, &r);
		scan(&line);
		buf_free(&store);
		assert_true(reject_read(&out, &object, &store));
		assert_span(out.by, "t");
		assert_span(out.reason, "r");
		assert_int_equal(out.raw.n, kept);
		assert_memory_equal(out.raw.p, raw.p, kept);
		if (raw.n <= REJECT_RAW_MAX) {
			assert_true(out.raw_bytes == 0 && out.raw_sha256.p == NULL);
		} else {
			assert_int_equal(out.raw_bytes, raw.n);
			assert_true(span_eq(out.raw_sha256, span_of(hex)));
			/* the caller may have cut and hashed it before */
			r.raw.n = REJECT_RAW_MAX;
			r.raw_bytes = raw.n;
			r.raw_sha256 = span_of(hex);
			buf_clear(&store);
			reject_write(&store, none, &r);
			assert_true(span_eq(buf_span(&store), buf_span(&line)));
		}
	}
	buf_free(&raw);
	buf_free(&line);
	buf_free(&store);
}

static void test_present(void **state)
{
	static const struct {
		const char *line;
		bool present;
	} cases[] = {
		{"{\"_reject\":{\"by\":\"a\",\"reason\":\"b\"}}", true},
		{"{\"_kafka\":{},\"_reject\":{\"by\":\"a\",\"reason\":\"b\"}}", true},
		{"{\"_reject\":{\"x\":1,\"reason\":\"b\",\"by\":\"a\"},\"more\":1}", true},
		{"{\"a\":1,\"_reject\":{\"by\":\"a\",\"reason\":\"b\"}}", false},
		{"{\"_kafka\":{},\"a\":1,\"_reject\":{\"by\":\"a\",\"reason\":\"b\"}}", false},
		{"{\"_reject\":{\"by\":\"a\"}}", false},
		{"{\"_reject\":{\"by\":1,\"reason\":\"b\"}}", false},
		{"{\"_reject\":{\"by\":\"a\",\"reason\":null}}", false},
		{"{\"_reject\":\"by reason\"}", false},
		{"{\"_reject\":[\"by\",\"reason\"]}", false},
		{"{\"_rejec\\u0074\":{\"by\":\"a\",\"reason\":\"b\"}}", false},
		{"{\"_reject\":{\"by\":\"a\",\"reason\":\"b\",\"raw_base64\":\"x\"}}", false},
		{"{\"_reject\":{\"by\":\"a\",\"reason\":\"b\",\"raw\":{}}}", false},
		{"{\"_reject\":{\"by\":\"a\",\"reason\":\"b\",\"detail\":\"\\ud800\"}}", false},
		{"{\"_reject\":{\"by\":\"a\",\"reason\":\"b\",\"line\":-1}}", false},
		{"{\"_reject\":{\"by\":\"a\",\"reason\":\"b\",\"raw_bytes\":\"5\"}}", false},
		{"{\"_kafka\":{}}", false},
		{"{}", false},
	};
	struct buf store = {0};
	struct reject r;
	size_t at;

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		assert_int_equal(json_scan(&object, span_of(cases[i].line), &at), JSON_OK);
		assert_int_equal(reject_present(&object), cases[i].present);
		buf_clear(&store);
		assert_int_equal(reject_read(&r, &object, &store), cases[i].present);
	}
	buf_free(&store);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_form),
		cmocka_unit_test(test_round_trip),
		cmocka_unit_test(test_cut),
		cmocka_unit_test(test_present),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
