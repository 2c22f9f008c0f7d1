/* The rule language: what expressions yield, what null does, and what statements make of it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "../../fraudcheck/defaults.h"
#include "../../fraudcheck/judge.h"
#include "../../fraudcheck/pool.h"

/* Compile the rules and judge one record. Fails the test if either cannot be done. */
static void judge_one(struct judge *j, const char *rules, const char *record)
{
	struct json_object object = {0};
	struct buf errors = {0}, out = {0};
	size_t at;

	if (judge_init(j, "test.rules", span_of(rules), "currencies", default_currencies(), &JUDGE_DEFAULTS, &errors) < 0)
		fail_msg("%s\n%s", rules, buf_text(&errors));
	assert_int_equal(json_scan(&object, span_of(record), &at), JSON_OK);
	if (judge_record(j, &object, span_of(record), &out) == JUDGED_REJECT)
		fail_msg("%s: %s: %s", record, j->reason, j->detail);
	buf_free(&errors);
	buf_free(&out);
	json_object_free(&object);
}

/* What a numeric expression yields; NAN for null. */
static double number(const char *expr, const char *record)
{
	struct judge j;
	char rules[1024];
	double result;

	snprintf(rules, sizeof rules, "rule r +(%s) : true\nshadow n : (%s) is null", expr, expr);
	judge_one(&j, rules, record);
	result = j.fired[1] ? NAN : j.score;
	judge_free(&j);
	return result;
}

/* What a condition yields: 't', 'f', or 'n' for null. */
static char truth(const char *expr, const char *record)
{
	struct judge j;
	char rules[1024], result;

	snprintf(rules, sizeof rules, "shadow t : %s\nshadow f : not (%s)\nshadow n : (%s) is null", expr, expr, expr);
	judge_one(&j, rules, record);
	assert_int_equal(j.fired[0] + j.fired[1] + j.fired[2], 1);
	result = j.fired[0] ? 't' : j.fired[1] ? 'f' : 'n';
	judge_free(&j);
	return result;
}

static void expect_number(const char *expr, const char *record, double want)
{
	double got = number(expr, record);

	if (got != want && !(isnan(got) && isnan(want)))
		fail_msg("%s with %s: got %.17g, want %.17g", expr, record, got, want);
}

static void expect_truth(const char *expr, const char *record, char want)
{
	char got = truth(expr, record);

	if (got != want)
		fail_msg("%s with %s: got %c, want %c", expr, record, got, want);
}

static void arithmetic(void **state)
{
	(void)state;
	expect_number("1 + 2 * 3", "{}", 7);
	expect_number("(1 + 2) * 3", "{}", 9);
	expect_number("10 - 4 - 3", "{}", 3);
	expect_number("24 / 4 / 2", "{}", 3);
	expect_number("-2 * -3", "{}", 6);
	expect_number("- - 2", "{}", 2);
	expect_number("+x - -x", "{\"x\":4}", 8);
	expect_number("2 - 1", "{}", 1);
	expect_number("2-1", "{}", 1);
	expect_number("1.5e2 + .25", "{}", 150.25);
	expect_number("x / y", "{\"x\":1,\"y\":3}", 1.0 / 3);
	expect_number("x / y", "{\"x\":1,\"y\":0}", NAN);
	expect_number("x * y", "{\"x\":1e300,\"y\":1e300}", NAN);
	expect_number("x + y", "{\"x\":1}", NAN);
	expect_number("x - y", "{\"x\":null,\"y\":1}", NAN);
	expect_number("x", "{\"x\":1.50e2}", 150);
}

