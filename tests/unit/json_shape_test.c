/* What the scanner remembers of one object for the next: it must make no difference to what is found in that one. */
#include "../fuzz/json_compare.h"
#include "json.h"
#include "unit.h"

/* A copy of exactly that size: reading beyond it is seen by valgrind and the sanitizers. */
static struct span exact(struct span text)
{
	char *copy = malloc(text.n);

	memcpy(copy, text.p, text.n);
	return (struct span){copy, text.n};
}

/* So many names; `spaces` stand before the second. */
static struct span many_names(int names, int spaces)
{
	struct buf text = {0};
	struct span copy;

	for (int i = 0; i < names; i++)
		buf_addf(&text, "%c%*s\"m%d\":%d", i == 0 ? '{' : ',', i == 1 ? spaces : 0, "", i, i);
	buf_add_char(&text, '}');
	copy = exact(buf_span(&text));
	buf_free(&text);
	return copy;
}

static bool same_names(const struct json_object *a, const struct json_object *b)
{
	for (size_t i = 0; i < a->count && i < b->count; i++)
		if (!span_eq(a->member[i].name, b->member[i].name))
			return false;
	return a->count == b->count;
}

/* What was scanned before must not matter, whatever it was: each text behind each other, and the number of the shape is kept for no other names. */
static void test_heads(void **state)
{
	static const char *const texts[] = {
		"{\"transaction_id\":\"019b76da\",\"amount\":1.5,\"a_name_of_more_than_32_bytes_altogether\":true,\"e\":\"\"}",
		"{\"transaction_id\":\"019b76da\" ,\"amount\":1.5,\"a_name_of_more_than_32_bytes_altogether\":true,\"e\":\"\"}",
		"{\"transaction_id\":\"019b76da\", \"amount\":1.5,\"a_name_of_more_than_32_bytes_altogether\":true,\"e\":\"\"}",
		"{\"transaction_id\":\"019b76da\",\"amount\": 1.5,\"a_name_of_more_than_32_bytes_altogether\" :true,\"e\":\"\"}",
		"{ \"transaction_id\" : \"019b76da\" , \"amount\" : 1.5 , \"a_name_of_more_than_32_bytes_altogether\" : true , \"e\" : \"\" } ",
		"{ \"transaction_id\" :  \"019b76da\" , \"amount\" :\t 1.5 , \"a_name_of_more_than_32_bytes_altogether\" :\n\ntrue , \"e\" : 7 } ",
		"{\"transaction_id\":7,\"amount\":\"x\",\"a_name_of_more_than_32_bytes_altogether\":[{\"amount\":1}],\"e\":{\"e\":{}}}",
		"{\"transaction_id\":7,\"amount\":\"x\",\"a_name_of_more_than_32_bytes_altogethes\":[{\"amount\":1}],\"e\":{\"e\":{}}}",
		"{\"transaction_id\":7,\"amount\":\"x\",\"b_name_of_more_than_32_bytes_altogether\":[{\"amount\":1}],\"e\":{\"e\":{}}}",
		"{\"transaction_ie\":7,\"amount\":\"x\"}",
		"{\"transaction_id\":7,\"amount\":\"x\"}",
		"{\"transaction_id\":7,\"amount\":\"x\",}",
		"{\"transaction_id\":7,\"amount\"}",
		"{\"transaction_id\":7 \"amount\":1}",
		"{\"transaction_id\":7,\"amount\":}",
		"{\"transaction_id\":\"\\u0041\",\"\\u0061mount\":\"\xc3\xa9\"}",
		"{\"transaction_id\":\"\\u0041\",\"amount\":\"\xc3\"}",
		"{\"transaction_id\":\"019b76da\"}",
		"{}",
		"[]",
	};
	enum { LITERALS = sizeof texts / sizeof texts[0], TEXTS = LITERALS + 6 };
	struct span all[TEXTS];

	(void)state;
	for (size_t i = 0; i < LITERALS; i++)
		all[i] = exact(span_of(texts[i]));
	/* around the bounds of what is remembered: so many names, so many bytes before values */
	all[LITERALS] = many_names(128, 0);
	all[LITERALS + 1] = many_names(129, 0);
	all[LITERALS + 2] = many_names(200, 0);
	all[LITERALS + 3] = many_names(1, 0);
	all[LITERALS + 4] = many_names(2, 9000);
	all[LITERALS + 5] = many_names(3, 9000);
	for (size_t i = 0; i < TEXTS; i++)
		for (size_t k = 0; k < TEXTS; k++)
			for (int times = 1; times <= 2; times++) {
				struct json_object used = {0}, fresh = {0}, before = {0};
				size_t at = 0, at_fresh = 0;
				enum json_fault fault;
				uint64_t shape;

				for (int t = 0; t < times; t++)
					json_scan(&used, all[i], &at);
				shape = used.shape;
				fault = json_scan(&used, all[k], &at);
				assert_int_equal(json_scan(&fresh, all[k], &at_fresh), fault);
				assert_true(fault == JSON_OK || at == at_fresh);
				assert_true(json_same_members(&used, &fresh));
				if (fault == JSON_OK && json_scan(&before, all[i], &at) == JSON_OK) {
					assert_true(used.shape != shape || same_names(&before, &fresh));
					assert_true(used.shape == shape || i != k || used.heads < used.count);
				}
				json_object_free(&used);
				json_object_free(&fresh);
				json_object_free(&before);
			}
	for (size_t i = 0; i < TEXTS; i++)
		free((char *)(uintptr_t)all[i].p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_heads)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
