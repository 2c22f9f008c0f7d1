/* Timestamps against the C library's calendar, and the texts that must be refused. */
#include <time.h>

#include "random.h"
#include "rfc3339.h"
#include "unit.h"

static int64_t from_library(int year, int month, int day, int hour, int minute, int second)
{
	struct tm t = {.tm_year = year - 1900, .tm_mon = month - 1, .tm_mday = day, .tm_hour = hour, .tm_min = minute,
		.tm_sec = second};

	return (int64_t)timegm(&t);
}

/* Every day of the years 1 to 9999, both ways. */
static void test_calendar(void **state)
{
	int64_t first = from_library(1, 1, 1, 0, 0, 0) / 86400, last = from_library(9999, 12, 31, 0, 0, 0) / 86400;

	(void)state;
	for (int64_t day = first; day <= last; day++) {
		time_t at = (time_t)(day * 86400);
		struct tm t;
		int64_t year;
		unsigned month, of_month;

		assert_non_null(gmtime_r(&at, &t));
		civil_from_days(day, &year, &month, &of_month);
		assert_true(year == t.tm_year + 1900 && month == (unsigned)t.tm_mon + 1 && of_month == (unsigned)t.tm_mday);
		assert_true(days_from_civil(year, month, of_month) == day);
	}
	for (int64_t day = -107000000; day < 107000000; day += 9973) {
		int64_t year;
		unsigned month, of_month;

		civil_from_days(day, &year, &month, &of_month);
		assert_true(days_from_civil(year, month, of_month) == day);
	}
}

static void test_random_times(void **state)
{
	struct random r;
	struct buf b = {0};

	(void)state;
	random_seed(&r, 11, 1);
	for (int i = 0; i < 200000; i++) {
		int64_t seconds = -62135596800 + (int64_t)random_below(&r, UINT64_C(315537897600)), back;
		int64_t us = seconds * 1000000 + (i % 3 == 0 ? 0 : (int64_t)random_below(&r, 1000) * (i % 3 == 1 ? 1000 : 997));
		time_t at = (time_t)seconds;
		struct tm t;
		char want[48];
		int offset = (int)random_below(&r, 2 * 1439 + 1) - 1439;

		buf_clear(&b);
		rfc3339_write(&b, us);
		gmtime_r(&at, &t);
		snprintf(want, sizeof want, "%04d-%02d-%02dT%02d:%02d:%02d", t.tm_year + 1900, t.tm_mon + 1, t.tm_mday, t.tm_hour,
		         t.tm_min, t.tm_sec);
		assert_memory_equal(b.p, want, 19);
		assert_int_equal(b.n, us % 1000000 == 0 ? 20 : us % 1000 == 0 ? 24 : 27);
		assert_int_equal(rfc3339_read(buf_span(&b), &back), 0);
		assert_true(back == us);
		/* the same text elsewhere on earth */
		snprintf(want + 19, sizeof want - 19, i % 2 == 0 ? "%c%02d:%02d" : "%c%02d%02d", offset < 0 ? '-' : '+',
		         abs(offset) / 60, abs(offset) % 60);
		if (seconds > -62135500000 && seconds < 253402200000) {
			assert_int_equal(rfc3339_read(span_of(want), &back), 0);
			assert_true(back == (seconds - offset * 60) * 1000000);
		}
	}
	buf_free(&b);
}

