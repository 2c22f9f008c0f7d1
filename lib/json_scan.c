/* The scanner: grammar and spans. Texts (escapes, quoting, UTF-8) are json_text.c's. */
#include <stdlib.h>

#include "hex.h"
#include "json.h"
#include "json_shape.h"
#include "json_skip.h"
#include "utf8.h"

struct scan {
	const char *end;
	const char *at; /* where the fault is, once fault is set */
	enum json_fault fault;
};

static const char *fail(struct scan *s, const char *at, enum json_fault fault)
{
	s->fault = fault;
	s->at = at;
	return NULL;
}

/* A byte that the grammar does not allow here: what is wrong with it? */
static const char *unexpected(struct scan *s, const char *at)
{
	if (at < s->end && *at == '\0')
		return fail(s, at, JSON_NUL);
	if (at < s->end && utf8_length(at, s->end) == 0)
		return fail(s, at, JSON_NOT_UTF8);
	return fail(s, at, JSON_NOT_JSON);
}

/* What the functions below take is a place inside the text; what they return is the place behind what they took, or
 * NULL with the fault set. */

/* At a backslash. */
static const char *skip_escape(struct scan *s, const char *p)
{
	unsigned code = 0;

	if (s->end - p < 2)
		return fail(s, s->end, JSON_NOT_JSON);
	switch (p[1]) {
	case '"': case '\\': case '/': case 'b': case 'f': case 'n': case 'r': case 't':
		return p + 2;
	case 'u':
		break;
	default:
		return fail(s, p, JSON_NOT_JSON);
	}
	for (int i = 2; i < 6; i++) {
		int digit = p + i < s->end ? hex_digit(p[i]) : -1;

		if (digit < 0)
			return fail(s, p + i < s->end ? p : s->end, JSON_NOT_JSON);
		code = code << 4 | (unsigned)digit;
	}
	if (code == 0)
		return fail(s, p, JSON_NUL);
	return p + 6;
}

/* In a string, at a byte that has to be looked at; returns the place of the closing quote. */
static __attribute__((noinline)) const char *skip_special(struct scan *s, const char *p, bool *escaped)
{
	for (;; p = json_skip_plain(p, s->end)) {
		if (p == s->end)
			return fail(s, p, JSON_NOT_JSON);
		if (*p == '"')
			return p;
		if (*p == '\\') {
			*escaped = true;
			p = skip_escape(s, p);
			if (p == NULL)
				return NULL;
		} else {
			size_t n = utf8_length(p, s->end);

			if (n < 2) /* malformed, or a control character */
				return unexpected(s, p);
			p += n;
		}
	}
}

/* Behind the opening quote; returns the place of the closing one. */
static inline const char *skip_string(struct scan *s, const char *p, bool *escaped)
{
	*escaped = false;
	p = json_skip_plain(p, s->end);
	return p < s->end && *p == '"' ? p : skip_special(s, p, escaped);
}

static const char *skip_digits(const char *p, const char *end)
{
	while (p < end && (unsigned)(*p - '0') <= 9)
		p++;
	return p;
}

/* At a minus sign or a digit. */
static const char *skip_number(struct scan *s, const char *p)
{
	const char *start, *end = s->end, *behind;

	if (*p == '-')
		p++;
	behind = json_skip_decimal(p, end);
	if (behind != NULL)
		return behind;
	start = p;
	p = skip_digits(p, end);
	if (p == start)
		return unexpected(s, p);
	if (*start == '0' && p - start > 1)
		return fail(s, start + 1, JSON_NOT_JSON); /* a leading zero */
	if (p < end && *p == '.') {
		start = ++p;
		p = skip_digits(p, end);
		if (p == start)
			return unexpected(s, p);
	}
	if (p < end && (*p | 0x20) == 'e') {
		p++;
		if (p < end && (*p == '+' || *p == '-'))
			p++;
		start = p;
		p = skip_digits(p, end);
		if (p == start)
			return unexpected(s, p);
	}
	return p;
}

static inline const char *skip_word(struct scan *s, const char *p, struct span word)
{
	if ((size_t)(s->end - p) >= word.n && memcmp(p, word.p, word.n) == 0)
		return p + word.n;
	while (p < s->end && *p == *word.p)
		p++, word.p++;
	return unexpected(s, p);
}

/* One value that holds no others; *type and, for strings, *escaped are set. At `{` or `[`: returns p, only the type
 * is set. */
static inline const char *skip_scalar(struct scan *s, const char *p, uint8_t *type, bool *escaped)
{
	*escaped = false;
	if (p == s->end)
		return fail(s, p, JSON_NOT_JSON);
	switch (*p) {
	case '"':
		*type = JSON_STRING;
		p = skip_string(s, p + 1, escaped);
		return p == NULL ? NULL : p + 1;
	case '-': case '0': case '1': case '2': case '3': case '4': case '5': case '6': case '7': case '8': case '9':
		*type = JSON_NUMBER;
		return skip_number(s, p);
	case 't':
		*type = JSON_TRUE;
		return skip_word(s, p, SPAN("true"));
	case 'f':
		*type = JSON_FALSE;
		return skip_word(s, p, SPAN("false"));
	case 'n':
		*type = JSON_NULL;
		return skip_word(s, p, SPAN("null"));
	case '{':
		*type = JSON_OBJECT;
		return p;
	case '[':
		*type = JSON_ARRAY;
		return p;
	default:
		return unexpected(s, p);
	}
}

