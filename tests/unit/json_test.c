#include "json.h"
#include "json_skip.h"
#include "random.h"
#include "unit.h"

#include <sys/mman.h>

static struct json_object object;

static enum json_fault scan(struct span text, size_t *at)
{
	/* a copy of exactly that size: reading beyond it is seen by valgrind and the sanitizers */
	static char *copy;

	free(copy);
	copy = malloc(text.n > 0 ? text.n : 1);
	if (text.n > 0)
		memcpy(copy, text.p, text.n);
	return json_scan(&object, (struct span){copy, text.n}, at);
}

struct scan_case {
	struct span text;
	enum json_fault fault;
	size_t at;
};

static void check_cases(const struct scan_case *c, size_t n)
{
	for (; n > 0; n--, c++) {
		size_t at = 0;
		enum json_fault fault = scan(c->text, &at);

		if (fault != c->fault || (fault != JSON_OK && at != c->at)) {
			print_error("%.*s: got %s at %zu, wanted %s at %zu\n", SPAN_ARG(c->text), json_fault_name(fault), at,
			            json_fault_name(c->fault), c->at);
			fail();
		}
	}
}
#define CHECK_CASES(cases) check_cases(cases, sizeof(cases) / sizeof(cases)[0])

static void test_grammar(void **state)
{
	static const struct scan_case cases[] = {
		{SPAN("{}"), JSON_OK, 0},
		{SPAN(" \t\r\n{ \n} \t"), JSON_OK, 0},
		{SPAN("{\"a\":1}"), JSON_OK, 0},
		{SPAN("{ \"a\" : 1 , \"b\" : [ ] , \"c\" : { } }"), JSON_OK, 0},
		{SPAN("{\"\":\"\"}"), JSON_OK, 0},
		{SPAN("{\"a\":[1,[2,[3,{\"b\":[{}]}]],null,true,false,\"x\"]}"), JSON_OK, 0},
		{SPAN("{\"a\":\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u00e9\\uD83D\\uDE00\"}"), JSON_OK, 0},
		{SPAN("{\"a\":\"\\ud800\"}"), JSON_OK, 0}, /* half a pair is grammatical */
		{SPAN("{\"a\":\"\x7f\"}"), JSON_OK, 0},
		{SPAN(""), JSON_NOT_JSON, 0},
		{SPAN("   "), JSON_NOT_JSON, 3},
		{SPAN("{"), JSON_NOT_JSON, 1},
		{SPAN("{\""), JSON_NOT_JSON, 2},
		{SPAN("{\"a"), JSON_NOT_JSON, 3},
		{SPAN("{\"a\""), JSON_NOT_JSON, 4},
		{SPAN("{\"a\":"), JSON_NOT_JSON, 5},
		{SPAN("{\"a\":1"), JSON_NOT_JSON, 6},
		{SPAN("{\"a\":1,"), JSON_NOT_JSON, 7},
		{SPAN("{\"a\":1,}"), JSON_NOT_JSON, 7},
		{SPAN("{,\"a\":1}"), JSON_NOT_JSON, 1},
		{SPAN("{\"a\":1,,\"b\":2}"), JSON_NOT_JSON, 7},
		{SPAN("{\"a\" 1}"), JSON_NOT_JSON, 5},
		{SPAN("{\"a\":1 \"b\":2}"), JSON_NOT_JSON, 7},
		{SPAN("{a:1}"), JSON_NOT_JSON, 1},
		{SPAN("{'a':1}"), JSON_NOT_JSON, 1},
		{SPAN("{1:1}"), JSON_NOT_JSON, 1},
		{SPAN("{\"a\":1}}"), JSON_NOT_JSON, 7},
		{SPAN("{\"a\":1} x"), JSON_NOT_JSON, 8},
		{SPAN("{\"a\":1}{\"b\":2}"), JSON_NOT_JSON, 7},
		{SPAN("{\"a\":[1,]}"), JSON_NOT_JSON, 8},
		{SPAN("{\"a\":[,1]}"), JSON_NOT_JSON, 6},
		{SPAN("{\"a\":[1 2]}"), JSON_NOT_JSON, 8},
		{SPAN("{\"a\":[1}"), JSON_NOT_JSON, 7},
		{SPAN("{\"a\":{\"b\":1]}"), JSON_NOT_JSON, 11},
		{SPAN("{\"a\":{\"b\"}}"), JSON_NOT_JSON, 9},
		{SPAN("{\"a\":{,}}"), JSON_NOT_JSON, 6},
		{SPAN("{\"a\":{\"b\":1,}}"), JSON_NOT_JSON, 12},
		{SPAN("{\"a\":[1]"), JSON_NOT_JSON, 8},
		{SPAN("{\"a\":[[1]"), JSON_NOT_JSON, 9},
		{SPAN("{\"a\":tru}"), JSON_NOT_JSON, 8},
		{SPAN("{\"a\":truex}"), JSON_NOT_JSON, 9},
		{SPAN("{\"a\":True}"), JSON_NOT_JSON, 5},
		{SPAN("{\"a\":nul"), JSON_NOT_JSON, 8},
		{SPAN("{\"a\":NaN}"), JSON_NOT_JSON, 5},
		{SPAN("{\"a\":Infinity}"), JSON_NOT_JSON, 5},
		{SPAN("{\"a\":undefined}"), JSON_NOT_JSON, 5},
		{SPAN("{\"a\":1}//x"), JSON_NOT_JSON, 7},
		{SPAN("\xef\xbb\xbf{}"), JSON_NOT_JSON, 0},
		{SPAN("{\"a\":1}\f"), JSON_NOT_JSON, 7},
		{SPAN("{\xc2\xa0}"), JSON_NOT_JSON, 1},
	};

	(void)state;
	CHECK_CASES(cases);
}

