/* The verdict goes into the original bytes: what it does not replace stays byte for byte. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

/* the oracle and lib/json.h have names in common */
#define JSON_NULL JANSSON_NULL
#define JSON_FALSE JANSSON_FALSE
#define JSON_TRUE JANSSON_TRUE
#define JSON_STRING JANSSON_STRING
#define JSON_ARRAY JANSSON_ARRAY
#define JSON_OBJECT JANSSON_OBJECT
#include <jansson.h>

/* true if `o` has the four members of a verdict with their types */
static int has_verdict(json_t *o)
{
	return json_is_boolean(json_object_get(o, "is_fraud")) && json_is_number(json_object_get(o, "fraud_score")) &&
	       json_is_array(json_object_get(o, "fraud_reasons")) && json_is_string(json_object_get(o, "ruleset"));
}

#undef JSON_NULL
#undef JSON_FALSE
#undef JSON_TRUE
#undef JSON_STRING
#undef JSON_ARRAY
#undef JSON_OBJECT
#include <stdio.h>
#include <stdlib.h>

#include "../../fraudcheck/defaults.h"
#include "../../fraudcheck/judge.h"
#include "../../fraudcheck/map.h"
#include "../../fraudcheck/splice.h"
#include "random.h"

static void begin(struct judge *j, const char *rules, bool explain)
{
	struct judge_options options = JUDGE_DEFAULTS;
	struct buf errors = {0};

	options.explain = explain;
	if (judge_init(j, "test.rules", span_of(rules), "currencies", default_currencies(), &options, &errors) < 0)
		fail_msg("%s", buf_text(&errors));
	buf_free(&errors);
}

/* The line that goes out for a record, without its \n. */
static const char *judged(struct judge *j, const char *record, struct buf *out)
{
	struct json_object object = {0};
	size_t at;

	buf_clear(out);
	assert_int_equal(json_scan(&object, span_of(record), &at), JSON_OK);
	assert_int_not_equal(judge_record(j, &object, span_of(record), out), JUDGED_REJECT);
	json_object_free(&object);
	assert_int_equal(out->p[--out->n], '\n');
	return buf_text(out);
}

static void edges(void **state)
{
	static const char *const cases[][2] = {
		{"{}", "{@"},
		{" { } ", "{@"},
		{"{\"a\":1}", "{\"a\":1,@"},
		{" {\"a\" : 1.50 } ", "{\"a\" : 1.50 ,@"},
		{"{\"is_fraud\":null}", "{@"},
		{"{\"is_fraud\":\"x\\\"}\",\"fraud_score\":{\"is_fraud\":[1,{}]}}", "{@"},
		{"{\"is_fraud\":1,\"a\":2}", "{\"a\":2,@"},
		{"{\"a\":2,\"is_fraud\":1}", "{\"a\":2,@"},
		{"{\"a\":2,\"is_fraud\":1,\"b\":3}", "{\"a\":2,\"b\":3,@"},
		{"{\"is_fraud\":1,\"a\":2,\"ruleset\":3,\"fraud_reasons\":4,\"b\":5,\"fraud_score\":6}", "{\"a\":2,\"b\":5,@"},
		{"{\"a\":{\"is_fraud\":true},\"is_fraud\":true}", "{\"a\":{\"is_fraud\":true},@"},
		{"{\"a\":1, \"is\\u005ffraud\" : 1 , \"b\":2}", "{\"a\":1 , \"b\":2,@"},
		{"{\"_kafka\":{\"offset\":1}}", "{\"_kafka\":{\"offset\":1},@"},
		{"{\"_kafka\":{\"offset\":1},\"is_fraud\":true}", "{\"_kafka\":{\"offset\":1},@"},
		{"{\"explain\":1}", "{\"explain\":1,@"},
	};
	struct buf out = {0}, want = {0};
	struct judge j;

	(void)state;
	begin(&j, "flag f : never", false);
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		buf_clear(&want);
		buf_add(&want, cases[i][1], strlen(cases[i][1]) - 1);
		buf_addf(&want, "\"is_fraud\":false,\"fraud_score\":0,\"fraud_reasons\":[],\"ruleset\":\"%s\"}", j.ruleset);
		assert_string_equal(judged(&j, cases[i][0], &out), buf_text(&want));
	}
	judge_free(&j);
	buf_free(&out);
	buf_free(&want);
}