/* A name, its colon, the white space around both; p is behind the opening quote. Returns where the value begins. */
static inline const char *skip_name(struct scan *s, const char *p, struct json_member *m)
{
	const char *close = skip_string(s, p, &m->name_escaped);

	if (close == NULL)
		return NULL;
	m->name = (struct span){p, (size_t)(close - p)};
	p = json_skip_space(close + 1, s->end);
	if (p == s->end || *p != ':')
		return unexpected(s, p);
	return json_skip_space(p + 1, s->end);
}

/* Where a name begins: behind its quote. */
static inline const char *open_name(struct scan *s, const char *p)
{
	if (p == s->end || *p != '"')
		return unexpected(s, p);
	return p + 1;
}

/*
 * A container and all that it holds, without recursion: one bit a level says whether it is an object. `depth` is that
 * of the container itself. `begun`: it is an object, and p is where a name in it begins.
 */
static const char *skip_container(struct scan *s, const char *p, unsigned depth, bool begun)
{
	uint64_t is_object[JSON_MAX_DEPTH / 64 + 1];
	const unsigned outside = depth - 1;
	struct json_member unused;
	uint8_t type = JSON_NULL;
	bool object;

	is_object[depth / 64] = begun ? (uint64_t)1 << depth % 64 : 0;
	object = begun;
	if (begun)
		goto value;
open:
	if (depth > JSON_MAX_DEPTH)
		return fail(s, p, JSON_TOO_DEEP);
	object = *p == '{';
	if (depth % 64 == 0)
		is_object[depth / 64] = 0;
	if (object)
		is_object[depth / 64] |= (uint64_t)1 << depth % 64;
	else
		is_object[depth / 64] &= ~((uint64_t)1 << depth % 64);
	p = json_skip_space(p + 1, s->end);
	if (p < s->end && *p == (object ? '}' : ']'))
		goto close;
value:
	if (object) {
		p = open_name(s, p);
		if (p == NULL || (p = skip_name(s, p, &unused)) == NULL)
			return NULL;
	}
	p = skip_scalar(s, p, &type, &unused.escaped);
	if (p == NULL)
		return NULL;
	if (type >= JSON_ARRAY) {
		depth++;
		goto open;
	}
behind:
	p = json_skip_space(p, s->end);
	if (p < s->end && *p == ',') {
		p = json_skip_space(p + 1, s->end);
		goto value;
	}
	if (p == s->end || *p != (object ? '}' : ']'))
		return unexpected(s, p);
close:
	p++;
	if (--depth == outside)
		return p;
	object = (is_object[depth / 64] >> depth % 64 & 1) != 0;
	goto behind;
}

/* Any value; m->value, type and escaped are set. `depth` is that of the value if it is a container. */
static inline const char *take_value(struct scan *s, const char *p, struct json_member *m, unsigned depth)
{
	const char *behind;

	if (p < s->end && *p == '"') { /* most are */
		m->type = JSON_STRING;
		behind = skip_string(s, p + 1, &m->escaped);
		if (behind == NULL)
			return NULL;
		m->value = (struct span){p + 1, (size_t)(behind - p) - 1};
		return behind + 1;
	}
	behind = skip_scalar(s, p, &m->type, &m->escaped);
	if (behind == NULL)
		return NULL;
	if (m->type >= JSON_ARRAY) {
		behind = skip_container(s, p, depth, false);
		if (behind == NULL)
			return NULL;
	}
	m->value = (struct span){p, (size_t)(behind - p)};
	return behind;
}

static struct json_member *next_member(struct json_object *o)
{
	if (o->count == o->cap) {
		o->cap = o->cap > 0 ? 2 * o->cap : 32;
		o->member = xrealloc(o->member, o->cap * sizeof *o->member);
	}
	return &o->member[o->count++];
}

/* Members with the names of the object before, as many as there are. p is behind the value before, or for the first where its name is
 * to begin, and so is what is returned. */
static const char *scan_known(struct scan *s, const char *p, struct json_object *o)
{
	const struct json_head *h = o->head + o->count, *behind = o->head + o->heads;
	const char *value, *names = o->names.p, *end = s->end;
	struct json_member *m = o->member + o->count; /* there is room for as many as there were before */

	for (; h < behind && (value = json_skip_head(h, names, p, end, m)) != NULL; h++, m++) {
		p = take_value(s, json_skip_space(value, end), m, 2); /* there may be more white space than before */
		if (p == NULL)
			return NULL;
	}
	o->count = (size_t)(m - o->member);
	return p;
}

/* The members behind those that o has, up to the end of the object; p as for scan_known(). *same: so many have the names of the object
 * before; it ends with the first that has not. */