static void test_numbers(void **state)
{
	static const char *const good[] = {"0", "-0", "1", "-1", "10", "0.5", "-0.5", "1e5", "1E+5", "1e-5", "0e0", "1.25e007",
	                                   "123456789012345678901234567890.5e-1000"};
	static const char *const bad[] = {"", "-", "+1", "01", "-01", "00", "1.", ".5", "1.e5", "1e", "1e+", "1e5.5", "--1",
		"0x1",
	                                  "1_0", "1,", "1a", "1e+-5", "- 1", "0.5.5", "-a", "1E", "\xd9\xa1"};

	(void)state;
	for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
		char text[100];
		size_t at;

		snprintf(text, sizeof text, "{\"a\":%s}", good[i]);
		assert_int_equal(scan(span_of(text), &at), JSON_OK);
		assert_int_equal(object.member[0].type, JSON_NUMBER);
		assert_true(span_eq(object.member[0].value, span_of(good[i])));
		snprintf(text, sizeof text, "{\"a\":%s%16s}", good[i], ""); /* where sixteen bytes can be seen at once */
		assert_int_equal(scan(span_of(text), &at), JSON_OK);
		assert_true(span_eq(object.member[0].value, span_of(good[i])));
		snprintf(text, sizeof text, "{\"a\":[%s ]}", good[i]);
		assert_int_equal(scan(span_of(text), &at), JSON_OK);
	}
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		char text[100];
		size_t at;

		snprintf(text, sizeof text, "{\"a\":%s}", bad[i]);
		assert_int_equal(scan(span_of(text), &at), JSON_NOT_JSON);
		snprintf(text, sizeof text, "{\"a\":%s%16s}", bad[i], "");
		assert_int_equal(scan(span_of(text), &at), JSON_NOT_JSON);
		snprintf(text, sizeof text, "{\"a\":[%s]}", bad[i]);
		if (bad[i][0] != '\0')
			assert_int_equal(scan(span_of(text), &at), JSON_NOT_JSON);
	}
}

/* Every number of a few bytes, with enough behind it to be seen at once and with too little: the same end. */
static void test_decimals(void **state)
{
	static const char bytes[] = "019.e-,";
	enum { KINDS = sizeof bytes - 1, LENGTH = 5 };

	(void)state;
	for (unsigned n = 0; n < KINDS * KINDS * KINDS * KINDS * KINDS; n++) {
		char text[LENGTH + 60];
		enum json_fault fault;
		size_t at, at_short;
		unsigned rest = n;

		memcpy(text, "{\"a\":", 5);
		for (unsigned i = 0; i < LENGTH; i++, rest /= KINDS)
			text[5 + i] = bytes[rest % KINDS];
		snprintf(text + 5 + LENGTH, sizeof text - 5 - LENGTH, "}");
		fault = scan(span_of(text), &at_short);
		snprintf(text + 5 + LENGTH, sizeof text - 5 - LENGTH, "%20s}", "");
		assert_int_equal(scan(span_of(text), &at), fault);
		if (fault == JSON_OK)
			assert_int_equal(object.member[0].value.n, LENGTH);
		else if (at_short != 5 + LENGTH) /* there the } was the wrong byte, not something behind the spaces */
			assert_int_equal(at, at_short);
	}
}