static void functions_of_numbers(void **state)
{
	(void)state;
	expect_number("abs(x)", "{\"x\":-3.5}", 3.5);
	expect_number("min(3, x, 2)", "{\"x\":-1}", -1);
	expect_number("max(3, x, 2)", "{\"x\":7}", 7);
	expect_number("max(3, x)", "{\"x\":null}", NAN);
	expect_number("clip(x, 0, 1)", "{\"x\":5}", 1);
	expect_number("clip(x, 0, 1)", "{\"x\":-5}", 0);
	expect_number("clip(x, 0, 1)", "{\"x\":0.5}", 0.5);
	expect_number("clip(0.5, 0, x)", "{}", NAN);
	expect_number("floor(x)", "{\"x\":-1.5}", -2);
	expect_number("floor(x)", "{\"x\":1.5}", 1);
	expect_number("log(x)", "{\"x\":10}", log(10));
	expect_number("log(x)", "{\"x\":0}", NAN);
	expect_number("log(x)", "{\"x\":-1}", NAN);
	expect_number("exp(x)", "{\"x\":2}", exp(2));
	expect_number("exp(x)", "{\"x\":1000}", NAN);
	expect_number("sqrt(x)", "{\"x\":9}", 3);
	expect_number("sqrt(x)", "{\"x\":-9}", NAN);
	expect_number("coalesce(x, y, 7)", "{}", 7);
	expect_number("coalesce(x, y, 7)", "{\"y\":3}", 3);
	expect_number("coalesce(x, y, 7)", "{\"x\":1,\"y\":3}", 1);
	expect_number("coalesce(x, y)", "{\"x\":null}", NAN);
	expect_number("abs(x)", "{}", NAN);
	/* Berlin to Paris; a point to itself; antipodes are half the way round */
	assert_true(fabs(number("haversine(52.52, 13.405, 48.8566, 2.3522)", "{}") - 877.46) < 0.1);
	expect_number("haversine(1, 2, 1, 2)", "{}", 0);
	assert_true(fabs(number("haversine(0, 0, 0, 180)", "{}") - 6371.0088 * 3.14159265358979) < 1e-6);
	expect_number("haversine(latitude, longitude, 1, 2)", "{\"latitude\":1}", NAN);
}

static void functions_of_times(void **state)
{
	(void)state;
	/* the first of January 2026 was a Thursday */
	expect_number("weekday(transaction_ts)", "{\"transaction_ts\":\"2026-01-01T00:00:00Z\"}", 4);
	expect_number("weekday(transaction_ts)", "{\"transaction_ts\":\"2026-01-04T23:59:59.999999Z\"}", 7);
	expect_number("weekday(transaction_ts)", "{\"transaction_ts\":\"2026-01-05T00:00:00Z\"}", 1);
	expect_number("weekday(transaction_ts)", "{\"transaction_ts\":\"1969-12-31T23:59:59Z\"}", 3);
	/* UTC, whatever the zone it is written in */
	expect_number("hour(transaction_ts)", "{\"transaction_ts\":\"2026-01-01T00:30:00+09:00\"}", 15);
	expect_number("weekday(transaction_ts)", "{\"transaction_ts\":\"2026-01-01T00:30:00+09:00\"}", 3);
	expect_number("hour(transaction_ts)", "{\"transaction_ts\":\"1969-12-31T23:59:59Z\"}", 23);
	expect_number("hour(transaction_ts)", "{\"transaction_ts\":\"2026-01-01T00:00:00Z\"}", 0);
	expect_number("hour(transaction_ts)", "{}", NAN);
	expect_truth("transaction_ts >= \"2026-01-01T00:00:00Z\"", "{\"transaction_ts\":\"2026-01-01T01:00:00+01:00\"}", 't');
	expect_truth("transaction_ts > \"2026-01-01T00:00:00Z\"", "{\"transaction_ts\":\"2026-01-01T01:00:00+01:00\"}", 'f');
	expect_truth("transaction_ts in \"2026-01-01T00:00:00Z\"..\"2026-02-01T00:00:00Z\"",
	             "{\"transaction_ts\":\"2026-01-15T00:00:00Z\"}", 't');
	expect_truth("hour(at) == 3 and at != transaction_ts",
	             "{\"at\":\"2026-01-01T03:00:00Z\",\"transaction_ts\":\"2026-01-01T04:00:00Z\"}", 't');
}