/* --- random records -------------------------------------------------------------------------------------------------- */

static const char *pick(struct random *r, const char *const *from, size_t count)
{
	return from[random_below(r, count)];
}

static void blanks(struct random *r, struct buf *to)
{
	static const char *const some[] = {"", "", "", "", " ", "  ", "\t"};

	buf_add_text(to, pick(r, some, 7));
}

static void random_value(struct random *r, struct buf *to, int depth)
{
	static const char *const plain[] = {
		"null", "true", "false", "0", "-0", "1.50", "1e5", "3.1415926535897932384626433832795", "12345678901234567890123",
		"-1.0E-2", "\"\"", "\"text\"", "\"\\\"\\\\\\/\\b\\u00e9\"", "\"{[,:]}\"", "\"\xc3\xa9\xe2\x82\xac\"", "[]", "{}",
	};
	uint64_t members = random_below(r, 4);

	if (depth == 0 || random_below(r, 3) > 0) {
		buf_add_text(to, pick(r, plain, sizeof plain / sizeof plain[0]));
		return;
	}
	if (random_below(r, 2) == 0) {
		buf_add_char(to, '[');
		for (uint64_t i = 0; i < members; i++) {
			buf_add_text(to, i > 0 ? "," : "");
			blanks(r, to);
			random_value(r, to, depth - 1);
			blanks(r, to);
		}
		buf_add_char(to, ']');
		return;
	}
	buf_add_char(to, '{');
	for (uint64_t i = 0; i < members; i++) {
		buf_addf(to, "%s\"%s%d\"", i > 0 ? "," : "", i == 0 ? "is_fraud" : "n", (int)i);
		blanks(r, to);
		buf_add_char(to, ':');
		random_value(r, to, depth - 1);
	}
	buf_add_char(to, '}');
}

/* Members of the verdict and others in any order, each at most once, some with escaped names. */
static void random_record(struct random *r, struct buf *to)
{
	static const char *const names[][2] = {
		{"is_fraud", "is_fr\\u0061ud"}, {"fraud_score", "\\u0066raud_score"}, {"fraud_reasons", "fraud_reasons"},
		{"ruleset", "rules\\u0065t"}, {"explain", "explai\\u006e"}, {"amount", "am\\u006Funt"}, {"a", "\\u0061"},
		{"is_fraud2", "is_fraud2"}, {"is_frau", "is_frau"}, {"", ""}, {"with \\\"quote", "with \\u0022quote"},
	};
	enum { NAMES = sizeof names / sizeof names[0] };
	bool used[NAMES] = {false}, first = true;
	uint64_t count = random_below(r, NAMES + 1);

	blanks(r, to);
	buf_add_char(to, '{');
	blanks(r, to);
	while (count-- > 0) {
		uint64_t n = random_below(r, NAMES);

		if (used[n])
			continue;
		used[n] = true;
		buf_addf(to, "%s", first ? "" : ",");
		blanks(r, to);
		buf_addf(to, "\"%s\"", names[n][random_below(r, 4) == 0]);
		blanks(r, to);
		buf_add_char(to, ':');
		blanks(r, to);
		random_value(r, to, 3);
		blanks(r, to);
		first = false;
	}
	buf_add_char(to, '}');
	blanks(r, to);
}

static const char *const verdict_names[] = {"is_fraud", "fraud_score", "fraud_reasons", "ruleset", "explain"};

static json_t *parse(struct span text)
{
	json_error_t error;
	json_t *o = json_loadb(text.p, text.n, JSON_DECODE_INT_AS_REAL | JSON_REJECT_DUPLICATES, &error);

	if (o == NULL)
		fail_msg("%.*s: %s", SPAN_ARG(text), error.text);
	return o;
}