static void test_strings(void **state)
{
	static const struct scan_case cases[] = {
		{SPAN("{\"a\":\"\\x\"}"), JSON_NOT_JSON, 6},
		{SPAN("{\"a\":\"\\U0041\"}"), JSON_NOT_JSON, 6},
		{SPAN("{\"a\":\"\\u12\"}"), JSON_NOT_JSON, 6},
		{SPAN("{\"a\":\"\\u12g4\"}"), JSON_NOT_JSON, 6},
		{SPAN("{\"a\":\"\\u12"), JSON_NOT_JSON, 10},
		{SPAN("{\"a\":\"\\"), JSON_NOT_JSON, 7},
		{SPAN("{\"a\":\"x\\\"}"), JSON_NOT_JSON, 10},
		{SPAN("{\"a\":\"x\ny\"}"), JSON_NOT_JSON, 7},
		{SPAN("{\"a\":\"x\ty\"}"), JSON_NOT_JSON, 7},
		{SPAN("{\"a\":\"x\x1f\"}"), JSON_NOT_JSON, 7},
		{SPAN("{\"a\":\"x\0\"}"), JSON_NUL, 7},
		{SPAN("{\"a\":\"x\\u0000\"}"), JSON_NUL, 7},
		{SPAN("{\"a\\u0000\":1}"), JSON_NUL, 3},
		{SPAN("{\"a\":[[{\"b\":\"\\u0000\"}]]}"), JSON_NUL, 13},
		{SPAN("{\"a\":[[{\"b\0\":1}]]}"), JSON_NUL, 10},
		{SPAN("{\"a\":1\0}"), JSON_NUL, 6},
		{SPAN("{}\0"), JSON_NUL, 2},
		{SPAN("\0{}"), JSON_NUL, 0},
		{SPAN("{\"a\":\"\\\\u0000\"}"), JSON_OK, 0}, /* an escaped backslash, then letters */
		{SPAN("{\"a\":\"\xff\"}"), JSON_NOT_UTF8, 6},
		{SPAN("{\"a\":\"\xc3\"}"), JSON_NOT_UTF8, 6},
		{SPAN("{\"a\":\"xyz\xc3\xa9\x80\"}"), JSON_NOT_UTF8, 11},
		{SPAN("{\"a\":\"\xc0\x80\"}"), JSON_NOT_UTF8, 6},         /* overlong U+0000 */
		{SPAN("{\"a\":\"\xe0\x9f\xbf\"}"), JSON_NOT_UTF8, 6},     /* overlong */
		{SPAN("{\"a\":\"\xed\xa0\x80\"}"), JSON_NOT_UTF8, 6},     /* surrogate */
		{SPAN("{\"a\":\"\xf4\x90\x80\x80\"}"), JSON_NOT_UTF8, 6}, /* beyond U+10FFFF */
		{SPAN("{\"a\":\"\xf0\x9f\x98"), JSON_NOT_UTF8, 6},
		{SPAN("{\"a\xff\":1}"), JSON_NOT_UTF8, 3},
		{SPAN("{\"a\":[\"\xff\"]}"), JSON_NOT_UTF8, 7},
		{SPAN("{\"a\":\xff}"), JSON_NOT_UTF8, 5},
		{SPAN("\xff{}"), JSON_NOT_UTF8, 0},
		{SPAN("{\"a\":\"\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80\xf4\x8f\xbf\xbf\"}"), JSON_OK, 0},
	};

	(void)state;
	CHECK_CASES(cases);
}