static void functions_of_strings(void **state)
{
	(void)state;
	expect_truth("lower(s) == \"abc\xc3\x9c\"", "{\"s\":\"AbC\xc3\x9c\"}", 't'); /* ASCII letters only */
	expect_truth("lower(s) == lower(t)", "{\"s\":\"ABC\",\"t\":\"abC\"}", 't');
	expect_number("length(s)", "{\"s\":\"a\xc3\xbc\xe2\x82\xac\"}", 3);
	expect_number("length(s)", "{\"s\":\"\\u00fc\\n\"}", 2);
	expect_number("length(s)", "{\"s\":\"\"}", 0);
	expect_number("length(s)", "{}", NAN);
	expect_truth("starts_with(s, \"ab\")", "{\"s\":\"abc\"}", 't');
	expect_truth("starts_with(s, \"ab\")", "{\"s\":\"a\"}", 'f');
	expect_truth("starts_with(s, \"\")", "{\"s\":\"a\"}", 't');
	expect_truth("starts_with(s, \"ab\")", "{\"s\":null}", 'n');
	expect_truth("s == \"A\"", "{\"s\":\"\\u0041\"}", 't');
	expect_truth("s == \"a\\\"b\\\\c\\td\\n\"", "{\"s\":\"a\\\"b\\\\c\\td\\n\"}", 't');
	expect_truth("s < \"b\"", "{\"s\":\"ab\"}", 't');
	expect_truth("s < \"a\"", "{\"s\":\"ab\"}", 'f');
	expect_truth("s >= \"ab\"", "{\"s\":\"ab\"}", 't');
	expect_truth("s in \"b\"..\"d\"", "{\"s\":\"c\"}", 't');
	/* where nothing tells: == makes strings of two members, < makes numbers */
	expect_truth("a != b", "{\"a\":\"x\",\"b\":\"y\"}", 't');
	expect_truth("a == b", "{\"a\":\"x\",\"b\":\"x\"}", 't');
	expect_truth("a < b", "{\"a\":9,\"b\":10}", 't');
}

static void comparisons(void **state)
{
	(void)state;
	expect_truth("x == 1", "{\"x\":1.0}", 't');
	expect_truth("x != 1", "{\"x\":1.0}", 'f');
	expect_truth("x < 1", "{\"x\":1}", 'f');
	expect_truth("x <= 1", "{\"x\":1}", 't');
	expect_truth("x > 1", "{\"x\":1}", 'f');
	expect_truth("x >= 1", "{\"x\":1}", 't');
	expect_truth("1 > x", "{\"x\":0}", 't');
	expect_truth("x == true", "{\"x\":true}", 't');
	expect_truth("x != y and not x", "{\"x\":false,\"y\":true}", 't');
	expect_truth("x in -90..90", "{\"x\":-90}", 't');
	expect_truth("x in -90..90", "{\"x\":90}", 't');
	expect_truth("x in -90..90", "{\"x\":90.0000001}", 'f');
	expect_truth("x not in -90..90", "{\"x\":-90.0000001}", 't');
	expect_truth("x not in -90..90", "{\"x\":0}", 'f');
	expect_truth("x in y..y + 1", "{\"x\":2,\"y\":1}", 't');
	expect_truth("x not in y..y + 1", "{\"x\":2.5,\"y\":1}", 't');
	expect_truth("x in (1, -2, 3)", "{\"x\":-2}", 't');
	expect_truth("x in (1, -2, 3)", "{\"x\":2}", 'f');
	expect_truth("x not in (1)", "{\"x\":2}", 't');
	expect_truth("currency in (\"USD\", \"EUR\")", "{\"currency\":\"EUR\"}", 't');
	expect_truth("currency not in (\"USD\", \"EUR\")", "{\"currency\":\"EUR\"}", 'f');
	expect_truth("transaction_ts in (\"2026-01-01T00:00:00Z\")", "{\"transaction_ts\":\"2026-01-01T00:00:00.000Z\"}", 't');
}

