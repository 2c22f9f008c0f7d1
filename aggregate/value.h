/* A value written in YAML or in a template call: what configuration is made of. Lives in the project's arena. */
#ifndef AGGREGATE_VALUE_H
#define AGGREGATE_VALUE_H

#include <stdbool.h>
#include <stddef.h>

enum value_kind { VALUE_NULL, VALUE_BOOL, VALUE_NUMBER, VALUE_TEXT, VALUE_LIST };

struct value {
	enum value_kind kind;
	const char *text; /* as written, without quotes; "true" or "false" for VALUE_BOOL; "" for VALUE_NULL */
	struct value *item;
	size_t count;
};

/* The kind of an unquoted word: true, false, null, ~, a number, else text. */
enum value_kind value_kind_of(const char *word);

static inline bool value_is_true(const struct value *v)
{
	return v->kind == VALUE_BOOL && v->text[0] == 't';
}

#endif
