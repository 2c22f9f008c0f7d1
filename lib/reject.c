#include "reject.h"

#include "base64.h"
#include "digest.h"
#include "parse.h"
#include "utf8.h"

/* The bytes without a character that the cut split: at most three bytes of it stand at the end. */
static struct span whole_characters(struct span s)
{
	for (size_t back = 1; back <= 3 && back <= s.n; back++) {
		unsigned char c = (unsigned char)s.p[s.n - back];

		if ((c & 0xc0) == 0x80)
			continue; /* inside a character */
		if (c >= 0xc0 && utf8_length(s.p + s.n - back, s.p + s.n) == 0)
			s.n -= back;
		break;
	}
	return s;
}

static void add_member(struct buf *to, const char *name, struct span value)
{
	if (value.p == NULL)
		return;
	buf_addf(to, ",\"%s\":", name);
	json_quote_any(to, value);
}

static void add_raw(struct buf *to, struct span raw, bool cut)
{
	struct span text = cut ? whole_characters(raw) : raw;

	if (utf8_valid(text) && (text.n == 0 || memchr(text.p, '\0', text.n) == NULL)) {
		buf_add_text(to, ",\"raw\":");
		json_quote(to, text);
	} else {
		buf_add_text(to, ",\"raw_base64\":\"");
		base64_write(to, raw);
		buf_add_char(to, '"');
	}
}

void reject_write(struct buf *to, struct span envelope, const struct reject *r)
{
	char hash[DIGEST_HEX + 1];
	struct span raw = r->raw, sha256 = r->raw_sha256;
	uint64_t raw_bytes = r->raw_bytes;

	if (raw.n > REJECT_RAW_MAX) {
		if (raw_bytes == 0) {
			raw_bytes = raw.n;
			digest_of(raw, hash);
			sha256 = (struct span){hash, DIGEST_HEX};
		}
		raw.n = REJECT_RAW_MAX;
	}
	buf_add_char(to, '{');
	if (envelope.p != NULL) {
		buf_add_text(to, "\"_kafka\":");
		buf_add_span(to, envelope);
		buf_add_char(to, ',');
	}
	buf_add_text(to, "\"_reject\":{\"by\":");
	json_quote_any(to, r->by);
	add_member(to, "reason", r->reason);
	add_member(to, "detail", r->detail);
	add_member(to, "source", r->source);
	if (r->line > 0)
		buf_addf(to, ",\"line\":%llu", (unsigned long long)r->line);
	if (raw.p != NULL)
		add_raw(to, raw, raw_bytes > 0);
	if (raw_bytes > 0)
		buf_addf(to, ",\"raw_bytes\":%llu", (unsigned long long)raw_bytes);
	if (raw_bytes > 0)
		add_member(to, "raw_sha256", sha256);
	buf_add_text(to, "}}\n");
}

/* --- reading ------------------------------------------------------------------------------------------------------ */

/* The value of _reject if the line has one where the suite puts it. */
static bool find_reject(const struct json_object *line, struct span *value)
{
	size_t i = line->count > 0 && span_eq(line->member[0].name, SPAN("_kafka")) ? 1 : 0;

	if (i >= line->count || !span_eq(line->member[i].name, SPAN("_reject")) || line->member[i].type != JSON_OBJECT)
		return false;
	*value = line->member[i].value;
	return true;
}

/* A string of the reject, unescaped; the room in `store` is there. */
static int read_text(const struct json_member *m, struct buf *store, struct span *to)
{
	size_t start = store->n;

	if (m->type != JSON_STRING || json_unescape(store, m->value) < 0)
		return -1;
	*to = (struct span){store->p + start, store->n - start};
	return 0;
}

static int read_base64(const struct json_member *m, struct buf *store, struct span *to)
{
	size_t start = store->n;

	if (m->type != JSON_STRING || base64_read(store, m->value) < 0)
		return -1;
	*to = (struct span){store->p + start, store->n - start};
	return 0;
}

static int read_count(const struct json_member *m, uint64_t *to)
{
	int64_t value;

	if (m->type != JSON_NUMBER || parse_int(m->value, &value) < 0 || value < 0)
		return -1;
	*to = (uint64_t)value;
	return 0;
}

static int read_member(struct reject *r, const struct json_member *m, struct buf *store)
{
	const struct {
		struct span name, *text;
	} texts[] = {
		{SPAN("by"), &r->by},         {SPAN("reason"), &r->reason}, {SPAN("detail"), &r->detail},
		{SPAN("source"), &r->source}, {SPAN("raw"), &r->raw},       {SPAN("raw_sha256"), &r->raw_sha256},
	};

	for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
		if (json_name_is(m, texts[i].name))
			return read_text(m, store, texts[i].text);
	if (json_name_is(m, SPAN("raw_base64")))
		return read_base64(m, store, &r->raw);
	if (json_name_is(m, SPAN("line")))
		return read_count(m, &r->line);
	if (json_name_is(m, SPAN("raw_bytes")))
		return read_count(m, &r->raw_bytes);
	return 0;
}

bool reject_read(struct reject *r, const struct json_object *line, struct buf *store)
{
	struct span value;
	struct json_member m;
	size_t at = 0;

	*r = (struct reject){0};
	if (!find_reject(line, &value))
		return false;
	buf_room(store, value.n); /* at once: the spans must not move; nothing that is undone gets longer */
	while (json_next_member(value, &at, &m))
		if (read_member(r, &m, store) < 0)
			return false;
	return r->by.p != NULL && r->reason.p != NULL;
}

/* By reading it whole: what one tool calls a reject, the next one must be able to read. Rejects are rare. */
bool reject_present(const struct json_object *line)
{
	struct buf store = {0};
	struct span value;
	struct reject r;
	bool present;

	if (!find_reject(line, &value))
		return false; /* nearly every line */
	present = reject_read(&r, line, &store);
	buf_free(&store);
	return present;
}