static const char *scan_members(struct scan *s, const char *p, struct json_object *o, size_t *same)
{
	if (*same == o->count && *same < o->heads) {
		p = scan_known(s, p, o);
		if (p == NULL)
			return NULL;
		*same = o->count;
	}
	for (;;) {
		struct json_member *m;

		p = json_skip_space(p, s->end);
		if (o->count > 0) {
			if (p == s->end || *p != ',')
				return p < s->end && *p == '}' ? p + 1 : unexpected(s, p);
			p = json_skip_space(p + 1, s->end);
		}
		m = next_member(o);
		if ((p = open_name(s, p)) == NULL || (p = skip_name(s, p, m)) == NULL || (p = take_value(s, p, m, 2)) == NULL)
			return NULL;
	}
}

/* The object at p. */
static const char *scan_object(struct scan *s, const char *p, struct json_object *o, size_t *same)
{
	p = json_skip_space(p + 1, s->end);
	return p < s->end && *p == '}' ? p + 1 : scan_members(s, p, o, same);
}

/* p: behind the object that began at `start`, or NULL. */
static enum json_fault end_scan(struct json_object *o, struct scan *s, struct span text, const char *start, const char *p, size_t *at)
{
	if (p != NULL) {
		o->text = (struct span){start, (size_t)(p - start)};
		p = json_skip_space(p, s->end);
		if (p < s->end)
			unexpected(s, p);
		else if (*start != '{')
			fail(s, start, JSON_NOT_OBJECT);
	}
	if (s->fault != JSON_OK) {
		o->count = 0;
		*at = (size_t)(s->at - text.p);
	}
	return s->fault;
}

enum json_fault json_scan(struct json_object *o, struct span text, size_t *at)
{
	struct scan s = {.end = text.p + text.n, .fault = JSON_OK};
	const char *start = json_skip_space(text.p, s.end), *p;
	struct json_member other;
	size_t same = 0;

	o->count = 0;
	o->text = (struct span){start, 0};
	if (start < s.end && *start == '{')
		p = scan_object(&s, start, o, &same);
	else
		p = take_value(&s, start, &other, 1);
	if (end_scan(o, &s, text, start, p, at) == JSON_OK)
		json_remember(o, same);
	return s.fault;
}

enum json_fault json_scan_begun(struct json_object *o, struct span text, struct json_begun known, size_t *at)
{
	struct scan s = {.end = text.p + text.n, .fault = JSON_OK};
	const char *value = text.p + known.value, *p;
	struct json_member *m;
	size_t same = 0;

	o->count = 0;
	o->text = (struct span){text.p, 0};
	m = next_member(o);
	if (o->heads > 0 && json_skip_head(o->head, o->names.p, text.p + 1, s.end, m) == value)
		same = 1;
	*m = (struct json_member){.name = {text.p + 2, known.name}, .type = JSON_OBJECT};
	p = skip_container(&s, json_skip_space(text.p + known.end, s.end), 2, true); /* there may be white space where there was none */
	if (p != NULL) {
		m->value = (struct span){value, (size_t)(p - value)};
		p = scan_members(&s, p, o, &same);
	}
	if (end_scan(o, &s, text, text.p, p, at) == JSON_OK)
		json_remember(o, same);
	return s.fault;
}

void json_object_free(struct json_object *o)
{
	free(o->member);
	free(o->head);
	buf_free(&o->names);
	*o = (struct json_object){0};
}

const char *json_fault_name(enum json_fault fault)
{
	static const char *const names[] = {
		[JSON_OK] = "ok",          [JSON_NOT_JSON] = "not_json", [JSON_NOT_OBJECT] = "not_object",
		[JSON_NOT_UTF8] = "not_utf8", [JSON_NUL] = "nul",           [JSON_TOO_DEEP] = "too_deep",
	};

	return names[fault];
}

/* Common to arrays and objects: step over what separates elements. false at the end. */
static bool next_value(struct scan *s, struct span container, size_t *at, struct json_member *m)
{
	const char *p = container.p + *at;

	s->end = container.p + container.n;
	p = json_skip_space(*at == 0 ? p + 1 : p, s->end);
	if (p < s->end && *p == ',')
		p = json_skip_space(p + 1, s->end);
	if (p == s->end || *p == ']' || *p == '}')
		return false;
	m->name = (struct span){p, 0};
	m->name_escaped = false;
	if (*container.p == '{' && ((p = open_name(s, p)) == NULL || (p = skip_name(s, p, m)) == NULL))
		return false;
	p = take_value(s, p, m, 1);
	if (p == NULL)
		return false;
	*at = (size_t)(p - container.p);
	return true;
}

bool json_next_element(struct span array, size_t *at, struct json_member *element)
{
	struct scan s = {.fault = JSON_OK};

	return next_value(&s, array, at, element);
}

bool json_next_member(struct span object, size_t *at, struct json_member *member)
{
	struct scan s = {.fault = JSON_OK};

	return next_value(&s, object, at, member);
}
