/* jansson's names for types are the scanner's too: here the scanner's are SCAN_. */
#define JSON_NULL SCAN_NULL
#define JSON_FALSE SCAN_FALSE
#define JSON_TRUE SCAN_TRUE
#define JSON_NUMBER SCAN_NUMBER
#define JSON_STRING SCAN_STRING
#define JSON_ARRAY SCAN_ARRAY
#define JSON_OBJECT SCAN_OBJECT
#include "json.h"
#undef JSON_NULL
#undef JSON_FALSE
#undef JSON_TRUE
#undef JSON_NUMBER
#undef JSON_STRING
#undef JSON_ARRAY
#undef JSON_OBJECT

#include <jansson.h>

#include "decimal.h"
#include "json_compare.h"

static const char *different; /* the first difference found */

static bool same(bool condition, const char *what)
{
	if (!condition && different == NULL)
		different = what;
	return condition;
}

static void same_value(const struct json_member *m, const json_t *want);

/* Names are looked up in their plain form; of two equal names the last counts. */
static void same_object(struct span text, const json_t *want)
{
	struct buf name = {0}, other = {0};
	struct json_member m, later;
	size_t at = 0, count = 0;

	while (different == NULL && json_next_member(text, &at, &m)) {
		bool last = true;
		size_t rest = at;

		buf_clear(&name);
		if (!same(json_unescape(&name, m.name) == 0, "a name that jansson takes cannot be unescaped"))
			break;
		while (last && json_next_member(text, &rest, &later)) {
			buf_clear(&other);
			json_unescape(&other, later.name);
			last = !span_eq(buf_span(&other), buf_span(&name));
		}
		if (last) {
			same_value(&m, json_object_get(want, buf_text(&name)));
			count++;
		}
	}
	same(count == json_object_size(want), "the number of members");
	buf_free(&name);
	buf_free(&other);
}

static void same_array(struct span text, const json_t *want)
{
	struct json_member e;
	size_t at = 0, i = 0;

	while (different == NULL && json_next_element(text, &at, &e))
		same_value(&e, json_array_get(want, i++));
	same(i == json_array_size(want), "the number of elements");
}

static void same_number(struct span text, const json_t *want)
{
	struct decimal d;
	int64_t whole;

	if (json_is_real(want))
		same(decimal_double(text) == json_real_value(want), "a double");
	else
		same(decimal_read(&d, text) == 0 && decimal_int64(&d, &whole) == 0 && whole == json_integer_value(want), "an integer");
}

static void same_string(const struct json_member *m, const json_t *want)
{
	struct buf text = {0};

	same(json_unescape(&text, m->value) == 0, "a string that jansson takes cannot be unescaped");
	same(m->escaped == (m->value.n > 0 && memchr(m->value.p, '\\', m->value.n) != NULL), "the mark of a string with escapes");
	same(span_eq(buf_span(&text), (struct span){json_string_value(want), json_string_length(want)}), "a string");
	buf_free(&text);
}

static void same_value(const struct json_member *m, const json_t *want)
{
	if (!same(want != NULL, "a value that jansson does not have"))
		return;
	switch (m->type) {
	case SCAN_NULL:
		same(json_is_null(want), "a null");
		break;
	case SCAN_FALSE:
	case SCAN_TRUE:
		same(json_is_boolean(want) && json_is_true(want) == (m->type == SCAN_TRUE), "a boolean");
		break;
	case SCAN_NUMBER:
		if (same(json_is_number(want), "a number"))
			same_number(m->value, want);
		break;
	case SCAN_STRING:
		if (same(json_is_string(want), "a string"))
			same_string(m, want);
		break;
	case SCAN_ARRAY:
		if (same(json_is_array(want), "an array"))
			same_array(m->value, want);
		break;
	default:
		if (same(json_is_object(want), "an object"))
			same_object(m->value, want);
	}
}

static bool has_duplicate(struct span text)
{
	json_error_t error;
	json_t *strict = json_loadb(text.p, text.n, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &error);
	bool found = strict == NULL;

	json_decref(strict);
	return found;
}

static enum compared compare_taken(const struct json_object *o, struct span text, const json_t *want)
{
	if (!same(json_is_object(want), "jansson has no object"))
		return COMPARED_DIFFERENT;
	same_object(o->text, want);
	if (json_duplicate(o) == NULL) {
		same(json_object_size(want) == o->count, "the number of top-level members");
		return COMPARED_TAKEN;
	}
	same(has_duplicate(text), "only the scanner sees a name twice");
	return COMPARED_DUPLICATE;
}