/* By an independent parser: equal but for the verdict, whose members are there with their types. */
static void compare_values(struct span record, struct span out, size_t verdict_members)
{
	json_t *before = parse(record), *after = parse(out);

	assert_true(has_verdict(after));
	for (size_t i = 0; i < verdict_members; i++) {
		json_object_del(before, verdict_names[i]);
		assert_int_equal(json_object_del(after, verdict_names[i]), 0);
	}
	if (!json_equal(before, after))
		fail_msg("%.*s\n%.*s", SPAN_ARG(record), SPAN_ARG(out));
	json_decref(before);
	json_decref(after);
}

static bool is_verdict(const struct json_member *m, size_t verdict_members)
{
	for (size_t i = 0; i < verdict_members; i++)
		if (json_name_is(m, span_of(verdict_names[i])))
			return true;
	return false;
}

/* By bytes: what is kept has the same bytes in the same order, numbers and escapes included; the verdict comes last. */
static void compare_bytes(const struct json_object *record, const struct json_object *out, size_t verdict_members)
{
	size_t kept = 0;

	for (size_t i = 0; i < record->count; i++) {
		const struct json_member *m = &record->member[i], *n = &out->member[kept];

		if (is_verdict(m, verdict_members))
			continue;
		assert_true(kept < out->count);
		assert_true(span_eq(m->name, n->name));
		assert_true(span_eq(json_raw(m), json_raw(n)));
		kept++;
	}
	assert_int_equal(out->count, kept + verdict_members);
}

static void property(void **state)
{
	struct json_object object = {0}, again = {0};
	struct buf record = {0}, out = {0};
	struct random r;
	struct judge j[2];

	(void)state;
	random_seed(&r, 20260101, 1);
	begin(&j[0], "flag f : a is not null", false);
	begin(&j[1], "flag f : a is not null\nrule s +1.5 : is_frau is null \"{a}{is_frau}\"\nbands block 7", true);
	for (int i = 0; i < 20000; i++) {
		const size_t members = i % 2 == 0 ? 4 : 5;
		size_t at;

		buf_clear(&record);
		buf_clear(&out);
		random_record(&r, &record);
		assert_int_equal(json_scan(&object, buf_span(&record), &at), JSON_OK);
		assert_int_equal(judge_record(&j[i % 2], &object, buf_span(&record), &out), JUDGED_VERDICT);
		assert_int_equal(out.p[out.n - 1], '\n');
		assert_int_equal(json_scan(&again, buf_span(&out), &at), JSON_OK);
		compare_bytes(&object, &again, members);
		compare_values(buf_span(&record), buf_span(&out), members);
	}
	judge_free(&j[0]);
	judge_free(&j[1]);
	json_object_free(&object);
	json_object_free(&again);
	buf_free(&record);
	buf_free(&out);
}

static void labels_pass(void **state)
{
	static const char label[] = "{\"label_for\":\"x\" , \"is_fraud\":true,\"amount\":\"not a number\"}";
	struct buf out = {0};
	struct judge j;

	(void)state;
	begin(&j, "flag f : amount > 1", false);
	assert_string_equal(judged(&j, label, &out), label);
	/* also when what is wrong comes first */
	assert_string_equal(judged(&j, "{\"amount\":[],\"label_f\\u006fr\":1}", &out), "{\"amount\":[],\"label_f\\u006fr\":1}");
	judge_free(&j);
	buf_free(&out);
}

/* The order of members is learned from record to record; whatever came before, the result is the same. */
static void any_order(void **state)
{
	static const char *const records[] = {
		"{\"a\":1,\"b\":2,\"is_fraud\":1}", "{\"b\":2,\"a\":1}", "{\"aa\":3,\"a\":1,\"b\":2}", "{\"b\":1}", "{}",
		"{\"\\u0061\":1,\"b\":2}", "{\"a\":1,\"b\":null}", "{\"b\":2,\"a\":0,\"c\":{\"a\":1}}",
	};
	static const bool fires[] = {true, true, true, false, false, true, false, false};
	struct buf out = {0};
	struct random r;
	struct judge j;

	(void)state;
	random_seed(&r, 7, 7);
	begin(&j, "flag f : a == 1 and b == 2", false);
	for (int i = 0; i < 2000; i++) {
		uint64_t n = random_below(&r, 8);

		judged(&j, records[n], &out);
		assert_int_equal(j.is_fraud, fires[n]);
	}
	judge_free(&j);
	buf_free(&out);
}

