#include "encode.h"

#include <stdarg.h>
#include <stdio.h>

#include "catalogue.h"

int fault_set(struct fault *f, const char *reason, const char *format, ...)
{
	va_list args;

	f->reason = reason;
	va_start(args, format);
	int n = vsnprintf(f->detail, sizeof(f->detail), format, args);
	va_end(args);
	if (n >= (int)sizeof(f->detail)) { /* cut between characters, or the detail would not be UTF-8 */
		size_t end = sizeof(f->detail) - 1;

		while (end > 0 && !utf8_valid((struct span){f->detail, end}))
			end--;
		f->detail[end] = '\0';
	}
	return -1;
}

static const char *type_of(const struct json_member *m)
{
	switch (m->type) {
	case JSON_NULL: return "null";
	case JSON_FALSE:
	case JSON_TRUE: return "a boolean";
	case JSON_NUMBER: return "a number";
	case JSON_STRING: return "a string";
	case JSON_ARRAY: return "an array";
	default: return "an object";
	}
}

int encode_wrong(const struct column *c, const struct json_member *m, const char *expected, struct fault *f)
{
	return fault_set(f, "wrong_type", "%s: expected %s for %s, got %s", c->name, expected, c->type_name, type_of(m));
}

encode_fn *encode_find(const char *type_name)
{
	static const struct {
		const char *name;
		encode_fn *encode;
	} table[] = {
	    {"bool", encode_bool},           {"int2", encode_int2},           {"int4", encode_int4},
	    {"int8", encode_int8},           {"float4", encode_float4},       {"float8", encode_float8},
	    {"numeric", encode_numeric},     {"text", encode_text},           {"varchar", encode_varchar},
	    {"bpchar", encode_varchar},      {"bytea", encode_bytea},         {"uuid", encode_uuid},
	    {"_text", encode_text_array},    {"_varchar", encode_text_array}, {"timestamptz", encode_timestamptz},
	    {"timestamp", encode_timestamp}, {"date", encode_date},           {"json", encode_json},
	    {"jsonb", encode_jsonb},
	};

	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
		if (strcmp(table[i].name, type_name) == 0)
			return table[i].encode;
	return NULL;
}
