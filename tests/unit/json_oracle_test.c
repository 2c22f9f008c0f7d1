/*
 * The scanner against jansson: texts made and then damaged by a fixed seed must get the same verdict and the same
 * values. Known differences, each of them counted so that the test proves to have met it:
 * - jansson refuses integers that do not fit 64 bits, and numbers beyond the range of a double ("numeric overflow");
 *   the scanner keeps numbers as text and takes them all;
 * - jansson refuses half a surrogate pair (\ud800); for the scanner it is grammatical and json_unescape() refuses it;
 * - jansson takes a name that occurs twice and keeps the last value; the scanner yields both and json_duplicate()
 *   tells;
 * - jansson overlooks a raw NUL byte right behind a number or a word; the scanner refuses it;
 * - jansson stops at 2048 levels, the scanner at JSON_MAX_DEPTH;
 * - the scanner wants an object and says so; jansson is asked for any value (JSON_DECODE_ANY). Both refuse U+0000, as
 *   escape too.
 */
/* jansson's names for types are the scanner's too: here the scanner's are SCAN_. */
#define JSON_NULL SCAN_NULL
#define JSON_FALSE SCAN_FALSE
#define JSON_TRUE SCAN_TRUE
#define JSON_NUMBER SCAN_NUMBER
#define JSON_STRING SCAN_STRING
#define JSON_ARRAY SCAN_ARRAY
#define JSON_OBJECT SCAN_OBJECT
#include "json.h"
#undef JSON_NULL
#undef JSON_FALSE
#undef JSON_TRUE
#undef JSON_NUMBER
#undef JSON_STRING
#undef JSON_ARRAY
#undef JSON_OBJECT

#include <jansson.h>

#include "decimal.h"
#include "random.h"
#include "unit.h"

enum { DOCUMENTS = 15000, DAMAGED = 6 };

static struct random r;
static unsigned met_overflow, met_surrogate, met_duplicate, met_not_object, met_taken, met_refused, met_utf8,
	met_nul, met_lost_nul;

static bool chance(uint64_t of)
{
	return random_below(&r, of) == 0;
}

/* --- making texts ------------------------------------------------------------------------------------------------- */

static void make_space(struct buf *b)
{
	if (chance(6))
		for (uint64_t n = 1 + random_below(&r, 3); n > 0; n--)
			buf_add_char(b, " \t\n\r"[random_below(&r, 4)]);
}

static void make_string(struct buf *b)
{
	static const char *const pieces[] = {"\\\"", "\\\\", "\\/", "\\b", "\\f", "\\n", "\\r", "\\t", "\\u0041", "\\u00e9",
		"\\uD83D\\uDE00",
	                                     "\xc3\xa9", "\xe2\x82\xac", "\xf0\x9f\x98\x80", "\xef\xbf\xbf", "\x7f", "{",
	                                     "}", "[", "]", ",", ":"};

	buf_add_char(b, '"');
	for (uint64_t n = random_below(&r, chance(8) ? 60 : 8); n > 0; n--) {
		if (chance(4))
			buf_add_text(b, pieces[random_below(&r, sizeof pieces / sizeof pieces[0])]);
		else
			buf_add_char(b, (char)('a' + random_below(&r, 26)));
	}
	if (chance(300))
		buf_add_text(b, chance(2) ? "\\ud812" : "\\uDC00");
	buf_add_char(b, '"');
}

static void make_number(struct buf *b)
{
	if (chance(3))
		buf_add_char(b, '-');
	if (chance(4)) {
		buf_add_char(b, '0');
	} else {
		uint64_t bits = random_bits(&r);

		buf_add_int(b, (int64_t)(bits >> (1 + random_below(&r, 63))) | 1);
	}
	if (chance(200))
		buf_add_text(b, "00000000000000");
	if (chance(2)) {
		buf_add_char(b, '.');
		for (uint64_t n = 1 + random_below(&r, 12); n > 0; n--)
			buf_add_char(b, (char)('0' + random_below(&r, 10)));
	}
	if (chance(5)) {
		static const char *const signs[] = {"e", "E", "e+", "E+", "e-", "E-"};

		buf_add_text(b, signs[random_below(&r, 6)]);
		buf_add_int(b, (int64_t)random_below(&r, chance(20) ? 400 : 30));
	}
}

static void make_value(struct buf *b, int depth);

