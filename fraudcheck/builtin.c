#include "builtin.h"

#include "program.h"

static const struct builtin table[] = {
	{"abs", "n", 'n', false, OP_ABS, "abs(x)"},
	{"min", "nn", 'n', true, OP_MIN, "min(x, y, ...)"},
	{"max", "nn", 'n', true, OP_MAX, "max(x, y, ...)"},
	{"clip", "nnn", 'n', false, OP_CLIP, "clip(x, low, high)"},
	{"floor", "n", 'n', false, OP_FLOOR, "floor(x)"},
	{"log", "n", 'n', false, OP_LOG, "log(x)"},
	{"exp", "n", 'n', false, OP_EXP, "exp(x)"},
	{"sqrt", "n", 'n', false, OP_SQRT, "sqrt(x)"},
	{"coalesce", "**", '*', true, OP_COALESCE, "coalesce(x, y, ...)"},
	{"hour", "t", 'n', false, OP_HOUR, "hour(time)"},
	{"weekday", "t", 'n', false, OP_WEEKDAY, "weekday(time)"},
	{"lower", "s", 's', false, OP_LOWER, "lower(text)"},
	{"length", "s", 'n', false, OP_LENGTH, "length(text)"},
	{"starts_with", "ss", 'b', false, OP_STARTS_WITH, "starts_with(text, beginning)"},
	{"haversine", "nnnn", 'n', false, OP_HAVERSINE, "haversine(latitude, longitude, latitude, longitude)"},
};

const struct builtin *builtin_at(size_t i)
{
	return i < sizeof table / sizeof table[0] ? &table[i] : NULL;
}

const struct builtin *builtin_find(struct span name)
{
	for (size_t i = 0; i < sizeof table / sizeof table[0]; i++)
		if (span_eq(name, span_of(table[i].name)))
			return &table[i];
	return NULL;
}