static void explanations(void **state)
{
	struct buf out = {0};
	struct judge j;

	(void)state;
	begin(&j, "flag f : is_foreign \"from {where}\"\nbands low 1", true);
	judged(&j, "{\"is_foreign\":true,\"where\":\"\\\"x\\u00e9\"}", &out);
	assert_non_null(strstr(out.p, ",\"explain\":{\"band\":null,\"rules\":[{\"name\":\"f\",\"kind\":\"flag\","
	                              "\"reason\":\"from \\\"x\xc3\xa9\"}]}}"));
	judge_free(&j);
	begin(&j, "let twice = amount / 3\nrule r +4.5 : amount > 1 \"{amount} {twice} {where.city} {nothing} {{x}}\"\n"
	          "shadow s +9 : amount > 1\nrule n +(nothing) : amount > 1\nbands review 3, block 80", true);
	judged(&j, "{\"amount\":1e1,\"where\":{\"city\":[1, 2]},\"explain\":\"old\"}", &out);
	assert_non_null(strstr(out.p, ",\"explain\":{\"band\":\"review\",\"rules\":["
	                              "{\"name\":\"r\",\"kind\":\"rule\",\"points\":4.5,\"reason\":\"1e1 3.33 [1, 2] null {x}\"},"
	                              "{\"name\":\"s\",\"kind\":\"shadow\",\"points\":9},"
	                              "{\"name\":\"n\",\"kind\":\"rule\",\"points\":null}]}}"));
	assert_null(strstr(out.p, "old"));
	judge_free(&j);
	buf_free(&out);
}

/* The hash follows the bytes of the rules and those of the currencies, and nothing else. */
static void hashes(void **state)
{
	struct buf errors = {0};
	struct judge a, b, c, d;
	static const char usd[] = "{\"currency\":\"USD\",\"units_per_base\":1}\n";

	(void)state;
	begin(&a, "flag f : true", false);
	begin(&b, "flag f : true", true);
	begin(&c, "flag f : true ", false);
	assert_int_equal(judge_init(&d, "x", SPAN("flag f : true"), "y", span_of(usd), &JUDGE_DEFAULTS, &errors), 0);
	assert_int_equal(strlen(a.ruleset), 12);
	assert_string_equal(a.ruleset, b.ruleset);
	assert_string_not_equal(a.ruleset, c.ruleset);
	assert_string_not_equal(a.ruleset, d.ruleset);
	judge_free(&a);
	judge_free(&b);
	judge_free(&c);
	judge_free(&d);
	buf_free(&errors);
}