static void make_members(struct buf *b, int depth)
{
	uint64_t n = random_below(&r, depth == 0 ? 14 : 4);

	make_space(b);
	for (uint64_t i = 0; i < n; i++) {
		if (i > 0)
			buf_add_char(b, ',');
		make_space(b);
		if (chance(3)) {
			make_string(b);
		} else {
			buf_addf(b, "\"%c", (char)('a' + random_below(&r, 26)));
			buf_addf(b, "%d\"", (int)random_below(&r, 30));
		}
		make_space(b);
		buf_add_char(b, ':');
		make_space(b);
		make_value(b, depth + 1);
		make_space(b);
	}
}

static void make_value(struct buf *b, int depth)
{
	uint64_t kind = random_below(&r, depth > 4 ? 8 : 12);

	if (kind < 3) {
		make_string(b);
	} else if (kind < 6) {
		make_number(b);
	} else if (kind < 8) {
		static const char *const words[] = {"true", "false", "null"};

		buf_add_text(b, words[random_below(&r, 3)]);
	} else if (kind < 10) {
		buf_add_char(b, '{');
		make_members(b, depth);
		buf_add_char(b, '}');
	} else {
		buf_add_char(b, '[');
		make_space(b);
		for (uint64_t i = 0, n = random_below(&r, 4); i < n; i++) {
			if (i > 0)
				buf_add_char(b, ',');
			make_space(b);
			make_value(b, depth + 1);
			make_space(b);
		}
		buf_add_char(b, ']');
	}
}

static void make_document(struct buf *b)
{
	buf_clear(b);
	make_space(b);
	if (chance(40)) {
		make_value(b, 0);
	} else {
		buf_add_char(b, '{');
		make_members(b, 0);
		buf_add_char(b, '}');
	}
	make_space(b);
}

/* One to three small accidents. */
static void damage(struct buf *b)
{
	static const char bytes[] = "{}[]\",:\\/ \t\n\r0123456789+-.eEtrufalsn\x01\x1f\x7f\x80\xbf\xc3\xe2\xed\xf0\xff";

	for (uint64_t n = 1 + random_below(&r, 3); n > 0 && b->n > 0; n--) {
		size_t at = (size_t)random_below(&r, b->n);

		switch (random_below(&r, 6)) {
		case 0:
			b->n = at;
			break;
		case 1:
			b->p[at] = bytes[random_below(&r, sizeof bytes)]; /* the NUL behind the literal too */
			break;
		case 2:
			memmove(b->p + at, b->p + at + 1, b->n - at - 1);
			b->n--;
			break;
		case 3:
			buf_room(b, 1);
			memmove(b->p + at + 1, b->p + at, b->n - at);
			b->p[at] = bytes[random_below(&r, sizeof bytes)];
			b->n++;
			break;
		case 4:
			b->p[at] = (char)(b->p[at] ^ (char)(1 << random_below(&r, 8)));
			break;
		default: {
			static const char *const inserts[] = {"\\u0000", "\\ud800", "null", "1e999", "12345678901234567890", "\\u00g0",
				"00"};
			const char *text = inserts[random_below(&r, sizeof inserts / sizeof inserts[0])];
			size_t len = strlen(text);

			buf_room(b, len);
			memmove(b->p + at + len, b->p + at, b->n - at);
			memcpy(b->p + at, text, len);
			b->n += len;
		}
		}
	}
}

/* --- comparing ---------------------------------------------------------------------------------------------------- */

static void same_value(const struct json_member *m, const json_t *want);

/* Names are looked up in their plain form; of two equal names the last counts. */
static void same_object(struct span text, const json_t *want)
{
	struct json_member m, later;
	size_t at = 0, count = 0;

	while (json_next_member(text, &at, &m)) {
		struct buf name = {0}, other = {0};
		bool last = true;
		size_t rest = at;

		assert_int_equal(json_unescape(&name, m.name), 0);
		while (last && json_next_member(text, &rest, &later)) {
			buf_clear(&other);
			assert_int_equal(json_unescape(&other, later.name), 0);
			last = !span_eq(buf_span(&other), buf_span(&name));
		}
		if (last) {
			same_value(&m, json_object_get(want, buf_text(&name)));
			count++;
		}
		buf_free(&name);
		buf_free(&other);
	}
	assert_int_equal(count, json_object_size(want));
}

static void same_array(struct span text, const json_t *want)
{
	struct json_member e;
	size_t at = 0, i = 0;

	while (json_next_element(text, &at, &e))
		same_value(&e, json_array_get(want, i++));
	assert_int_equal(i, json_array_size(want));
}

static void same_number(struct span text, const json_t *want)
{
	struct decimal d;
	int64_t whole;

	if (json_is_real(want)) {
		assert_true(decimal_double(text) == json_real_value(want));
		return;
	}
	assert_int_equal(decimal_read(&d, text), 0);
	assert_int_equal(decimal_int64(&d, &whole), 0);
	assert_true(whole == json_integer_value(want));
}

