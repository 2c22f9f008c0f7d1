/* Rejects: any bytes become a line that is JSON and gives the same bytes back; any line that claims to be a reject is read or not, in one way. */
#include "fuzz.h"
#include "reject.h"

const char *const fuzz_seeds[] = {
	"{\"_reject\":{\"by\":\"kconsume\",\"reason\":\"not_json\",\"detail\":\"d\",\"raw\":\"abc\\u00e9\"}}",
	"{\"_kafka\":{\"a\":1},\"_reject\":{\"by\":\"pgload\",\"reason\":\"wrong_type\",\"detail\":\"\",\"source\":\"-\",\"line\":12,\"raw_base64\":\"AAECAw==\"}}",
	"{\"_reject\":{\"by\":\"x\",\"reason\":\"too_long\",\"raw\":\"a\",\"raw_bytes\":300000,"
	"\"raw_sha256\":\"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855\"}}",
	"not json at all \xff\xfe",
	NULL};
const char *const fuzz_words[] = {"\"_reject\":", "\"_kafka\":", "\"by\":", "\"reason\":", "\"detail\":", "\"raw\":", "\"raw_base64\":", "\"raw_bytes\":",
	"\"raw_sha256\":", "\"source\":", "\"line\":", "=", "==", "\\ud800", "\\u0000", NULL};

static struct json_object o;
static struct buf line, store, again;

/* Written and read, it is the same. */
static void round_trip(struct span input, const struct reject *r)
{
	struct reject back;
	size_t at;

	buf_clear(&line);
	buf_clear(&again);
	reject_write(&line, (struct span){NULL, 0}, r);
	if (line.n == 0 || line.p[line.n - 1] != '\n' || json_scan(&o, (struct span){line.p, line.n - 1}, &at) != JSON_OK)
		fuzz_fail(input, "a reject was written that is not JSON: %.*s", SPAN_ARG(buf_span(&line)));
	if (!reject_read(&back, &o, &again))
		fuzz_fail(input, "a reject was written that cannot be read: %.*s", SPAN_ARG(buf_span(&line)));
	if (r->raw_bytes == 0 && back.raw_bytes == 0 && !span_eq(back.raw, r->raw))
		fuzz_fail(input, "the raw bytes came back as others: %.*s", SPAN_ARG(buf_span(&line)));
	if (back.raw_bytes != r->raw_bytes && r->raw_bytes != 0)
		fuzz_fail(input, "raw_bytes came back as another number");
}

void fuzz_one(struct span input)
{
	const struct reject any = {.by = SPAN("fuzz"), .reason = SPAN("not_json"), .detail = input, .source = input, .line = 1, .raw = input};
	struct reject r;
	size_t at;

	round_trip(input, &any);
	if (json_scan(&o, input, &at) != JSON_OK)
		return;
	buf_clear(&store);
	if (reject_present(&o) != reject_read(&r, &o, &store))
		fuzz_fail(input, "reject_present() and reject_read() disagree");
	buf_clear(&store);
	if (reject_read(&r, &o, &store))
		round_trip(input, &r);
}