/* JSON_NOT_OBJECT only where the text is JSON otherwise. */
static void test_not_object(void **state)
{
	static const struct scan_case cases[] = {
		{SPAN("[]"), JSON_NOT_OBJECT, 0},      {SPAN(" [{\"a\":1}] "), JSON_NOT_OBJECT, 1}, {SPAN("1"), JSON_NOT_OBJECT, 0},
		{SPAN("\"x\""), JSON_NOT_OBJECT, 0},   {SPAN("null"), JSON_NOT_OBJECT, 0},          {SPAN("true"), JSON_NOT_OBJECT,
		0},
		{SPAN("[1,]"), JSON_NOT_JSON, 3},      {SPAN("[1"), JSON_NOT_JSON, 2},              {SPAN("1 2"), JSON_NOT_JSON, 2},
		{SPAN("nope"), JSON_NOT_JSON, 1},      {SPAN("[\"\\u0000\"]"), JSON_NUL, 2},        {SPAN("[\"\xff\"]"),
		JSON_NOT_UTF8, 2},
		{SPAN("\"x"), JSON_NOT_JSON, 2},       {SPAN("hello"), JSON_NOT_JSON, 0},           {SPAN("]"), JSON_NOT_JSON, 0},
	};

	(void)state;
	CHECK_CASES(cases);
	assert_int_equal(object.count, 0);
}

static void test_depth(void **state)
{
	static const char *const opens[] = {"[", "{\"a\":"};
	struct buf b = {0};
	size_t at;

	(void)state;
	for (int kind = 0; kind < 2; kind++)
		for (int depth = JSON_MAX_DEPTH - 1; depth <= JSON_MAX_DEPTH + 1; depth++) {
			/* the object around is one level */
			buf_clear(&b);
			buf_add_text(&b, "{\"x\":");
			for (int i = 1; i < depth; i++)
				buf_add_text(&b, opens[kind]);
			buf_add_text(&b, "1");
			for (int i = 1; i < depth; i++)
				buf_add_char(&b, kind == 0 ? ']' : '}');
			buf_add_char(&b, '}');
			assert_int_equal(scan(buf_span(&b), &at), depth <= JSON_MAX_DEPTH ? JSON_OK : JSON_TOO_DEEP);
		}
	assert_int_equal(at, 5 + (JSON_MAX_DEPTH - 1) * 5);
	buf_clear(&b);
	for (int i = 0; i < 2000000; i++)
		buf_add_char(&b, '[');
	assert_int_equal(scan(buf_span(&b), &at), JSON_TOO_DEEP);
	assert_int_equal(at, JSON_MAX_DEPTH);
	/* closing must find the right kind at every level, also across the words of the bit stack */
	for (int wrong = 0; wrong < 200; wrong++) {
		buf_clear(&b);
		buf_add_text(&b, "{\"x\":");
		for (int i = 0; i < 200; i++)
			buf_add_text(&b, i % 3 == 0 ? "{\"a\":" : "[");
		buf_add_text(&b, "1");
		for (int i = 199; i >= 0; i--)
			buf_add_char(&b, (i % 3 == 0) != (i == wrong) ? '}' : ']');
		buf_add_char(&b, '}');
		assert_int_equal(scan(buf_span(&b), &at), JSON_NOT_JSON);
		assert_int_equal(at, b.n - 2 - (size_t)wrong);
	}
	buf_free(&b);
}

static void test_members(void **state)
{
	static const char text[] = " { \"s\" : \"x y\" , \"n\":-1.50e3,\"t\":true,\"f\":false,\"z\":null,\"a\" : [1,"
		" {\"b\":2}] ,"
				   "\"o\":{\"p\": []},\"\\u0065\":\"\\n\"}  ";
	static const char *const names[] = {"s", "n", "t", "f", "z", "a", "o", "\\u0065"};
	static const char *const values[] = {"x y", "-1.50e3", "true", "false", "null", "[1, {\"b\":2}]", "{\"p\": []}",
		"\\n"};
	static const uint8_t types[] = {JSON_STRING, JSON_NUMBER, JSON_TRUE,   JSON_FALSE,
	                                JSON_NULL,   JSON_ARRAY,  JSON_OBJECT, JSON_STRING};
	size_t at;

	(void)state;
	assert_int_equal(scan(span_of(text), &at), JSON_OK);
	assert_int_equal(object.count, 8);
	for (size_t i = 0; i < 8; i++) {
		assert_true(span_eq(object.member[i].name, span_of(names[i])));
		assert_true(span_eq(object.member[i].value, span_of(values[i])));
		assert_int_equal(object.member[i].type, types[i]);
		assert_int_equal(object.member[i].name_escaped, i == 7);
		assert_int_equal(object.member[i].escaped, i == 7);
	}
	assert_int_equal(object.text.n, sizeof text - 1 - 3);
	assert_int_equal(object.text.p[0], '{');
	assert_span(json_raw(&object.member[0]), "\"x y\"");
	assert_span(json_raw(&object.member[1]), "-1.50e3");
	assert_ptr_equal(json_find(&object, SPAN("e")), &object.member[7]);
	assert_ptr_equal(json_find(&object, SPAN("a")), &object.member[5]);
	assert_null(json_find(&object, SPAN("\\u0065")));
	assert_null(json_find(&object, SPAN("")));
}