static enum compared compare(const struct json_object *o, struct span text, enum json_fault fault, size_t at, const json_t *want,
                             const json_error_t *error)
{
	bool taken = fault == JSON_OK || fault == JSON_NOT_OBJECT;

	same(taken || at <= text.n, "the place of the fault");
	if (want == NULL && taken) {
		if (json_error_code(error) == json_error_numeric_overflow)
			return COMPARED_OVERFLOW;
		if (strstr(error->text, "invalid Unicode") != NULL)
			return COMPARED_SURROGATE;
		same(false, "only the scanner takes it");
	}
	if (want == NULL)
		return COMPARED_REFUSED;
	if (fault == JSON_NOT_OBJECT) {
		same(!json_is_object(want), "jansson has an object");
		return COMPARED_NOT_OBJECT;
	}
	if (fault == JSON_NUL && at > 0 && at < text.n && text.p[at] == '\0' && strchr("0123456789elsu", text.p[at - 1]) != NULL)
		return COMPARED_LOST_NUL;
	if (fault == JSON_TOO_DEEP)
		return COMPARED_TOO_DEEP;
	if (fault != JSON_OK) {
		same(false, "only jansson takes it");
		return COMPARED_DIFFERENT;
	}
	return compare_taken(o, text, want);
}

/* json_portable.c */
enum json_fault portable_scan(struct json_object *o, struct span text, size_t *at);
void portable_object_free(struct json_object *o);

bool json_same_members(const struct json_object *o, const struct json_object *other)
{
	bool equal = o->count == other->count;

	for (size_t i = 0; equal && i < o->count; i++) {
		const struct json_member *a = &o->member[i], *b = &other->member[i];

		equal = a->name.p == b->name.p && a->name.n == b->name.n && a->value.p == b->value.p && a->value.n == b->value.n && a->type == b->type &&
		        a->escaped == b->escaped && a->name_escaped == b->name_escaped;
	}
	return equal;
}

/* Who has seen an object of this number knows its names: it must not have been given to others. */
static void same_names_by_number(const struct json_object *o)
{
	static struct buf names;
	static uint64_t shape;
	struct buf now = {0};

	for (size_t i = 0; i < o->count; i++) {
		buf_add_span(&now, o->member[i].name);
		buf_add_char(&now, '"');
	}
	same(o->shape != shape || span_eq(buf_span(&now), buf_span(&names)), "other names have the same number");
	buf_free(&names);
	names = now;
	shape = o->shape;
}

/* Both forms of the scanner, byte by byte: `o` and `used` know the names of the text before, `portable` knows nothing. */
static void same_without_vectors(struct json_object *o, struct span text, enum json_fault fault, size_t at)
{
	static struct json_object used;
	struct json_object portable = {0};
	size_t other_at = SIZE_MAX;
	uint64_t shape = o->shape;

	same(portable_scan(&portable, text, &other_at) == fault && other_at == at, "the verdict without vector instructions");
	same(json_same_members(o, &portable), "the members without vector instructions");
	other_at = SIZE_MAX;
	same(portable_scan(&used, text, &other_at) == fault && other_at == at, "the verdict without vector instructions, with names known");
	same(json_same_members(o, &used), "the members without vector instructions, with names known");
	if (fault == JSON_OK)
		same_names_by_number(o);
	other_at = SIZE_MAX;
	same(json_scan(o, text, &other_at) == fault && other_at == at, "the verdict of those who know its names");
	same(json_same_members(o, &portable), "the members for those who know their names");
	same(fault != JSON_OK || o->shape == shape || o->heads < o->count, "the same names have another number");
	portable_object_free(&portable);
}

enum compared json_compare(struct json_object *o, struct span text, int *fault, const char **why)
{
	size_t at = SIZE_MAX;
	json_error_t error;
	enum json_fault scanned = json_scan(o, text, &at);
	json_t *want = json_loadb(text.p, text.n, JSON_DECODE_ANY, &error);
	enum compared result;

	different = NULL;
	same_without_vectors(o, text, scanned, at);
	result = compare(o, text, scanned, at, want, &error);
	json_decref(want);
	*fault = (int)scanned;
	*why = different;
	return different != NULL ? COMPARED_DIFFERENT : result;
}