static void bad_currencies(void **state)
{
	static const char *const cases[][2] = {
		{"", "y:1: there are no currencies in it"},
		{"{\"currency\":\"USD\"}", "y:1: units_per_base is missing or no number"},
		{"{\"currency\":\"USD\",\"units_per_base\":1}\r\n\n{\"currency\":\"USD\",\"units_per_base\":1}", "y:3: this currency is there twice"},
		{"{\"currency\":\"USD\",\"units_per_base\":0}", "y:1: units_per_base must be a number above 0"},
		{"{\"currency\":1,\"units_per_base\":1}", "y:1: currency is missing or no plain string"},
		{"currency,units\nUSD,1", "y:1: not_json"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct buf errors = {0};
		struct judge j;

		assert_int_equal(judge_init(&j, "x", SPAN("flag f : true"), "y", span_of(cases[i][0]), &JUDGE_DEFAULTS, &errors), -1);
		assert_string_equal(buf_text(&errors), cases[i][1]);
		buf_free(&errors);
	}
}

/* --- the three rules of the original ------------------------------------------------------------------------------- */

static void seed_rules(void **state)
{
	static const struct {
		const char *record, *reasons;
	} cases[] = {
		{"{\"amount\":3000,\"currency\":\"USD\"}", "[]"},
		{"{\"amount\":3000.00,\"currency\":\"USD\"}", "[]"},
		{"{\"amount\":3000.01,\"currency\":\"USD\"}", "[\"high_amount\"]"},
		{"{\"amount\":3000.0000000000001,\"currency\":\"USD\"}", "[]"}, /* the double nearest to it is 3000 */
		{"{\"amount\":2760,\"currency\":\"EUR\"}", "[]"},               /* 0.92 a dollar */
		{"{\"amount\":2760.01,\"currency\":\"EUR\"}", "[\"high_amount\"]"},
		{"{\"amount\":1e9,\"currency\":\"XXX\"}", "[]"},
		{"{\"amount\":1e9,\"currency\":null}", "[]"},
		{"{\"amount\":1e9}", "[]"},
		{"{\"amount\":-1e9,\"currency\":\"USD\"}", "[]"},
		{"{\"is_foreign\":true}", "[\"foreign\"]"},
		{"{\"is_foreign\":false}", "[]"},
		{"{\"is_foreign\":null}", "[]"},
		{"{\"latitude\":90,\"longitude\":180}", "[]"},
		{"{\"latitude\":-90,\"longitude\":-180}", "[]"},
		{"{\"latitude\":90.0001,\"longitude\":0}", "[\"bad_location\"]"},
		{"{\"latitude\":-90.0001,\"longitude\":0}", "[\"bad_location\"]"},
		{"{\"latitude\":0,\"longitude\":180.0001}", "[\"bad_location\"]"},
		{"{\"latitude\":0,\"longitude\":-180.0001}", "[\"bad_location\"]"},
		{"{\"latitude\":null,\"longitude\":200}", "[\"bad_location\"]"}, /* null or true is true */
		{"{\"latitude\":null,\"longitude\":20}", "[]"},
		{"{\"amount\":9999,\"currency\":\"USD\",\"is_foreign\":true,\"latitude\":91,\"longitude\":0}",
	         "[\"high_amount\",\"foreign\",\"bad_location\"]"},
	};
	struct buf out = {0}, want = {0}, rules = {0};
	struct judge j;

	(void)state;
	buf_add_span(&rules, default_rules());
	begin(&j, buf_text(&rules), false);
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		judged(&j, cases[i].record, &out);
		buf_clear(&want);
		buf_addf(&want, "\"fraud_reasons\":%s", cases[i].reasons);
		if (strstr(out.p, buf_text(&want)) == NULL)
			fail_msg("%s\nwant %s", out.p, want.p);
		assert_int_equal(j.is_fraud, strcmp(cases[i].reasons, "[]") != 0);
	}
	judge_free(&j);
	buf_free(&out);
	buf_free(&want);
	buf_free(&rules);
}

/* --- field maps ----------------------------------------------------------------------------------------------------- */

static void mapped(const char *pairs, const char *record, const char *want)
{
	struct json_object object = {0};
	struct buf error = {0}, out = {0};
	struct map m;
	size_t at;

	assert_int_equal(map_parse(&m, "map", span_of(pairs), &error), 0);
	assert_int_equal(json_scan(&object, span_of(record), &at), JSON_OK);
	if (map_apply(&m, &object, &out) < 0)
		assert_string_equal(m.detail, want);
	else
		assert_string_equal(buf_text(&out), want);
	map_free(&m);
	buf_free(&error);
	buf_free(&out);
	json_object_free(&object);
}

/* Inside an object a name may occur twice. The last one counts, and what was read of the first one is gone with it. */
static void nested_twice(void **state)
{
	struct buf record = {0}, out = {0};
	struct judge j;

	(void)state;
	begin(&j, "field l.p.x number\nflag f : l.p.x > 1 or amount > 1 \"x is {l.p.x}\"\n", true);
	buf_add_text(&record, "{\"amount\":2,\"l\":{\"p\":{\"x\":3},\"p\":{");
	for (int i = 0; i < 500; i++)
		buf_addf(&record, "\"k%d\":%d,", i, i);
	buf_add_text(&record, "\"z\":0}}}");
	assert_non_null(strstr(judged(&j, buf_text(&record), &out), "\"reason\":\"x is null\""));
	assert_non_null(strstr(judged(&j, "{\"l\":{\"p\":{\"x\":\"?\"},\"p\":{\"x\":3,\"\\u0078\":4}}}", &out),
	                       "\"reason\":\"x is 4\""));
	assert_non_null(strstr(judged(&j, "{\"l\":{\"p\":{\"x\":3},\"p\":null}}", &out), "\"is_fraud\":false"));
	judge_free(&j);
	buf_free(&record);
	buf_free(&out);
}