static void test_many_members(void **state)
{
	struct buf b = {0};
	size_t at;

	(void)state;
	buf_add_char(&b, '{');
	for (int i = 0; i < 5000; i++)
		buf_addf(&b, "%s\"name%d\":%d", i > 0 ? "," : "", i, i);
	buf_add_char(&b, '}');
	assert_int_equal(scan(buf_span(&b), &at), JSON_OK);
	assert_int_equal(object.count, 5000);
	assert_null(json_duplicate(&object));
	b.n--;
	buf_add_text(&b, ",\"name77\":1}");
	assert_int_equal(scan(buf_span(&b), &at), JSON_OK);
	assert_ptr_equal(json_duplicate(&object), &object.member[5000]);
	buf_free(&b);
}

/* Names chosen by somebody who knows how they are told apart: to compare all of them with one another would take many minutes. */
static void test_hostile_names(void **state)
{
	enum { NAMES = 300000 };
	struct buf text = {0};
	size_t at;

	(void)state;
	for (int i = 0; i < NAMES; i++)
		buf_addf(&text, "%c\"samehead%06dsametail\":1", i == 0 ? '{' : ',', i);
	buf_addf(&text, ",\"samehead%06dsametail\":1,\"samehead%06dsametail\":1}", 7, 5);
	alarm(120);
	assert_int_equal(json_scan(&object, buf_span(&text), &at), JSON_OK);
	assert_ptr_equal(json_duplicate(&object), &object.member[NAMES]);
	alarm(0);
	buf_free(&text);
}

static void test_duplicate(void **state)
{
	static const struct {
		const char *text;
		int at; /* number of the member, -1: none */
	} cases[] = {
		{"{}", -1},
		{"{\"a\":1}", -1},
		{"{\"a\":1,\"A\":1,\"\":1,\"aa\":1}", -1},
		{"{\"a\":1,\"b\":1,\"a\":1}", 2},
		{"{\"\":1,\"\":1}", 1},
		{"{\"a\":1,\"\\u0061\":1}", 1},
		{"{\"\\u0061\":1,\"\\u0062\":1,\"b\":1}", 2},
		{"{\"a\\/b\":1,\"a/b\":1}", 1},
		{"{\"\\ud83d\\ude00\":1,\"\xf0\x9f\x98\x80\":1}", 1},
		{"{\"\\ud800\":1,\"\\uD800\":1}", 1},
		{"{\"\\ud800\":1,\"\\\\ud800\":1}", -1},
		{"{\"\\ud800\":1,\"\\ud801\":1}", -1},
		{"{\"a\":{\"b\":1,\"b\":2}}", -1}, /* nested ones pass */
		{"{\"transaction_id\":1,\"transaction_ts\":1,\"transaction_it\":2,\"xransaction_id\":3}", -1},
		{"{\"customer_id_longer_than_16\":1,\"customer_iX_longer_than_16\":2}", -1},
	};
	size_t at;

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		const struct json_member *m;

		assert_int_equal(scan(span_of(cases[i].text), &at), JSON_OK);
		m = json_duplicate(&object);
		assert_int_equal(m == NULL ? -1 : m - object.member, cases[i].at);
	}
}

