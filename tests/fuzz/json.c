/* The scanner against jansson, and against simdjson where that is installed. */
#include "fuzz.h"
#include "json.h"
#include "json_compare.h"

/* simdjson.cc: 1 it takes the text, 0 it does not, -1 it objects to a number's size or to half a surrogate pair. Missing without the library. */
extern int simdjson_takes(const char *text, size_t size) __attribute__((weak));

const char *const fuzz_seeds[] = {
	"{\"transaction_id\":\"019b76da-b4ee-7529-ac80-99ec4e4185dc\",\"amount\":247.19,\"currency\":\"USD\",\"latitude\":-47.60132,\"is_foreign\":false}",
	"{\"a\":{\"b\":[1,2.5e-3,{\"c\":null}],\"d\":\"\\u00e9\\ud83d\\ude00\\n\"},\"e\":true}",
	" { \"a\" : [ ] , \"b\" : { } , \"c\" : \"\" } ",
	"{\"long\":\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\",\"n\":-0}",
	"{\"\xc3\xa9\":\"\xe2\x82\xac\xf0\x9f\x98\x80\",\"\\\"\":\"\\\\\\/\\b\\f\\n\\r\\t\"}",
	"{\"a\":1,\"\\u0061\":2}",
	"[1,2,3]",
	"{}",
	NULL};
const char *const fuzz_words[] = {"\\u0000", "\\ud800", "\\udc00", "\\uD83D\\uDE00", "\\u00g0", "null", "true", "false", "1e999", "12345678901234567890",
	"00", "-", "\"\"", "\":\"", "\",\"", "[[[[[[[[", "]]]]]]]]", "{\"a\":", "\\\\\\\\\\\\\\\"", "\xed\xa0\x80", "\xf4\x90\x80\x80", "\xc0\x80",
	"\xf0\x80\x80\x80", "\xe2\x82", NULL};

void fuzz_one(struct span input)
{
	static struct json_object o;
	const char *why;
	int fault, second;
	enum compared as = json_compare(&o, input, &fault, &why);
	bool taken = fault == JSON_OK || fault == JSON_NOT_OBJECT;

	if (as == COMPARED_DIFFERENT)
		fuzz_fail(input, "jansson differs: %s (the scanner: %s)", why, fault == JSON_OK ? "taken" : json_fault_name((enum json_fault)fault));
	if (utf8_valid(input) == (fault == JSON_NOT_UTF8) && fault == JSON_NOT_UTF8)
		fuzz_fail(input, "the scanner finds fault with UTF-8 that utf8_valid() takes");
	/* simdjson takes U+0000 in an escape; what jansson already differed about is known */
	if (simdjson_takes == NULL || fault == JSON_NUL || fault == JSON_TOO_DEEP || as == COMPARED_OVERFLOW || as == COMPARED_SURROGATE)
		return;
	second = simdjson_takes(input.p, input.n);
	if (second >= 0 && second != taken)
		fuzz_fail(input, "simdjson %s it, the scanner says %s", second ? "takes" : "refuses", taken ? "taken" : json_fault_name((enum json_fault)fault));
}
