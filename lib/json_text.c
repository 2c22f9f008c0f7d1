/* Texts inside JSON: UTF-8, escapes, names. */
#include <stdlib.h>

#include "hex.h"
#include "json.h"
#include "utf8.h"

bool utf8_valid(struct span s)
{
	const char *p = s.p, *end = s.p + s.n;

	while (p < end) {
		uint64_t word;
		size_t n;

		if (end - p >= 8) {
			memcpy(&word, p, 8);
			if ((word & 0x8080808080808080) == 0) {
				p += 8;
				continue;
			}
		}
		n = utf8_length(p, end);
		if (n == 0)
			return false;
		p += n;
	}
	return true;
}

static size_t utf8_encode(char to[4], uint32_t code)
{
	if (code < 0x80) {
		to[0] = (char)code;
		return 1;
	}
	if (code < 0x800) {
		to[0] = (char)(0xc0 | code >> 6);
		to[1] = (char)(0x80 | (code & 63));
		return 2;
	}
	if (code < 0x10000) {
		to[0] = (char)(0xe0 | code >> 12);
		to[1] = (char)(0x80 | (code >> 6 & 63));
		to[2] = (char)(0x80 | (code & 63));
		return 3;
	}
	to[0] = (char)(0xf0 | code >> 18);
	to[1] = (char)(0x80 | (code >> 12 & 63));
	to[2] = (char)(0x80 | (code >> 6 & 63));
	to[3] = (char)(0x80 | (code & 63));
	return 4;
}

/* The four digits behind \u. */
static uint32_t read_hex4(const char *p)
{
	uint32_t code = 0;

	for (int i = 0; i < 4; i++)
		code = code << 4 | ((uint32_t)hex_digit(p[i]) & 15);
	return code;
}

/*
 * The escape at p (grammar already checked) as UTF-8: bytes written to `to`, *taken bytes read. 0 for half a
 * surrogate pair and for U+0000; *taken is then 6.
 */
static size_t undo_escape(const char *p, const char *end, char to[4], size_t *taken)
{
	static const char from[] = "\"\\/bfnrt", plain[] = "\"\\/\b\f\n\r\t";
	uint32_t code, low;

	*taken = 2;
	if (p[1] != 'u') {
		to[0] = plain[strchr(from, p[1]) - from];
		return 1;
	}
	*taken = 6;
	code = read_hex4(p + 2);
	if (code == 0)
		return 0;
	if (code < 0xd800 || code > 0xdfff)
		return utf8_encode(to, code);
	if (code > 0xdbff || end - p < 12 || p[6] != '\\' || p[7] != 'u')
		return 0;
	low = read_hex4(p + 8);
	if (low < 0xdc00 || low > 0xdfff)
		return 0;
	*taken = 12;
	return utf8_encode(to, 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00));
}

/* With `halves`, half a surrogate pair becomes the three bytes that UTF-8 would give it if it were allowed. */
static int unescape(struct buf *to, struct span content, bool halves)
{
	const char *p = content.p, *end = content.p + content.n;
	size_t before = to->n;

	while (p < end) {
		const char *escape = memchr(p, '\\', (size_t)(end - p));
		size_t n, taken;
		char bytes[4];

		if (escape == NULL)
			escape = end;
		buf_add(to, p, (size_t)(escape - p));
		if (escape == end)
			break;
		n = undo_escape(escape, end, bytes, &taken);
		if (n == 0 && !halves) {
			to->n = before;
			return -1;
		}
		if (n == 0)
			n = utf8_encode(bytes, read_hex4(escape + 2));
		buf_add(to, bytes, n);
		p = escape + taken;
	}
	return 0;
}

int json_unescape(struct buf *to, struct span content)
{
	return unescape(to, content, false);
}

void json_quote(struct buf *to, struct span text)
{
	const char *p = text.p, *end = text.p + text.n;

	buf_add_char(to, '"');
	while (p < end) {
		const char *start = p;

		while (p < end && (unsigned char)*p >= 0x20 && *p != '"' && *p != '\\')
			p++;
		buf_add(to, start, (size_t)(p - start));
		if (p == end)
			break;
		switch (*p) {
		case '"':  buf_add_text(to, "\\\""); break;
		case '\\': buf_add_text(to, "\\\\"); break;
		case '\b': buf_add_text(to, "\\b"); break;
		case '\f': buf_add_text(to, "\\f"); break;
		case '\n': buf_add_text(to, "\\n"); break;
		case '\r': buf_add_text(to, "\\r"); break;
		case '\t': buf_add_text(to, "\\t"); break;
		default:   buf_addf(to, "\\u%04x", (unsigned)(unsigned char)*p);
		}
		p++;
	}
	buf_add_char(to, '"');
}

void json_quote_any(struct buf *to, struct span bytes)
{
	const char *p = bytes.p, *end = bytes.p + bytes.n;
	struct buf clean = {0};

	while (p < end) {
		size_t n = *p != '\0' ? utf8_length(p, end) : 0;

		buf_add(&clean, n > 0 ? p : "\xef\xbf\xbd", n > 0 ? n : 3);
		p += n > 0 ? n : 1;
	}
	json_quote(to, buf_span(&clean));
	buf_free(&clean);
}