static void test_unescape(void **state)
{
	static const struct {
		const char *text, *want; /* NULL: refused */
	} cases[] = {
		{"", ""},
		{"plain", "plain"},
		{"a\\\"b\\\\c\\/d\\be\\ff\\ng\\rh\\ti", "a\"b\\c/d\be\ff\ng\rh\ti"},
		{"\\u0041\\u00e9\\u20AC", "A\xc3\xa9\xe2\x82\xac"},
		{"\\ud83d\\ude00", "\xf0\x9f\x98\x80"},
		{"\\uDBFF\\uDFFF", "\xf4\x8f\xbf\xbf"},
		{"\\u007f\\u0080\\u07ff\\u0800\\uffff", "\x7f\xc2\x80\xdf\xbf\xe0\xa0\x80\xef\xbf\xbf"},
		{"x\\ud83d", NULL},
		{"\\ud83dx\\ude00", NULL},
		{"\\ud83d\\n", NULL},
		{"\\ude00\\ud83d", NULL},
		{"\\ud83d\\ud83d\\ude00", NULL},
		{"\\ud83d\\u0041", NULL},
	};
	struct buf b = {0};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		buf_clear(&b);
		buf_add_text(&b, "kept");
		assert_int_equal(json_unescape(&b, span_of(cases[i].text)), cases[i].want == NULL ? -1 : 0);
		assert_int_equal(strncmp(buf_text(&b), "kept", 4), 0);
		assert_string_equal(buf_text(&b) + 4, cases[i].want == NULL ? "" : cases[i].want);
	}
	buf_free(&b);
}

static void test_quote(void **state)
{
	struct buf b = {0}, back = {0};
	struct random r;

	(void)state;
	json_quote(&b, SPAN("a\"b\\c/\b\f\n\r\t\x01\x1f\x7f\xc3\xa9"));
	assert_string_equal(buf_text(&b), "\"a\\\"b\\\\c/\\b\\f\\n\\r\\t\\u0001\\u001f\x7f\xc3\xa9\"");
	buf_clear(&b);
	json_quote_any(&b, SPAN("a\xff\0\xc3"));
	assert_string_equal(buf_text(&b), "\"a\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\"");
	random_seed(&r, 1, 1);
	for (int i = 0; i < 5000; i++) {
		char text[40];
		size_t n = (size_t)random_below(&r, sizeof text);

		for (size_t k = 0; k < n; k++)
			text[k] = (char)(1 + random_below(&r, 127));
		buf_clear(&b);
		buf_clear(&back);
		json_quote(&b, (struct span){text, n});
		assert_int_equal(json_unescape(&back, (struct span){b.p + 1, b.n - 2}), 0);
		assert_true(span_eq(buf_span(&back), (struct span){text, n}));
	}
	buf_free(&b);
	buf_free(&back);
}

static void test_elements(void **state)
{
	static const char *const want[] = {"1", "x", "[2, 3]", "{\"a\":[]}", "null"};
	struct json_member e;
	size_t at = 0, n = 0;

	(void)state;
	while (json_next_element(SPAN("[ 1,\"x\" , [2, 3],{\"a\":[]},null ]"), &at, &e)) {
		assert_true(n < 5);
		assert_true(span_eq(e.value, span_of(want[n++])));
		assert_int_equal(e.name.n, 0);
	}
	assert_int_equal(n, 5);
	at = 0;
	assert_false(json_next_element(SPAN("[ ]"), &at, &e));
	at = n = 0;
	while (json_next_member(SPAN("{ \"a\" : 1,\"b\":{\"c\":2} , \"\\n\":\"]\"}"), &at, &e)) {
		static const char *const names[] = {"a", "b", "\\n"}, *const values[] = {"1", "{\"c\":2}", "]"};

		assert_true(span_eq(e.name, span_of(names[n])));
		assert_true(span_eq(e.value, span_of(values[n])));
		assert_int_equal(e.name_escaped, n == 2);
		n++;
	}
	assert_int_equal(n, 3);
	at = 0;
	assert_false(json_next_member(SPAN("{}"), &at, &e));
}

/* The fast loops against the plain one, at every length and with the special byte in every place. */
static void test_skipping(void **state)
{
	char text[80];

	(void)state;
	for (int c = 0; c < 256; c++)
		for (size_t n = 0; n <= 40; n++)
			for (size_t at = 0; at < n; at++) {
				const char *want;

				memset(text, 'x', sizeof text);
				text[at] = (char)c;
				text[(at * 7 + 3) % 41] = (char)(c ^ 1); /* neighbours can mislead borrow tricks */
				want = json_skip_plain_bytewise(text, text + n);
				assert_ptr_equal(json_skip_plain_swar(text, text + n), want);
				assert_ptr_equal(json_skip_plain(text, text + n), want);
#ifdef __SSE2__
				assert_ptr_equal(json_skip_plain_sse2(text, text + n), want);
#endif
			}
}

