/* The envelope reader, line after line: what it remembers of a run must not show. Each line of the input is read by the reader that saw those before,
 * and by a new one; both must agree. */
#include "envelope.h"
#include "fuzz.h"
#include "json_compare.h"

const char *const fuzz_seeds[] = {
	"{\"_kafka\":{\"stream\":\"fraud\",\"topic\":\"transactions\",\"partition\":3,\"of\":4,\"run\":\"9f3c1a-2\",\"origin\":\"resume\",\"begin\":40,\"offset\":42,"
	"\"ts\":1767225600000},\"a\":1}\n"
	"{\"_kafka\":{\"stream\":\"fraud\",\"topic\":\"transactions\",\"partition\":3,\"of\":4,\"run\":\"9f3c1a-2\",\"origin\":\"resume\",\"begin\":40,\"offset\":43,"
	"\"ts\":1767225600001,\"warm\":true},\"a\":1}\n",
	"{\"_kafka\":{\"stream\":\"s\",\"topic\":\"t\",\"partition\":0,\"of\":1,\"run\":\"r\",\"origin\":\"beginning\",\"begin\":0,\"event\":\"assigned\",\"from\":12,\"low\":0,"
	"\"cluster\":\"c\"}}\n"
	"{\"_kafka\":{\"stream\":\"s\",\"topic\":\"t\",\"partition\":0,\"of\":1,\"run\":\"r\",\"origin\":\"beginning\",\"begin\":0,\"event\":\"end\",\"next\":50}}\n"
	"{\"_kafka\":{\"stream\":\"s\",\"topic\":\"t\",\"partition\":0,\"of\":1,\"run\":\"r\",\"origin\":\"beginning\",\"begin\":0,\"event\":\"revoked\"}}\n",
	"{\"_kafka\":{\"offset\":1,\"ts\":-1,\"begin\":1,\"stream\":\"\\u00e9\\\"\",\"topic\":\"t\",\"partition\":0,\"of\":1,\"run\":\"r\",\"origin\":\"time\","
	"\"key\":\"k\",\"key_base64\":\"AA==\",\"headers\":[[\"a\",\"b\"]]},\"b\":2}\n",
	NULL};
const char *const fuzz_words[] = {"{\"_kafka\":", "\"offset\":", "\"event\":", "\"stream\":", "\"topic\":", "\"partition\":", "\"of\":", "\"run\":", "\"origin\":",
	"\"begin\":", "\"ts\":", "\"warm\":", "true", "\"end\"", "\"assigned\"", "\"revoked\"", "\"next\":", "\"resume\"", "\"offset\"", "-1", "1.0", "1e3", "},", "\n", NULL};

/* (How much of a line is constant only a reader knows that saw others of the run.) */
static bool same(const struct envelope *a, const struct envelope *b)
{
	return span_eq(a->stream, b->stream) && span_eq(a->topic, b->topic) && span_eq(a->run, b->run) && span_eq(a->origin, b->origin) &&
	       a->partition == b->partition && a->of == b->of && a->begin == b->begin && a->offset == b->offset && a->ts == b->ts && a->warm == b->warm &&
	       a->event == b->event && a->from == b->from && a->low == b->low && a->next == b->next && span_eq(a->cluster, b->cluster) &&
	       span_eq(a->key, b->key) && span_eq(a->key_base64, b->key_base64) && span_eq(a->headers, b->headers) && span_eq(a->text, b->text);
}

/* As intake does it: what is known of the line is not scanned again. */
static bool scan(const struct envelope *known, struct json_object *o, struct span line)
{
	struct json_begun begun = envelope_begun(known, line);
	struct json_object fresh = {0};
	size_t at = 0, at_fresh = 0;
	enum json_fault fault = begun.end > 0 ? json_scan_begun(o, line, begun, &at) : json_scan(o, line, &at);
	enum json_fault fault_fresh = json_scan(&fresh, line, &at_fresh);

	if (fault != fault_fresh || at != at_fresh)
		fuzz_fail(line, "known: %s at %zu, fresh: %s at %zu", json_fault_name(fault), at, json_fault_name(fault_fresh), at_fresh);
	if (!json_same_members(o, &fresh) || o->text.p != fresh.text.p || (fault == JSON_OK && o->text.n != fresh.text.n))
		fuzz_fail(line, "who knows the beginning of the line finds other members");
	json_object_free(&fresh);
	return fault == JSON_OK;
}

static void one_line(struct envelope *known, struct json_object *o, struct span line)
{
	struct envelope fresh = {0};
	const char *why, *why_fresh;
	int read, read_fresh;

	if (!envelope_present(line) || !scan(known, o, line))
		return;
	read = envelope_read(known, o, &why);
	read_fresh = envelope_read(&fresh, o, &why_fresh);
	if (read != read_fresh)
		fuzz_fail(line, "known: %s, fresh: %s", read == 0 ? "taken" : why, read_fresh == 0 ? "taken" : why_fresh);
	if (read == 0 && !same(known, &fresh))
		fuzz_fail(line, "a reader that knows the run reads something else");
	envelope_free(&fresh);
}

void fuzz_one(struct span input)
{
	struct envelope known = {0};
	struct json_object o = {0};
	const char *end = input.p + input.n;

	for (const char *p = input.p, *next; p < end; p = next + 1) {
		next = memchr(p, '\n', (size_t)(end - p));
		next = next != NULL ? next : end;
		one_line(&known, &o, (struct span){p, (size_t)(next - p)});
		if (next == end)
			break;
	}
	envelope_free(&known);
	json_object_free(&o);
}
