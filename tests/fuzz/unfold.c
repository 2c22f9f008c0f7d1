/* Any bytes through the unfolder, whole and cut into pieces at places that the input itself chooses: the same lines, the same verdict. */
#include "fuzz.h"
#include "unfold.h"

const char *const fuzz_seeds[] = {
	"[{\"a\":1},\n {\"b\":[1,2]}]\n", "{\n  \"a\": 1,\n  \"b\": \"}\"\n}\n{\n  \"c\": 2\n}\n", "{\"a\":1}\n{\"b\":2}\n", "[\n]\n", "{\"a\":\n{\"b\":2}\n", "\n\n [ {\"a\":\"\\\"\"} ] ", NULL};
const char *const fuzz_words[] = {"[{", "}]", "},{", "\n", "\r\n", "{\"a\":", "\"", "\\", ",", " ", "[", "]", NULL};

enum { MAX = 64 }; /* small, so that limits are met */

static int unfolded(struct span input, size_t step, struct buf *to)
{
	struct unfold u = {0};
	const char *why;
	int status = 0;

	while (input.n > 0 && status == 0) {
		size_t n = step > 0 && step < input.n ? step : input.n;

		status = unfold_feed(&u, (struct span){input.p, n}, MAX, to, &why);
		input.p += n;
		input.n -= n;
	}
	if (status == 0)
		status = unfold_finish(&u, to, &why);
	unfold_free(&u);
	return status;
}

void fuzz_one(struct span input)
{
	static struct buf whole, pieces;
	size_t step = 1 + (unsigned char)input.p[0] % 7;
	int first, second;

	buf_clear(&whole);
	buf_clear(&pieces);
	first = unfolded(input, 0, &whole);
	second = unfolded(input, step, &pieces);
	if (first != second)
		fuzz_fail(input, "whole %d, in pieces of %zu %d", first, step, second);
	if (first == 0 && !span_eq(buf_span(&whole), buf_span(&pieces)))
		fuzz_fail(input, "pieces of %zu give other lines", step);
}
