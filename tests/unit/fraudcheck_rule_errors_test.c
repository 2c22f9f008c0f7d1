/* What the compiler of rules says about files that are wrong, and that no file brings it down. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "../../fraudcheck/program.h"

static void expect_error(const char *rules, const char *want)
{
	struct program p;
	struct buf errors = {0};

	assert_int_equal(program_compile(&p, "r", span_of(rules), &errors), -1);
	if (strncmp(buf_text(&errors), want, strlen(want)) != 0)
		fail_msg("%s\ngot:  %s\nwant: %s", rules, buf_text(&errors), want);
	buf_free(&errors);
}

static void errors_have_coordinates(void **state)
{
	(void)state;
	expect_error("\n\nflag f : clp(amount, 0, 1) > 2",
	             "r:3:10: unknown function 'clp'; did you mean clip?\n"
	             "  flag f : clp(amount, 0, 1) > 2\n"
	             "           ^~~");
	expect_error("flag f : x == \"\xc3\xbc\xc3\xbc\" and is_fraud\r\n",
	             "r:1:24: rules cannot read is_fraud: it is what fraudcheck itself writes\n"
	             "  flag f : x == \"\xc3\xbc\xc3\xbc\" and is_fraud\n"
	             "                         ^~~~~~~~");
	expect_error("\tflag\tf :\t amout > 1",
	             "r:1:12: unknown name 'amout'; did you mean amount? (if records have such a member, say so: field amout number)\n"
	             "   flag f :  amout > 1\n"
	             "             ^~~~~");
	/* every line is looked at */
	expect_error("flg a : true\nrul b +1 : true\n",
	             "r:1:1: 'flg' begins no statement; did you mean flag?\n  flg a : true\n  ^~~\n"
	             "r:2:1: 'rul' begins no statement; did you mean rule?\n  rul b +1 : true\n  ^~~");
}

static void errors_of_features(void **state)
{
	(void)state;
	expect_error("feature n = count()", "r:1:20: expected by and a member");
	expect_error("feature n = count() by customer_id over 0d", "r:1:41: a duration here lies between 1us and 3660d");
	expect_error("feature n = count() by customer_id over 5", "r:1:41: expected a duration such as 10m, 12h or 30d, found '5'");
	expect_error("feature n = count() by customer_id over 1d over 2d", "r:1:44: there is a second over");
	expect_error("feature n = count() by customer_id since 1d", "r:1:36: expected by, over, before, delay, min or when, found 'since'");
	expect_error("feature n = coutn() by customer_id", "r:1:13: 'coutn' is no aggregate; did you mean count?");
	expect_error("feature n = median(amount) by customer_id", "r:1:13: a feature is an aggregate: count, sum, avg");
	expect_error("feature n = amount by customer_id", "r:1:13: a feature is an aggregate with its parentheses");
	expect_error("feature n = sum() by customer_id", "r:1:13: write sum(x)");
	expect_error("feature n = sum(currency) by customer_id", "r:1:17: currency is a string, but a number is needed here");
	expect_error("feature n = share(label) by merchant_id", "r:1:13: share(label) needs a delay");
	expect_error("feature n = last(amount) by customer_id delay 1d", "r:1:41: last looks at the record at hand: it has no delay");
	expect_error("feature n = age() by customer_id min 3", "r:1:13: age is null where there is no record before: it has no min");
	expect_error("feature n = count() by customer_id min 0", "r:1:40: expected the least number of records");
	expect_error("feature n = count() by customer_id when amount", "r:1:41: amount is a number, but a boolean is needed here");
	expect_error("feature a = count() by customer_id\nfeature b = sum(amount / a) by customer_id",
	             "r:2:26: a is a feature: a feature is computed from the record itself");
	expect_error("feature a = count() by customer_id\nlet c = a / 2\nfeature b = sum(c) by customer_id",
	             "r:3:17: c is computed from a feature: a feature is computed from the record itself");
	expect_error("feature a = count() by customer_id when a > 3", "r:1:9: a is read as a member of the record on line 1");
	expect_error("feature amount = count() by customer_id", "r:1:9: amount is a member of the record: take another name");
	expect_error("feature a = count() by customer_id\nlet a = 3", "r:2:5: the name a is taken on line 1");
	expect_error("feature a = count() by base_amount", "r:1:24: a key is a member of the record");
	expect_error("feature spree = count() by customer_id\nflag f : sprees > 3", "r:2:10: unknown name 'sprees'; did you mean spree?");
	expect_error("flag f : label", "r:1:10: a label becomes known only days after its record");
	expect_error("feature n = sum(label) by customer_id", "r:1:17: a label becomes known only days after its record");
	expect_error("list l = (\"a\")\nflag f : l == 3", "r:2:10: l is a list, not a value: write x in l");
}

