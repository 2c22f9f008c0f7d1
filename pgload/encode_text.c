/* Text and what is written as text: varchar, bytea, uuid, text[], and the types that the server casts from text. */
#include "catalogue.h"
#include "encode.h"
#include "hex.h"
#include "uuid.h"
#include "wire.h"

/* The string's bytes, escapes undone. */
static int add_string(struct buf *to, const struct column *c, const struct json_member *m, struct fault *f)
{
	if (!m->escaped)
		buf_add_span(to, m->value);
	else if (json_unescape(to, m->value) < 0)
		return fault_set(f, "lone_surrogate", "%s: half of a surrogate pair is not a character", c->name);
	return 0;
}

struct span encode_plain(struct buf *to, const struct json_member *m)
{
	size_t at = to->n;

	if (!m->escaped)
		return m->value;
	if (json_unescape(to, m->value) < 0)
		return (struct span){0};
	struct span plain = {to->p + at, to->n - at};
	to->n = at;
	return plain;
}

int encode_text(struct buf *to, const struct column *c, const struct json_member *m, struct fault *f)
{
	size_t at;

	if (m->type != JSON_STRING)
		return encode_wrong(c, m, "a string", f);
	at = wire_open(to);
	if (add_string(to, c, m, f) < 0)
		return -1;
	wire_close(to, at);
	return 0;
}

/* varchar(n), char(n): more than n characters are an error unless the rest is blanks, which the server cuts off. */
int encode_varchar(struct buf *to, const struct column *c, const struct json_member *m, struct fault *f)
{
	size_t at = to->n + 4;
	int32_t left = c->typmod - 4;

	if (encode_text(to, c, m, f) < 0)
		return -1;
	if (c->typmod < 4)
		return 0;
	for (size_t i = at; i < to->n; i++) {
		if (((unsigned char)to->p[i] & 0xc0) == 0x80)
			continue; /* not the first byte of a character */
		if (left-- <= 0 && to->p[i] != ' ')
			return fault_set(f, "too_long", "%s: longer than %s", c->name, c->type_name);
	}
	return 0;
}

/* As the server reads it: \x and hex digits; without a backslash the string's bytes as they are. */
int encode_bytea(struct buf *to, const struct column *c, const struct json_member *m, struct fault *f)
{
	size_t at = to->n + 4, n;
	char *p;

	if (encode_text(to, c, m, f) < 0)
		return -1;
	p = to->p + at;
	n = to->n - at;
	if (memchr(p, '\\', n) == NULL)
		return 0;
	if (n < 2 || n % 2 != 0 || p[0] != '\\' || p[1] != 'x')
		return fault_set(f, "wrong_type", "%s: expected \\x and pairs of hex digits for bytea", c->name);
	for (size_t i = 2; i < n; i += 2) {
		int high = hex_digit(p[i]), low = hex_digit(p[i + 1]);

		if (high < 0 || low < 0)
			return fault_set(f, "wrong_type", "%s: expected \\x and pairs of hex digits for bytea", c->name);
		p[i / 2 - 1] = (char)(high << 4 | low);
	}
	to->n = at + (n - 2) / 2;
	wire_close(to, at);
	return 0;
}

int encode_uuid(struct buf *to, const struct column *c, const struct json_member *m, struct fault *f)
{
	uint8_t uuid[16];

	if (m->type != JSON_STRING)
		return encode_wrong(c, m, "a string", f);
	if (uuid_read(encode_plain(to, m), uuid) < 0)
		return fault_set(f, "bad_uuid", "%s: \"%.*s\" is not a UUID", c->name, m->value.n > 60 ? 0 : (int)m->value.n,
		                 m->value.p);
	wire_int32(to, sizeof(uuid));
	buf_add(to, uuid, sizeof(uuid));
	return 0;
}

/* On the wire: dimensions, whether there are nulls, type of the elements; length and lower bound of each dimension;
 * elements. */
int encode_text_array(struct buf *to, const struct column *c, const struct json_member *m, struct fault *f)
{
	struct json_member e;
	size_t at, head, i = 0;
	int32_t count = 0, nulls = 0;

	if (m->type != JSON_ARRAY)
		return encode_wrong(c, m, "an array of strings", f);
	at = wire_open(to);
	head = to->n;
	wire_int32(to, 1);
	wire_int32(to, 0);
	wire_int32(to, (int32_t)c->element);
	wire_int32(to, 0);
	wire_int32(to, 1);
	for (; json_next_element(m->value, &i, &e); count++) {
		if (e.type == JSON_NULL) {
			wire_null(to);
			nulls = 1;
			continue;
		}
		if (e.type != JSON_STRING)
			return encode_wrong(c, &e, "strings as elements", f);
		size_t element = wire_open(to);
		if (add_string(to, c, &e, f) < 0)
			return -1;
		wire_close(to, element);
	}
	size_t end = to->n;
	to->n = head;
	wire_int32(to, count > 0);
	wire_int32(to, nulls);
	wire_int32(to, (int32_t)c->element);
	wire_int32(to, count);
	to->n = count > 0 ? end : head + 12; /* an empty array has no dimension */
	wire_close(to, at);
	return 0;
}

/* For the types without an encoder of their own: the text that the server's input function is to read. */
int encode_as_text(struct buf *to, const struct column *c, const struct json_member *m, struct fault *f)
{
	if (m->type == JSON_STRING)
		return encode_text(to, c, m, f);
	wire_bytes(to, json_raw(m));
	return 0;
}
