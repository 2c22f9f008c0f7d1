#include "seed_type.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

static bool is_boolean(const char *s)
{
	return strcasecmp(s, "true") == 0 || strcasecmp(s, "false") == 0;
}

/* Over digits, at least one; NULL if there is none. */
static const char *digits(const char *s)
{
	if (!isdigit((unsigned char)*s))
		return NULL;
	while (isdigit((unsigned char)*s))
		s++;
	return s;
}

/* An integer of at most that many digits. 007 is a code, not a number. */
static bool is_integer(const char *s, size_t most)
{
	const char *end;

	s += *s == '-';
	end = digits(s);
	return end != NULL && *end == '\0' && (s[0] != '0' || s[1] == '\0') && (size_t)(end - s) <= most;
}

static bool is_int4(const char *s)
{
	return is_integer(s, 9);
}

static bool is_int8(const char *s)
{
	return is_integer(s, 18);
}

static bool is_numeric(const char *s)
{
	const char *end;

	s += *s == '-';
	if (s[0] == '0' && isdigit((unsigned char)s[1]))
		return false;
	end = digits(s);
	if (end != NULL && *end == '.')
		end = digits(end + 1);
	if (end != NULL && (*end == 'e' || *end == 'E'))
		end = digits(end + 1 + (end[1] == '-' || end[1] == '+'));
	return end != NULL && *end == '\0' && strlen(s) < 100;
}

/* Exactly `n` digits as a number from 0 on, or -1. */
static int number(const char *s, size_t n)
{
	int value = 0;

	for (size_t i = 0; i < n; i++) {
		if (!isdigit((unsigned char)s[i]))
			return -1;
		value = 10 * value + (s[i] - '0');
	}
	return value;
}

/* Over YYYY-MM-DD, or NULL if there is none. */
static const char *over_date(const char *s)
{
	static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	int year, month, day, most;

	if (strnlen(s, 10) < 10 || s[4] != '-' || s[7] != '-')
		return NULL;
	year = number(s, 4);
	month = number(s + 5, 2);
	day = number(s + 8, 2);
	if (year < 1 || month < 1 || month > 12)
		return NULL;
	most = days[month - 1] + (month == 2 && (year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)));
	return day >= 1 && day <= most ? s + 10 : NULL;
}

static bool is_date(const char *s)
{
	const char *end = over_date(s);

	return end != NULL && *end == '\0';
}

/* Over HH:MM, or HH:MM:SS with a fraction; NULL if there is none. */
static const char *over_time(const char *s)
{
	if (strnlen(s, 5) < 5 || s[2] != ':' || number(s, 2) < 0 || number(s, 2) > 23 || number(s + 3, 2) < 0 || number(s + 3, 2) > 59)
		return NULL;
	s += 5;
	if (*s != ':')
		return s;
	if (strnlen(s, 3) < 3 || number(s + 1, 2) < 0 || number(s + 1, 2) > 59)
		return NULL;
	s += 3;
	return *s == '.' ? digits(s + 1) : s;
}

/* Behind the date and time of a timestamp, or NULL. */
static const char *over_timestamp(const char *s)
{
	s = over_date(s);
	return s != NULL && (*s == 'T' || *s == ' ') ? over_time(s + 1) : NULL;
}

static bool is_timestamp(const char *s)
{
	const char *end = over_timestamp(s);

	return end != NULL && *end == '\0';
}

static bool is_timestamptz(const char *s)
{
	const char *zone = over_timestamp(s);

	if (zone == NULL)
		return false;
	if (strcmp(zone, "Z") == 0)
		return true;
	if ((*zone != '+' && *zone != '-') || strnlen(zone, 3) < 3 || number(zone + 1, 2) < 0 || number(zone + 1, 2) > 14)
		return false;
	zone += 3;
	zone += *zone == ':';
	return *zone == '\0' || (strlen(zone) == 2 && number(zone, 2) >= 0 && number(zone, 2) <= 59);
}

static const struct {
	const char *name;
	bool (*fits)(const char *s);
} types[] = {
	{"boolean", is_boolean},
	{"integer", is_int4},
	{"bigint", is_int8},
	{"numeric", is_numeric},
	{"date", is_date},
	{"timestamp without time zone", is_timestamp},
	{"timestamp with time zone", is_timestamptz},
};

const char *seed_type(const struct csv *csv, size_t column)
{
	for (size_t t = 0; t < sizeof types / sizeof types[0]; t++) {
		size_t row = 0;
		bool any = false;

		for (; row < csv->rows; row++) {
			const char *text = csv->cell[row * csv->columns + column].text;

			if (text[0] != '\0' && !types[t].fits(text))
				break;
			any |= text[0] != '\0';
		}
		if (row == csv->rows && any)
			return types[t].name;
	}
	return "text";
}