static void errors_of_form(void **state)
{
	(void)state;
	expect_error("flag f : currency = \"USD\"", "r:1:19: expected the end of the line; to compare, write ==");
	expect_error("flag f : (amount > 3", "r:1:10: this ( is not closed");
	expect_error("flag f : (amount > 3\nflag g : true", "r:1:10: this ( is not closed");
	expect_error("flag f : abs(1 2)", "r:1:16: expected , or ), found '2'");
	expect_error("flag f :", "r:1:9: expected a value, but the line ends");
	expect_error("flag f amount > 3", "r:1:8: expected : behind the name, found 'amount'");
	expect_error("flag f +3 : true", "r:1:8: only rule and shadow have points; a flag has none");
	expect_error("rule f : true", "r:1:8: expected points with their sign, such as +40 or +(10 * x), found ':'");
	expect_error("rule f +10 * x : true", "r:1:12: expected : behind the points (an expression as points stands in parentheses)");
	expect_error("flag f : amount == null", "r:1:20: null is not a value to compare with: write `x is null`");
	expect_error("flag f : 1 < amount < 2", "r:1:21: comparisons do not chain: join two of them by and");
	expect_error("flag f : amount && true", "r:1:17: write and for &&");
	expect_error("flag f : amount <> 1", "r:1:17: write != for \"not equal\"");
	expect_error("flag f : currency == 'x'", "r:1:22: strings stand between double quotes");
	expect_error("flag f : currency == \"x", "r:1:22: this string is not closed");
	expect_error("flag f : currency == \"\\x\"", "r:1:23: unknown escape");
	expect_error("flag f : amount > 30d", "r:1:19: a duration stands only behind over and delay");
	expect_error("flag f : amount > 30x", "r:1:19: a number may not run into letters");
	expect_error("flag f : amount > 1e999", "r:1:19: this number is too large or too long");
	expect_error("flag f : currency in hot", "r:1:10: there is no list hot: write list hot = file");
	expect_error("list hot = (\"a\")\nflag f : currency in hto", "r:2:10: there is no list hto; did you mean hot?");
	expect_error("flag f : amount in 5", "r:1:21: expected a range such as 1..5, or the name of a list, but the line ends");
	expect_error("flag f : amount in (x)", "r:1:21: a list holds literals");
	expect_error("flag f : amount is 5", "r:1:20: expected null");
	expect_error("flag and : true", "r:1:6: 'and' is a word of the language, it cannot be a name");
	expect_error("flag a.b : true", "r:1:6: a name is made of letters, digits and _");
	expect_error("let x 5", "r:1:7: expected = behind the name, found '5'");
	expect_error("field x integer", "r:1:9: expected a type: number, string, boolean or time, found 'integer'");
	expect_error("flag f : true \"{amount\"", "r:1:16: this { is not closed");
	expect_error("flag f : true \"amount}\"", "r:1:22: this } closes nothing");
	expect_error("flag f : true \"{amount + 1}\"", "r:1:16: a placeholder is the name of a member or of a let");
	expect_error("flag f : true \"{}\"", "r:1:16: a placeholder is the name");
	expect_error("bands review", "r:1:13: expected a value, but the line ends");
	expect_error("bands review x", "r:1:14: a band begins at a number");
	expect_error("flag f : \xff", "r:1:1: the file is not UTF-8");
	expect_error("list hot = file \"no/such\"", "r:1:17: no/such: No such file or directory");
	expect_error("list hot = \"a\"", "r:1:12: expected file \"PATH\", or the values as");
	expect_error("list hot = (1, 2)", "r:1:13: a named list holds strings");
	expect_error("table t = file \"no/such\" by y", "r:1:16: no/such: No such file or directory");
	expect_error("table t = file \"x\"", "r:1:19: expected by and the member that is the key");
	expect_error("model p = xgbost \"x\" (amount)", "r:1:11: 'xgbost' is no kind of model; did you mean xgboost?");
	expect_error("model p = trees \"x\" (amount)", "r:1:11: expected the kind of the model: xgboost, lightgbm or logistic");
	expect_error("model p = xgboost file \"x\" (amount)", "r:1:19: expected the path of a file between double quotes");
	expect_error("model p = xgboost \"x\" amount", "r:1:23: expected the inputs of the model between parentheses");
	expect_error("model p = xgboost \"x\" ()", "r:1:7: a model has inputs");
	expect_error("model p = xgboost \"no/such\" (amount)", "r:1:19: no/such: No such file or directory");
	expect_error("model p = xgboost \"no/such\" (amount, hour(transaction_ts), amount)", "r:1:60: this is an input already");
	expect_error("model p = xgboost \"no/such\" (currency)", "r:1:30: currency is a string, but a number is needed here");
}