static void precedence(void **state)
{
	(void)state;
	expect_truth("true or true and false", "{}", 't');
	expect_truth("(true or true) and false", "{}", 'f');
	expect_truth("not false or true", "{}", 't');
	expect_truth("not (false or true)", "{}", 'f');
	expect_truth("not x == 1", "{\"x\":2}", 't');
	expect_truth("not not true", "{}", 't');
	expect_truth("1 + 1 == 2 and 2 * 2 > 3", "{}", 't');
	expect_truth("x + 1 in 2..3", "{\"x\":1}", 't');
	expect_truth("false and false or true", "{}", 't');
	expect_truth("(x\n > 1 # a comment\n and y)", "{\"x\":2,\"y\":true}", 't'); /* lines go on inside parentheses */
}

static void null_is_neither(void **state)
{
	(void)state;
	expect_truth("x > 1", "{}", 'n');
	expect_truth("x > 1", "{\"x\":null}", 'n');
	expect_truth("not x > 1", "{}", 'n');
	expect_truth("x != 1", "{}", 'n');
	expect_truth("x in (1, 2)", "{}", 'n');
	expect_truth("x not in (1, 2)", "{}", 'n');
	expect_truth("x in 1..2", "{}", 'n');
	expect_truth("x not in 1..2", "{}", 'n');
	expect_truth("x is null", "{}", 't');
	expect_truth("x is null", "{\"x\":1}", 'f');
	expect_truth("x is not null", "{}", 'f');
	expect_truth("x is not null", "{\"x\":[1]}", 't'); /* asked for nothing else, it may be anything */
	expect_truth("x / 0 is null", "{\"x\":1}", 't');
	expect_truth("is_foreign", "{}", 'n');
	expect_truth("not is_foreign", "{\"is_foreign\":null}", 'n');
	/* the nine of and, the nine of or: a and b are true, false or null */
	for (int i = 0; i < 9; i++) {
		static const char *const values[] = {"false", "true", "null"};
		const int a = i / 3, b = i % 3;
		char record[64];

		snprintf(record, sizeof record, "{\"a\":%s,\"b\":%s}", values[a], values[b]);
		expect_truth("a and b", record, a == 0 || b == 0 ? 'f' : a == 2 || b == 2 ? 'n' : 't');
		expect_truth("a or b", record, a == 1 || b == 1 ? 't' : a == 2 || b == 2 ? 'n' : 'f');
	}
}

static void nested_members(void **state)
{
	(void)state;
	expect_truth("location.lat > 5", "{\"location\":{\"lat\":6,\"lon\":1}}", 't');
	expect_truth("location.lat > 5", "{\"location\":{\"lat\":6,\"lat\":1}}", 'f'); /* inside, the last one counts */
	expect_truth("location.lat > 5", "{\"location\":{}}", 'n');
	expect_truth("location.lat > 5", "{\"location\":null}", 'n');
	expect_truth("location.lat > 5", "{}", 'n');
	expect_truth("a.b.c == a.b.d", "{\"a\":{\"b\":{\"c\":\"x\",\"d\":\"x\"}}}", 't');
	expect_truth("x == 1", "{\"\\u0078\":1}", 't'); /* an escaped name is that name */
}

static void base_amounts(void **state)
{
	(void)state;
	expect_number("base_amount", "{\"amount\":10,\"currency\":\"USD\"}", 10);
	expect_number("base_amount", "{\"amount\":1.1,\"currency\":\"EUR\"}", 1.1 / 0.92);
	expect_number("base_amount", "{\"amount\":10,\"currency\":\"XXX\"}", NAN);
	expect_number("base_amount", "{\"amount\":10,\"currency\":\"\"}", NAN);
	expect_number("base_amount", "{\"amount\":10}", NAN);
	expect_number("base_amount", "{\"currency\":\"USD\"}", NAN);
	expect_number("base_amount + base_amount", "{\"amount\":10,\"currency\":\"USD\"}", 20);
}