static void test_forms(void **state)
{
	static const struct {
		const char *text;
		int64_t us;
	} good[] = {
		{"1970-01-01T00:00:00Z", 0},
		{"1970-01-01t00:00:00z", 0},
		{"1970-01-01 00:00:00+00:00", 0},
		{"1970-01-01T01:00:00+01:00", 0},
		{"1969-12-31T23:00:00-0100", 0},
		{"1970-01-01T00:00:00-00:00", 0},
		{"1970-01-01T00:00:00.5Z", 500000},
		{"1970-01-01T00:00:00.1234567Z", 123457},
		{"1970-01-01T00:00:00.1234564Z", 123456},
		{"1970-01-01T00:00:00.12345649999999999999Z", 123456},
		{"1970-01-01T00:00:00.9999995Z", 1000000},
		/* halves go where PostgreSQL puts them (select extract(microsecond from timestamptz '...')) */
		{"1970-01-01T00:00:00.0000005Z", 0},
		{"1970-01-01T00:00:00.0000015Z", 2},
		{"1970-01-01T00:00:00.0000025Z", 2},
		{"1970-01-01T00:00:00.00000250000001Z", 3},
		{"1970-01-01T00:00:00.1234565Z", 123456},
		{"1969-12-31T23:59:59.9999995Z", 0},
		{"1969-12-31T23:59:59.999999Z", -1},
		{"2016-12-31T23:59:60Z", INT64_C(1483228800000000)},
		{"2017-01-01T00:59:60.5+01:00", INT64_C(1483228800500000)},
		{"2000-02-29T12:00:00Z", INT64_C(951825600000000)},
		{"0001-01-01T00:00:00Z", INT64_C(-62135596800000000)},
		{"9999-12-31T23:59:59.999999Z", INT64_C(253402300799999999)},
	};
	static const char *const bad[] = {
		"", "Z", "2026-01-01", "2026-01-01T00:00:00", "2026-01-01T00:00:00.", "2026-01-01T00:00:00.Z", "2026-01-01T00:00Z",
		"2026-01-01T24:00:00Z", "2026-01-01T23:60:00Z", "2026-01-01T23:00:61Z", "2026-00-01T00:00:00Z",
		"2026-13-01T00:00:00Z",
		"2026-01-00T00:00:00Z", "2026-01-32T00:00:00Z", "2026-04-31T00:00:00Z", "2026-02-29T00:00:00Z",
		"1900-02-29T00:00:00Z",
		"2100-02-29T00:00:00Z", "2024-02-30T00:00:00Z", "0000-01-01T00:00:00Z", "10000-01-01T00:00:00Z",
		"2026-01-01T00:00:00+1:00", "2026-01-01T00:00:00+24:00", "2026-01-01T00:00:00+01:60", "2026-01-01T00:00:00+01",
		"2026-01-01T00:00:00+01-00", "2026-01-01T00:00:00 Z", "2026-01-01T00:00:00ZZ", " 2026-01-01T00:00:00Z",
		"2026-01-01T00:00:00Z ", "2026/01/01T00:00:00Z", "2026-01-01_00:00:00Z", "2026-01-01T00-00-00Z", "2026-1-1T00:00:00Z",
		"-026-01-01T00:00:00Z", "2026-01-01T-1:00:00Z", "2026-01-01T00:00:00,5Z", "2026-01-01T00:00:00.5", "now",
		"0001-01-01T00:00:00+01:00", "9999-12-31T23:59:59-01:00", "9999-12-31T23:59:59.9999999Z", "9999-12-31T23:59:60Z",
		"2026-01-01T00:00:00.5e1Z", "1767225600", "2026-01-01T00:00:00+0:100",
	};
	int64_t us;

	(void)state;
	for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
		assert_int_equal(rfc3339_read(span_of(good[i].text), &us), 0);
		if (us != good[i].us)
			print_error("%s\n", good[i].text);
		assert_true(us == good[i].us);
	}
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		us = 42;
		if (rfc3339_read(span_of(bad[i]), &us) == 0) {
			print_error("%s was taken\n", bad[i]);
			fail();
		}
		assert_true(us == 42);
	}
}

/* Every day number that a month does not have is refused, every one that it has is taken. */
static void test_month_ends(void **state)
{
	(void)state;
	for (int year = 1896; year <= 2104; year++)
		for (int month = 1; month <= 12; month++)
			for (int day = 27; day <= 33; day++) {
				struct tm t = {.tm_year = year - 1900, .tm_mon = month - 1, .tm_mday = day};
				char text[64];
				int64_t us;

				timegm(&t);
				snprintf(text, sizeof text, "%04d-%02d-%02dT00:00:00Z", year, month, day);
				assert_int_equal(rfc3339_read(span_of(text), &us), t.tm_mday == day ? 0 : -1);
			}
}

static void test_write_beyond(void **state)
{
	static const int64_t times[] = {INT64_MIN, INT64_MIN + 1, -62135596800000001, 253402300800000000, INT64_MAX};
	struct buf b = {0};

	(void)state;
	for (size_t i = 0; i < sizeof times / sizeof times[0]; i++) {
		buf_clear(&b);
		rfc3339_write(&b, times[i]);
		assert_true(b.n >= 20 && b.n <= 27 && b.p[b.n - 1] == 'Z');
	}
	buf_free(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_calendar),   cmocka_unit_test(test_random_times), cmocka_unit_test(test_forms),
		cmocka_unit_test(test_month_ends), cmocka_unit_test(test_write_beyond),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
