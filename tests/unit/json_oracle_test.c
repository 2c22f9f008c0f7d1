/*
 * The scanner against jansson: texts made and then damaged by a fixed seed must get the same verdict and the same
 * values (tests/fuzz/json_compare.h has the known differences; each is counted here, so that the test proves to have met it).
 */
#include "../fuzz/json_compare.h"
#include "json.h"
#include "random.h"
#include "unit.h"

enum { DOCUMENTS = 15000, DAMAGED = 6 };

static struct random r;
static unsigned met[COMPARED_DIFFERENT + 1], met_fault[JSON_TOO_DEEP + 1];

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

static void compare(struct json_object *o, struct span text)
{
	char *exact = malloc(text.n > 0 ? text.n : 1); /* so that reading beyond the end is seen */
	const char *why;
	enum compared as;
	int fault;

	memcpy(exact, text.p, text.n);
	as = json_compare(o, (struct span){exact, text.n}, &fault, &why);
	if (as == COMPARED_DIFFERENT) {
		print_error("%s: %.*s\n(the scanner: %s)\n", why, SPAN_ARG(text), fault == JSON_OK ? "taken" : json_fault_name((enum json_fault)fault));
		fail();
	}
	met[as]++;
	met_fault[fault]++;
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
	print_message("taken %u, refused %u, not objects %u, overflows %u, half pairs %u, duplicates %u, not UTF-8 %u, U+0000 %u, lost NULs %u\n",
	              met[COMPARED_TAKEN], met[COMPARED_REFUSED], met[COMPARED_NOT_OBJECT], met[COMPARED_OVERFLOW], met[COMPARED_SURROGATE],
	              met[COMPARED_DUPLICATE], met_fault[JSON_NOT_UTF8], met_fault[JSON_NUL], met[COMPARED_LOST_NUL]);
	/* the texts are worth the work: every kind occurred often */
	assert_true(met[COMPARED_TAKEN] > 20000 && met[COMPARED_REFUSED] > 40000 && met[COMPARED_NOT_OBJECT] > 500 && met[COMPARED_OVERFLOW] > 200 &&
	            met[COMPARED_SURROGATE] > 100 && met[COMPARED_DUPLICATE] > 1000 && met_fault[JSON_NOT_UTF8] > 1000 && met_fault[JSON_NUL] > 500);
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