/* --- statements ----------------------------------------------------------------------------------------------------- */

static void verdict(const char *rules, const char *record, const char *want)
{
	struct json_object object = {0};
	struct buf errors = {0}, out = {0};
	struct judge j;
	const char *got, *end;
	size_t at;

	if (judge_init(&j, "test.rules", span_of(rules), "currencies", default_currencies(), &JUDGE_DEFAULTS, &errors) < 0)
		fail_msg("%s\n%s", rules, buf_text(&errors));
	assert_int_equal(json_scan(&object, span_of(record), &at), JSON_OK);
	if (judge_record(&j, &object, span_of(record), &out) == JUDGED_REJECT) {
		buf_addf(&out, "%s: %s", j.reason, j.detail);
		assert_string_equal(buf_text(&out), want);
	} else {
		got = strstr(buf_text(&out), "\"is_fraud\":");
		assert_non_null(got);
		end = strstr(got, ",\"ruleset\":\"");
		assert_non_null(end);
		buf_clear(&errors);
		buf_add(&errors, got, (size_t)(end - got));
		assert_string_equal(buf_text(&errors), want);
	}
	judge_free(&j);
	buf_free(&errors);
	buf_free(&out);
	json_object_free(&object);
}

static void scores(void **state)
{
	static const char rules[] = "let big = amount > 100\n"
	                            "rule big_one +40 : big\n"
	                            "rule night   +(2.5 * 2) : night_time == true\n"
	                            "rule loyal   -10 : loyal_since is not null\n"
	                            "rule tenth   +.1 : tenth\n"
	                            "shadow ghost +500 : big\n"
	                            "flag stolen  : stolen\n"
	                            "allow vip    : vip\n"
	                            "bands review 20, block 45";

	(void)state;
	verdict(rules, "{}", "\"is_fraud\":false,\"fraud_score\":0,\"fraud_reasons\":[]");
	verdict(rules, "{\"amount\":101}", "\"is_fraud\":false,\"fraud_score\":40,\"fraud_reasons\":[\"big_one\"]");
	verdict(rules, "{\"amount\":101,\"night_time\":true}",
	        "\"is_fraud\":true,\"fraud_score\":45,\"fraud_reasons\":[\"big_one\",\"night\"]");
	verdict(rules, "{\"amount\":101,\"night_time\":true,\"loyal_since\":1}",
	        "\"is_fraud\":false,\"fraud_score\":35,\"fraud_reasons\":[\"big_one\",\"night\",\"loyal\"]");
	verdict(rules, "{\"loyal_since\":1}", "\"is_fraud\":false,\"fraud_score\":-10,\"fraud_reasons\":[\"loyal\"]");
	verdict(rules, "{\"tenth\":true}", "\"is_fraud\":false,\"fraud_score\":0.1,\"fraud_reasons\":[\"tenth\"]");
	verdict(rules, "{\"stolen\":true}", "\"is_fraud\":true,\"fraud_score\":0,\"fraud_reasons\":[\"stolen\"]");
	verdict(rules, "{\"stolen\":true,\"amount\":101,\"vip\":true}", "\"is_fraud\":false,\"fraud_score\":0,\"fraud_reasons\":[]");
	/* a rule may be called like the member it reads: names of rules are no values */
	verdict("flag is_foreign : is_foreign\nrule amount +1 : amount > 1", "{\"is_foreign\":true,\"amount\":2}",
	        "\"is_fraud\":true,\"fraud_score\":1,\"fraud_reasons\":[\"is_foreign\",\"amount\"]");
	/* points may be an expression; null points count nothing, and no score leaves what a store can hold */
	verdict("rule r +(amount) : true", "{}", "\"is_fraud\":false,\"fraud_score\":0,\"fraud_reasons\":[\"r\"]");
	verdict("rule r -amount : true", "{\"amount\":0}", "\"is_fraud\":false,\"fraud_score\":0,\"fraud_reasons\":[\"r\"]");
	verdict("rule r +amount : true\nbands block 1", "{\"amount\":1e300}",
	        "\"is_fraud\":true,\"fraud_score\":1000000000,\"fraud_reasons\":[\"r\"]");
	verdict("rule r +(1 / 3) : true", "{}", "\"is_fraud\":false,\"fraud_score\":0.3333333333333333,\"fraud_reasons\":[\"r\"]");
}