static void errors_of_meaning(void **state)
{
	(void)state;
	expect_error("flag f : amount", "r:1:10: amount is a number, but a boolean is needed here");
	expect_error("flag f : amount > \"x\"", "r:1:19: this is a string, but a number is needed here");
	expect_error("flag f : is_foreign > true", "r:1:10: a boolean is neither smaller nor larger than another");
	expect_error("flag f : tier == \"gold\"\nflag g : tier > 5",
	             "r:2:17: this is a number, but a string is needed here");
	expect_error("flag f : tier == \"gold\"\nflag g : abs(tier) > 5",
	             "r:2:14: tier is a string by its use on line 1, but a number is needed here");
	expect_error("flag f : amount in (1, \"x\")", "r:1:24: this is a string, but a number is needed here");
	expect_error("flag f : coalesce(amount, currency) is null", "r:1:27: currency is a string, but a number is needed here");
	expect_error("rule f +(is_foreign) : true", "r:1:9: is_foreign is a boolean, but a number is needed here");
	expect_error("flag f : clip(1, 2) > 3", "r:1:10: clip takes 3 arguments: clip(x, low, high)");
	expect_error("flag f : max(1) > 3", "r:1:10: max takes at least 2 arguments: max(x, y, ...)");
	expect_error("flag f : transaction_ts > \"2026\"", "r:1:27: this is no time: write it as \"2026-01-31T00:00:00Z\"");
	expect_error("flag f : hour(currency) > 1", "r:1:15: currency is a string, but a time is needed here");
	expect_error("flag f : fraud_score > 1", "r:1:10: rules cannot read fraud_score");
	expect_error("flag f : fraud_reasons is null", "r:1:10: rules cannot read fraud_reasons");
	expect_error("flag f : ruleset == \"x\"", "r:1:10: rules cannot read ruleset");
	expect_error("flag f : true \"{is_fraud}\"", "r:1:17: rules cannot read is_fraud");
	expect_error("flag f : _kafka.offset > 1", "r:1:10: rules cannot read _kafka: it is no member of the record");
	expect_error("flag f : true\nrule f +1 : true", "r:2:6: the name f is taken on line 1");
	expect_error("let x = 1\nlet x = 2", "r:2:5: the name x is taken on line 1");
	expect_error("flag f : x > 1\nlet x = 2", "r:2:5: x is read as a member of the record on line 1: take another name");
	expect_error("let amount = 2", "r:1:5: amount is a member of the record: take another name");
	expect_error("let abs = 2", "r:1:5: abs is built in: take another name");
	expect_error("let base_amount = 2", "r:1:5: base_amount is built in: take another name");
	expect_error("flag f : true\nflag g : f", "r:2:10: f is the rule of line 1, not a value");
	expect_error("let spike = amount / 2\nflag f : spik > 1", "r:2:10: unknown name 'spik'; did you mean spike?");
	expect_error("bands review 40, block 30", "r:1:18: bands go upwards: block must begin above 40");
	expect_error("bands review 0", "r:1:7: a band begins above 0");
	expect_error("bands a 1, a 2", "r:1:12: the band a is there twice");
	expect_error("bands a 1\nbands b 2", "r:2:1: there are bands on line 1 already");
	expect_error("field amount string", "r:1:7: amount is a number in every transaction");
	expect_error("flag f : x > 1\nfield x number", "r:2:7: x is read on line 1 already: declare it above its first use");
	expect_error("flag f : base_amount > 1\nfield amount number", "r:2:7: the name amount is taken on line 1");
	expect_error("flag f : a == \"x\" or a.b == 1", "r:1:22: a is read as a value on line 1, it cannot have members too");
}