/* A line must not outgrow what the next stage reads, whatever a member holds. */
static void long_values(void **state)
{
	struct buf record = {0}, out = {0}, want = {0};
	struct judge j;

	(void)state;
	begin(&j, "flag f : device_id is not null \"<{device_id}> <{payment_method}>\"\n", true);
	buf_add_text(&record, "{\"payment_method\":\"");
	buf_add_text(&want, "> <");
	for (int i = 0; i < 256; i++) {
		buf_add_char(&record, 'x');
		buf_add_char(&want, 'x');
	}
	buf_add_text(&record, "\",\"device_id\":\".");
	for (int i = 0; i < 1000; i++)
		buf_add_text(&record, "é");
	buf_add_text(&record, "\"}");
	judged(&j, buf_text(&record), &out);
	assert_true(out.n < record.n + 1000);
	assert_non_null(strstr(buf_text(&out), "éé…> <"));
	assert_non_null(strstr(out.p, buf_text(&want)));
	judge_free(&j);
	buf_free(&record);
	buf_free(&out);
	buf_free(&want);
}

static void maps(void **state)
{
	struct buf error = {0};
	struct map m;

	(void)state;
	mapped("a=b", "{\"a\":1.50, \"c\":2}", "{\"b\":1.50, \"c\":2}");
	mapped("a=b", "{\"c\":2 }", "{\"c\":2 }");
	mapped("a=b", "{}", "{}");
	mapped("a=b", "{\"\\u0061\" :1}", "{\"b\" :1}");
	mapped("a=b", "{\"a\":1,\"b\":2}", "a is mapped to b, which the record has already");
	mapped("a=b", "{\"a\":1,\"\\u0062\":2}", "a is mapped to b, which the record has already");
	mapped("a=b", "{\"b\":2}", "{\"b\":2}");
	mapped("a=b,b=a", "{\"a\":1,\"b\":2}", "{\"b\":1,\"a\":2}");
	mapped("x.y.z=b", "{\"x\":{\"y\":{\"z\":\"q\\\"\"}}}", "{\"x\":{\"y\":{\"z\":\"q\\\"\"}},\"b\":\"q\\\"\"}");
	mapped("x.y=b, x.z=c", "{\"x\":{\"y\":1,\"z\":[2]}}", "{\"x\":{\"y\":1,\"z\":[2]},\"b\":1,\"c\":[2]}");
	mapped("x.y=b", "{\"x\":5}", "{\"x\":5}");
	mapped("x.y=b", "{\"x\":{}}", "{\"x\":{}}");
	mapped("x.y=x", "{\"x\":{\"y\":1}}", "x.y is mapped to x, which the record has already");
	mapped("# comment, a=b\n a = b # more\n\nc=d\n", "{\"a\":1,\"c\":2}", "{\"b\":1,\"d\":2}");
	assert_int_equal(map_parse(&m, "map", SPAN("a=b,c"), &error), -1);
	assert_string_equal(buf_text(&error), "map: 'c' is not FROM=TO");
	assert_int_equal(map_parse(&m, "map", SPAN("a=b,c=b"), &error), -1);
	assert_int_equal(map_parse(&m, "map", SPAN("a=_kafka"), &error), -1);
	assert_int_equal(map_parse(&m, "map", SPAN("a=x.y"), &error), -1);
	assert_int_equal(map_parse(&m, "map", SPAN("a..b=x"), &error), -1);
	assert_int_equal(map_parse(&m, "map", SPAN("=x"), &error), -1);
	buf_free(&error);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(edges),        cmocka_unit_test(property),       cmocka_unit_test(labels_pass),
		cmocka_unit_test(any_order),    cmocka_unit_test(explanations),   cmocka_unit_test(hashes),
		cmocka_unit_test(bad_currencies), cmocka_unit_test(seed_rules),   cmocka_unit_test(maps),
		cmocka_unit_test(nested_twice), cmocka_unit_test(long_values),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