static void checks(void **state)
{
	static const char rules[] = "check positive : amount > 0 \"{amount} {{is}} not {what}\"\nflag f : true";

	(void)state;
	verdict(rules, "{\"amount\":-1.50,\"what\":\"g\\u0061in\"}", "check_failed: positive: -1.50 {is} not gain");
	verdict(rules, "{\"amount\":0}", "check_failed: positive: 0 {is} not null");
	verdict(rules, "{\"amount\":1}", "\"is_fraud\":true,\"fraud_score\":0,\"fraud_reasons\":[\"f\"]");
	verdict(rules, "{}", "\"is_fraud\":true,\"fraud_score\":0,\"fraud_reasons\":[\"f\"]"); /* null is no failure */
}

static void wrong_types(void **state)
{
	(void)state;
	verdict("flag f : amount > 1", "{\"amount\":\"1\"}", "wrong_type: amount is a string, but the rules read it as a number");
	verdict("flag f : amount > 1", "{\"amount\":[1]}", "wrong_type: amount is an array, but the rules read it as a number");
	verdict("flag f : is_foreign", "{\"is_foreign\":1}", "wrong_type: is_foreign is a number, but the rules read it as a boolean");
	verdict("flag f : currency == \"X\"", "{\"currency\":{}}",
	        "wrong_type: currency is an object, but the rules read it as a string");
	verdict("flag f : tier == 1", "{\"tier\":false}", "wrong_type: tier is a boolean, but the rules read it as a number");
	verdict("flag f : hour(transaction_ts) > 1", "{\"transaction_ts\":\"yesterday\"}",
	        "wrong_type: transaction_ts is a string that is no RFC 3339 time with a zone, but the rules read it as a time");
	verdict("flag f : a.b > 1", "{\"a\":5}", "wrong_type: a is a number, but the rules read members of it");
	verdict("flag f : currency == \"X\"", "{\"currency\":\"\\ud800\"}",
	        "wrong_type: currency is a string with half a surrogate pair, but the rules read it as a string");
	verdict("flag f : amount > 1", "{\"amount\":1e999}",
	        "out_of_range: amount is beyond the range of a double, but the rules read it as a number");
	/* what is only shown may be anything */
	verdict("check c : x > 1 \"{amount}\"", "{\"x\":1,\"amount\":[1, 2]}", "check_failed: c: [1, 2]");
}

static void declared_fields(void **state)
{
	(void)state;
	verdict("field amout number\nflag f : amout > 1", "{\"amout\":2}",
	        "\"is_fraud\":true,\"fraud_score\":0,\"fraud_reasons\":[\"f\"]");
	verdict("field at time\nflag f : at > \"2026-01-01T00:00:00Z\"", "{\"at\":\"2026-01-01T00:00:00.1Z\"}",
	        "\"is_fraud\":true,\"fraud_score\":0,\"fraud_reasons\":[\"f\"]");
	verdict("field a number\nflag f : a == b", "{\"a\":2,\"b\":\"2\"}",
	        "wrong_type: b is a string, but the rules read it as a number");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(arithmetic),       cmocka_unit_test(functions_of_numbers),
		cmocka_unit_test(functions_of_times), cmocka_unit_test(functions_of_strings),
		cmocka_unit_test(comparisons),      cmocka_unit_test(precedence),
		cmocka_unit_test(null_is_neither),  cmocka_unit_test(nested_members),
		cmocka_unit_test(base_amounts),     cmocka_unit_test(scores),
		cmocka_unit_test(checks),           cmocka_unit_test(wrong_types),
		cmocka_unit_test(declared_fields),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