static void hostile_files(void **state)
{
	struct buf rules = {0};
	struct program p;
	struct buf errors = {0};

	(void)state;
	/* U+0000 could reach the verdict by a message, and from there no table */
	assert_int_equal(program_compile(&p, "r", SPAN("flag f : true\nflag g : true \"a\0b\""), &errors), -1);
	assert_string_equal(buf_text(&errors), "r:2:17: a NUL byte\n  flag g : true \"a");
	buf_clear(&errors);
	/* none of these may exhaust the stack */
	buf_add_text(&rules, "flag f : ");
	for (int i = 0; i < 100000; i++)
		buf_add_char(&rules, '(');
	assert_int_equal(program_compile(&p, "r", buf_span(&rules), &errors), -1);
	buf_clear(&rules);
	buf_add_text(&rules, "flag f : ");
	for (int i = 0; i < 100000; i++)
		buf_add_text(&rules, "not ");
	assert_int_equal(program_compile(&p, "r", buf_span(&rules), &errors), -1);
	buf_clear(&rules);
	buf_add_text(&rules, "let x = 1");
	for (int i = 0; i < 100000; i++)
		buf_add_text(&rules, " - 1");
	assert_int_equal(program_compile(&p, "r", buf_span(&rules), &errors), -1);
	/* many is fine where many is meant */
	buf_clear(&rules);
	buf_add_text(&rules, "flag f : x in (0");
	for (int i = 1; i < 5000; i++)
		buf_addf(&rules, ", %d", i);
	buf_add_text(&rules, ") or x == 0");
	for (int i = 0; i < 5000; i++)
		buf_add_text(&rules, " or x == 1");
	buf_clear(&errors);
	if (program_compile(&p, "r", buf_span(&rules), &errors) < 0)
		fail_msg("%s", buf_text(&errors));
	program_free(&p);
	buf_free(&rules);
	buf_free(&errors);
}

/* Whatever bytes a rule file has: an error or a program, never a crash. Mutations of a file that uses everything. */
static void random_files(void **state)
{
	static const char good[] = "field t time # comment\nlet spike = amount / coalesce(avg, 10.5e1)\n"
	                           "check c : amount > 0 and not (x is not null) \"{amount} {{}} {spike}\"\n"
	                           "rule r +(40 * clip((spike - 2) / 3, 0, 1)) : spike > 2 or weekday(t) >= 6 \"{spike}\\n\"\n"
	                           "shadow s -5 : currency not in (\"USD\", \"EUR\") \nallow v : location.lat in -90..90\n"
	                           "flag f : starts_with(lower(device_id), \"x\")\nbands review 40, block 80\n";
	uint64_t seed = 88172645463325252u;
	char text[sizeof good];

	(void)state;
	for (int round = 0; round < 20000; round++) {
		struct buf errors = {0};
		struct program p;

		memcpy(text, good, sizeof good);
		for (int i = 0; i < 1 + round % 4; i++) {
			seed ^= seed << 13;
			seed ^= seed >> 7;
			seed ^= seed << 17;
			/* a byte of the file itself, or any */
			text[seed % (sizeof good - 1)] = seed >> 60 == 0 ? (char)(seed >> 32) : good[(seed >> 32) % (sizeof good - 1)];
		}
		if (program_compile(&p, "r", (struct span){text, sizeof good - 1 - (size_t)(round % 7) * 9}, &errors) == 0)
			program_free(&p);
		else
			assert_true(errors.n > 0);
		buf_free(&errors);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(errors_have_coordinates), cmocka_unit_test(errors_of_form), cmocka_unit_test(errors_of_features),
		cmocka_unit_test(errors_of_meaning),       cmocka_unit_test(hostile_files),  cmocka_unit_test(random_files),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