/* What lies behind a text may be another's memory: nothing reads over the end of the page, however the text lies before it. */
static void test_end_of_page(void **state)
{
	static const char *const texts[] = {
		"{\"transaction_id\":\"019b76da-b4ee-7529-ac80-99ec4e4185dc\",\"amount\":-247.19e-2,\"is_foreign\":false,\"a\":[null,{\"b\":\"\xc3\xa9\\u00e9\"}]}",
		"{\"long\":\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\xf0\x9f\x98\x80\"}",
		"{\"a\":\"\\ud83d\\ude00\",\"b\" : 12345678901234567890123456789012345678901234567890 , \"c\":\t\ttrue\n}",
	};
	const size_t page = (size_t)sysconf(_SC_PAGESIZE);
	char *pages = mmap(NULL, 2 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct buf plain = {0};

	(void)state;
	assert_true(pages != MAP_FAILED);
	assert_int_equal(mprotect(pages + page, page, PROT_NONE), 0);
	for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
		for (size_t n = 0; n <= strlen(texts[i]); n++) {
			struct span text = {pages + page - n, n};
			enum json_fault want;
			size_t at;

			memcpy(pages + page - n, texts[i], n);
			want = n == strlen(texts[i]) ? JSON_OK : utf8_valid(text) ? JSON_NOT_JSON : JSON_NOT_UTF8;
			assert_int_equal(json_scan(&object, text, &at), want);
			assert_ptr_equal(json_skip_plain_swar(text.p, text.p + n), json_skip_plain_bytewise(text.p, text.p + n));
			buf_clear(&plain);
			json_quote_any(&plain, text);
		}
	buf_free(&plain);
	munmap(pages, 2 * page);
}

/* utf8_valid() against a decoder that works by the definition: decode, then encode anew. */
static bool valid_by_definition(const unsigned char *s, size_t n)
{
	for (size_t i = 0; i < n;) {
		static const uint32_t least[] = {0, 0x80, 0x800, 0x10000};
		size_t more = s[i] < 0x80 ? 0 : (s[i] & 0xe0) == 0xc0 ? 1 : (s[i] & 0xf0) == 0xe0 ? 2 : (s[i] & 0xf8) == 0xf0 ? 3 : 9;
		uint32_t code;

		if (more == 9 || i + more >= n)
			return false;
		code = more == 0 ? s[i] : s[i] & (0x3fu >> more);
		for (size_t k = 1; k <= more; k++) {
			if ((s[i + k] & 0xc0) != 0x80)
				return false;
			code = code << 6 | (s[i + k] & 0x3f);
		}
		if (code < least[more] || code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff))
			return false;
		i += more + 1;
	}
	return true;
}

static void test_utf8(void **state)
{
	static const unsigned char bytes[] = {0x00, 0x41, 0x7f, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf, 0xc0, 0xc1, 0xc2,
	                                      0xdf, 0xe0, 0xe1, 0xec, 0xed, 0xee, 0xef, 0xf0, 0xf1, 0xf3, 0xf4, 0xf5, 0xff};
	enum { N = sizeof bytes };

	(void)state;
	for (size_t i = 0; i < (size_t)N * N * N * N; i++) {
		unsigned char s[12] = {bytes[i % N], bytes[i / N % N], bytes[i / N / N % N], bytes[i / N / N / N]};
		bool want = valid_by_definition(s, 4);

		assert_int_equal(utf8_valid((struct span){(const char *)s, 4}), want);
		memmove(s + 8, s, 4); /* behind the eight bytes that are looked at together */
		memset(s, 'x', 8);
		assert_int_equal(utf8_valid((struct span){(const char *)s, 12}), want);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_grammar),    cmocka_unit_test(test_numbers),      cmocka_unit_test(test_strings),
		cmocka_unit_test(test_decimals),
		cmocka_unit_test(test_not_object), cmocka_unit_test(test_depth),        cmocka_unit_test(test_members),
		cmocka_unit_test(test_many_members), cmocka_unit_test(test_hostile_names), cmocka_unit_test(test_duplicate), cmocka_unit_test(test_unescape),
		cmocka_unit_test(test_quote),      cmocka_unit_test(test_elements),     cmocka_unit_test(test_skipping),
		cmocka_unit_test(test_end_of_page),
		cmocka_unit_test(test_utf8),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
