#include "parse.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

int parse_int(struct span s, int64_t *to)
{
	bool negative = s.n > 0 && s.p[0] == '-';
	uint64_t limit = negative ? (uint64_t)INT64_MAX + 1 : (uint64_t)INT64_MAX;
	uint64_t value = 0;
	size_t i = negative ? 1 : 0;

	if (i == s.n)
		return -1;
	for (; i < s.n; i++) {
		unsigned digit = (unsigned)(s.p[i] - '0');

		if (digit > 9 || value > (limit - digit) / 10)
			return -1;
		value = value * 10 + digit;
	}
	*to = negative ? (int64_t)(0 - value) : (int64_t)value;
	return 0;
}

struct unit {
	const char *name;
	int64_t factor;
};

/* A whole number followed by one of the units; the unit named "" is the default. */
static int parse_scaled(struct span s, const struct unit *units, int64_t *to)
{
	size_t digits = 0;
	int64_t value;

	while (digits < s.n && s.p[digits] >= '0' && s.p[digits] <= '9')
		digits++;
	if (parse_int((struct span){s.p, digits}, &value) < 0)
		return -1;
	for (; units->name != NULL; units++) {
		if (span_eq((struct span){s.p + digits, s.n - digits}, span_of(units->name))) {
			if (value > INT64_MAX / units->factor)
				return -1;
			*to = value * units->factor;
			return 0;
		}
	}
	return -1;
}

int parse_duration(struct span s, int64_t *microseconds)
{
	static const struct unit units[] = {
		{"", 1000000},          {"us", 1},
		{"ms", 1000},           {"s", 1000000},
		{"m", 60000000},        {"min", 60000000},
		{"h", 3600000000},      {"d", 86400000000},
		{"w", 7 * 86400000000}, {NULL, 0},
	};

	return parse_scaled(s, units, microseconds);
}

int parse_size(struct span s, int64_t *bytes)
{
	static const struct unit units[] = {
		{"", 1},        {"k", 1 << 10}, {"K", 1 << 10},   {"M", 1 << 20},
		{"m", 1 << 20}, {"G", 1 << 30}, {"g", 1L << 30}, {NULL, 0},
	};

	return parse_scaled(s, units, bytes);
}

int parse_real(struct span s, double *to)
{
	char text[64], *end;
	double value;

	if (s.n == 0 || s.n >= sizeof text)
		return -1;
	/* strtod would also take blanks, hexadecimals, inf and nan */
	for (size_t i = 0; i < s.n; i++)
		if (strchr("0123456789+-.eE", s.p[i]) == NULL || s.p[i] == '\0')
			return -1;
	memcpy(text, s.p, s.n);
	text[s.n] = '\0';
	value = strtod(text, &end); /* no tool calls setlocale: '.' is the point */
	if (*end != '\0' || !isfinite(value))
		return -1;
	*to = value;
	return 0;
}