struct span json_raw(const struct json_member *m)
{
	if (m->type == JSON_STRING)
		return (struct span){m->value.p - 1, m->value.n + 2};
	return m->value;
}

/* Names that hold half a surrogate pair are equal to no plain text. */
static bool escaped_name_is(struct span name, struct span plain)
{
	const char *p = name.p, *end = name.p + name.n;
	size_t at = 0;

	while (p < end) {
		char bytes[4] = {*p};
		size_t n = 1, taken = 1;

		if (*p == '\\')
			n = undo_escape(p, end, bytes, &taken);
		if (n == 0 || n > plain.n - at || memcmp(plain.p + at, bytes, n) != 0)
			return false;
		at += n;
		p += taken;
	}
	return at == plain.n;
}

bool json_name_is(const struct json_member *m, struct span name)
{
	return m->name_escaped ? escaped_name_is(m->name, name) : span_eq(m->name, name);
}

const struct json_member *json_find(const struct json_object *o, struct span name)
{
	for (size_t i = 0; i < o->count; i++)
		if (json_name_is(&o->member[i], name))
			return &o->member[i];
	return NULL;
}

const struct json_member *json_find_last(const struct json_object *o, struct span name)
{
	for (size_t i = o->count; i > 0; i--)
		if (json_name_is(&o->member[i - 1], name))
			return &o->member[i - 1];
	return NULL;
}

/* Length, beginning and end of a name: enough to tell the names of one record apart nearly always. */
static uint64_t name_hash(struct span name)
{
	uint64_t head = 0, tail = 0;

	if (name.n >= 8) {
		memcpy(&head, name.p, 8);
		memcpy(&tail, name.p + name.n - 8, 8);
	} else {
		memcpy(&head, name.p, name.n);
	}
	head = (head ^ tail << 7 ^ tail >> 57 ^ name.n) * 0x9e3779b97f4a7c15;
	return head ^ head >> 32;
}

/* The names as json_duplicate() compares them: with their escapes undone. */
static struct span *plain_names(const struct json_object *o, struct span *names, struct buf *store)
{
	size_t room = 0;

	for (size_t i = 0; i < o->count; i++) {
		names[i] = o->member[i].name;
		room += o->member[i].name_escaped ? names[i].n : 0;
	}
	if (room == 0)
		return names;
	buf_room(store, room); /* at once: the spans must not move; unescaping never lengthens */
	for (size_t i = 0; i < o->count; i++) {
		size_t start = store->n;

		if (!o->member[i].name_escaped)
			continue;
		unescape(store, names[i], true);
		names[i] = (struct span){store->p + start, store->n - start};
	}
	return names;
}

/* `slot` holds numbers of members plus one, 0 for a free place; `size` is a power of two above twice their count. */
static const struct json_member *find_duplicate(const struct json_object *o, const struct span *names, uint32_t *slot,
                                                size_t size)
{
	for (size_t i = 0; i < o->count; i++) {
		size_t at = name_hash(names[i]) & (size - 1);

		for (; slot[at] != 0; at = (at + 1) & (size - 1))
			if (span_eq(names[slot[at] - 1], names[i]))
				return &o->member[i];
		slot[at] = (uint32_t)i + 1;
	}
	return NULL;
}

struct named {
	struct span name;
	size_t at;
};

static int by_name(const void *one, const void *other)
{
	const struct named *a = one, *b = other;
	size_t n = a->name.n < b->name.n ? a->name.n : b->name.n;
	int order = n > 0 ? memcmp(a->name.p, b->name.p, n) : 0;

	if (order == 0)
		order = (a->name.n > b->name.n) - (a->name.n < b->name.n);
	return order != 0 ? order : (a->at > b->at) - (a->at < b->at);
}

/* Of very many names by sorting: whoever chooses the names could choose them of one hash, and a single record would take minutes. */
static const struct json_member *sort_out_duplicate(const struct json_object *o, struct buf *store)
{
	struct span *names = xmalloc(o->count * sizeof *names);
	struct named *sorted = xmalloc(o->count * sizeof *sorted);
	size_t first = o->count;

	plain_names(o, names, store);
	for (size_t i = 0; i < o->count; i++)
		sorted[i] = (struct named){names[i], i};
	qsort(sorted, o->count, sizeof *sorted, by_name);
	for (size_t i = 1; i < o->count; i++)
		if (sorted[i].at < first && span_eq(sorted[i].name, sorted[i - 1].name))
			first = sorted[i].at;
	free(sorted);
	free(names);
	return first < o->count ? &o->member[first] : NULL;
}

const struct json_member *json_duplicate(const struct json_object *o)
{
	enum { FEW = 64 };
	struct span names[FEW];
	uint32_t slots[2 * FEW] = {0};
	const struct json_member *found;
	struct buf store = {0};

	if (o->count > FEW)
		found = sort_out_duplicate(o, &store);
	else
		found = find_duplicate(o, plain_names(o, names, &store), slots, 2 * FEW);
	buf_free(&store);
	return found;
}