static void same_value(const struct json_member *m, const json_t *want)
{
	struct buf text = {0};

	assert_non_null(want);
	switch (m->type) {
	case SCAN_NULL:
		assert_true(json_is_null(want));
		break;
	case SCAN_FALSE:
	case SCAN_TRUE:
		assert_true(json_is_boolean(want) && json_is_true(want) == (m->type == SCAN_TRUE));
		break;
	case SCAN_NUMBER:
		assert_true(json_is_number(want));
		same_number(m->value, want);
		break;
	case SCAN_STRING:
		assert_true(json_is_string(want));
		assert_int_equal(json_unescape(&text, m->value), 0);
		assert_int_equal(m->escaped, m->value.n > 0 && memchr(m->value.p, '\\', m->value.n) != NULL);
		assert_true(span_eq(buf_span(&text), (struct span){json_string_value(want), json_string_length(want)}));
		break;
	case SCAN_ARRAY:
		assert_true(json_is_array(want));
		same_array(m->value, want);
		break;
	default:
		assert_true(json_is_object(want));
		same_object(m->value, want);
	}
	buf_free(&text);
}

static bool has_duplicate(struct span text)
{
	struct json_error_t error;
	json_t *strict = json_loadb(text.p, text.n, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &error);
	bool found = strict == NULL;

	json_decref(strict);
	return found;
}

static void compare(struct json_object *o, struct span text)
{
	struct json_error_t error;
	char *exact = malloc(text.n > 0 ? text.n : 1); /* so that reading beyond the end is seen */
	json_t *want;
	enum json_fault fault;
	size_t at = SIZE_MAX;

	memcpy(exact, text.p, text.n);
	fault = json_scan(o, (struct span){exact, text.n}, &at);
	want = json_loadb(text.p, text.n, JSON_DECODE_ANY, &error);
	if (fault != JSON_OK)
		assert_true(at <= text.n);
	met_utf8 += fault == JSON_NOT_UTF8 ? 1 : 0;
	met_nul += fault == JSON_NUL ? 1 : 0;
	if (want == NULL && (fault == JSON_OK || fault == JSON_NOT_OBJECT)) {
		if (json_error_code(&error) == json_error_numeric_overflow) {
			met_overflow++;
		} else if (strstr(error.text, "invalid Unicode") != NULL) {
			met_surrogate++;
		} else {
			print_error("only the scanner takes: %.*s\n%s\n", SPAN_ARG(text), error.text);
			fail();
		}
	} else if (want == NULL) {
		met_refused++;
	} else if (fault == JSON_NOT_OBJECT) {
		met_not_object++;
		assert_false(json_is_object(want));
	} else if (fault == JSON_NUL && at > 0 && text.p[at] == '\0' && strchr("0123456789elsu", text.p[at - 1]) != NULL) {
		met_lost_nul++;
	} else if (fault != JSON_OK) {
		print_error("only jansson takes: %.*s\n%s at %zu\n", SPAN_ARG(text), json_fault_name(fault), at);
		fail();
	} else {
		met_taken++;
		assert_true(json_is_object(want));
		same_object(o->text, want);
		if (json_duplicate(o) != NULL) {
			met_duplicate++;
			assert_true(has_duplicate(text));
		} else {
			assert_int_equal(json_object_size(want), o->count);
		}
	}
	json_decref(want);
	free(exact);
}

static void test_same_verdict(void **state)
{
	struct json_object o = {0};
	struct buf document = {0}, damaged = {0};

	(void)state;
	random_seed(&r, 20260101, 1);
	for (int i = 0; i < DOCUMENTS; i++) {
		make_document(&document);
		compare(&o, buf_span(&document));
		for (int k = 0; k < DAMAGED; k++) {
			buf_clear(&damaged);
			buf_add_span(&damaged, buf_span(&document));
			damage(&damaged);
			compare(&o, buf_span(&damaged));
		}
	}
	print_message("taken %u, refused %u, not objects %u, overflows %u, half pairs %u, duplicates %u, not UTF-8 %u,"
		" U+0000 %u, lost NULs %u\n",
	              met_taken, met_refused, met_not_object, met_overflow, met_surrogate, met_duplicate, met_utf8, met_nul,
	              	met_lost_nul);
	/* the texts are worth the work: every kind occurred often */
	assert_true(met_taken > 20000 && met_refused > 40000 && met_not_object > 500 && met_overflow > 200 &&
	            met_surrogate > 100 &&
	            met_duplicate > 1000 && met_utf8 > 1000 && met_nul > 500);
	json_object_free(&o);
	buf_free(&document);
	buf_free(&damaged);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_same_verdict),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
