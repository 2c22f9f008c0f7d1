#include "rfc3339.h"

#include <math.h>

#include "decimal.h"

enum { SECONDS_A_DAY = 86400, DATE_AND_TIME = 19 /* bytes up to the seconds */ };

/* Days in 400 years, and days from 0000-03-01 to 1970-01-01. */
enum { ERA_DAYS = 146097, EPOCH_SHIFT = 719468 };

/* Years are counted from March, so that the leap day is the last day of a year; 400-year eras repeat exactly. */
int64_t days_from_civil(int64_t year, unsigned month, unsigned day)
{
	int64_t y = month <= 2 ? year - 1 : year;
	int64_t era = (y >= 0 ? y : y - 399) / 400;
	int64_t year_of_era = y - era * 400;
	int64_t day_of_year = (153 * ((int64_t)month + (month > 2 ? -3 : 9)) + 2) / 5 + (int64_t)day - 1;
	int64_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;

	return era * ERA_DAYS + day_of_era - EPOCH_SHIFT;
}

void civil_from_days(int64_t days, int64_t *year, unsigned *month, unsigned *day)
{
	int64_t z = days + EPOCH_SHIFT;
	int64_t era = (z >= 0 ? z : z - (ERA_DAYS - 1)) / ERA_DAYS;
	int64_t day_of_era = z - era * ERA_DAYS;
	int64_t year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
	int64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
	int64_t march_month = (5 * day_of_year + 2) / 153;

	*day = (unsigned)(day_of_year - (153 * march_month + 2) / 5 + 1);
	*month = (unsigned)(march_month < 10 ? march_month + 3 : march_month - 9);
	*year = year_of_era + era * 400 + (*month <= 2 ? 1 : 0);
}

/* `n` digits, or -1. */
static int number(const char *p, int n)
{
	int value = 0;

	for (int i = 0; i < n; i++) {
		unsigned digit = (unsigned)(p[i] - '0');

		if (digit > 9)
			return -1;
		value = value * 10 + (int)digit;
	}
	return value;
}

static int days_in_month(int year, int month)
{
	static const int8_t days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;

	return month == 2 && leap ? 29 : days[month - 1];
}

/* The 19 bytes of date and time as seconds, as if they were UTC. */
static int read_seconds(const char *p, int64_t *seconds)
{
	int year = number(p, 4), month = number(p + 5, 2), day = number(p + 8, 2);
	int hour = number(p + 11, 2), minute = number(p + 14, 2), second = number(p + 17, 2);

	if (p[4] != '-' || p[7] != '-' || (p[10] != 'T' && p[10] != 't' && p[10] != ' ') || p[13] != ':' || p[16] != ':')
		return -1;
	if (year < 1 || month < 1 || month > 12 || day < 1 || day > days_in_month(year, month))
		return -1;
	if (hour < 0 || hour > 23 || minute < 0 || minute > 59 || second < 0 || second > 60)
		return -1;
	*seconds = days_from_civil(year, (unsigned)month, (unsigned)day) * SECONDS_A_DAY + hour * 3600 + minute * 60 + second;
	return 0;
}

/* `.123456789` as microseconds. What does not fit is rounded by way of a double, as PostgreSQL's input does it: a half (7 digits are what .NET writes) goes
 * where the server would put it. Returns the bytes taken (0 if there is no fraction), or -1. */
static int read_fraction(struct span s, int64_t *microseconds)
{
	size_t i = 1;
	int64_t value = 0, unit = 100000;

	*microseconds = 0;
	if (s.n == 0 || s.p[0] != '.')
		return 0;
	for (; i < s.n && s.p[i] >= '0' && s.p[i] <= '9'; i++) {
		value += (s.p[i] - '0') * unit;
		unit /= 10;
	}
	if (i == 1)
		return -1;
	*microseconds = i <= 7 ? value : (int64_t)rint(decimal_double((struct span){s.p, i}) * 1e6);
	return (int)i;
}

/* Z, +hh:mm or +hhmm as seconds east. */
static int read_zone(struct span s, int64_t *seconds)
{
	int hours, minutes;

	*seconds = 0;
	if (s.n == 1 && (s.p[0] == 'Z' || s.p[0] == 'z'))
		return 0;
	if ((s.n != 5 && s.n != 6) || (s.p[0] != '+' && s.p[0] != '-') || (s.n == 6 && s.p[3] != ':'))
		return -1;
	hours = number(s.p + 1, 2);
	minutes = number(s.p + s.n - 2, 2);
	if (hours < 0 || hours > 23 || minutes < 0 || minutes > 59)
		return -1;
	*seconds = (s.p[0] == '-' ? -1 : 1) * (hours * 3600 + minutes * 60);
	return 0;
}

int rfc3339_read(struct span s, int64_t *microseconds)
{
	const int64_t first = -62135596800, behind = 253402300800; /* 0001-01-01 and 10000-01-01 in UTC */
	int64_t seconds, fraction, zone, result;
	int taken;

	if (s.n <= DATE_AND_TIME || read_seconds(s.p, &seconds) < 0)
		return -1;
	s = (struct span){s.p + DATE_AND_TIME, s.n - DATE_AND_TIME};
	taken = read_fraction(s, &fraction);
	if (taken < 0 || read_zone((struct span){s.p + taken, s.n - (size_t)taken}, &zone) < 0)
		return -1;
	result = (seconds - zone) * 1000000 + fraction;
	if (result < first * 1000000 || result >= behind * 1000000)
		return -1;
	*microseconds = result;
	return 0;
}

static void put(char *to, int n, int64_t value)
{
	while (n-- > 0) {
		to[n] = (char)('0' + value % 10);
		value /= 10;
	}
}

void rfc3339_write(struct buf *to, int64_t microseconds)
{
	const int64_t day_us = (int64_t)SECONDS_A_DAY * 1000000;
	bool before = microseconds % day_us < 0;
	int64_t days = microseconds / day_us - (before ? 1 : 0);
	int64_t rest = microseconds % day_us + (before ? day_us : 0);
	int64_t year, fraction = rest % 1000000;
	char text[] = "0000-00-00T00:00:00.000000Z";
	size_t n = DATE_AND_TIME;
	unsigned month, day;

	civil_from_days(days, &year, &month, &day);
	if (year < 0 || year > 9999) {
		/* no RFC 3339 text exists: the nearest that does */
		buf_add_text(to, year < 0 ? "0000-01-01T00:00:00Z" : "9999-12-31T23:59:59.999999Z");
		return;
	}
	put(text, 4, year);
	put(text + 5, 2, month);
	put(text + 8, 2, day);
	put(text + 11, 2, rest / 3600000000);
	put(text + 14, 2, rest / 60000000 % 60);
	put(text + 17, 2, rest / 1000000 % 60);
	put(text + 20, 6, fraction);
	if (fraction != 0)
		n += fraction % 1000 == 0 ? 4 : 7;
	text[n++] = 'Z';
	buf_add(to, text, n);
}
