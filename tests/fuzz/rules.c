/* Any text as a rule file: it compiles or is refused with words, and what compiles judges a record. No file is read: names of files lead nowhere. */
#include <stdlib.h>
#include <unistd.h>

#include "../../fraudcheck/defaults.h"
#include "../../fraudcheck/judge.h"
#include "fuzz.h"

const char *const fuzz_seeds[] = {
	"flag high_amount   : base_amount > 3000                      \"amount {amount} {currency} is above the threshold\"\n"
	"flag foreign       : is_foreign\n"
	"flag bad_location  : latitude not in -90..90 or longitude not in -180..180\n",
	"feature n_10m = count() by customer_id over 10m\nfeature avg_30d = avg(amount) by customer_id over 30d before min 5\n"
	"feature cards_1d = distinct(customer_id) by device_id over 1d\nfeature risk_30d = share(label) by merchant_id over 30d delay 7d\n"
	"feature speed = geo_speed() by customer_id over 2d\nlet spike = amount / avg_30d\n"
	"rule spiky +(40 * clip((spike - 2) / 3, 0, 1)) : spike > 2 \"{spike} times\"\nbands review 40, block 80\n",
	"list vip = (\"a\", \"b\")\nallow v : customer_id in vip\nshadow tight +60 : amount > 700 and hour(transaction_ts) < 6\n"
	"check c : amount is not null\nfield x number\nlet y = coalesce(x, 1) + min(1, 2)\n",
	"feature s = sum(amount) by customer_id, currency over 1h when amount < 5\nfeature m = max(amount) by device_id over 2d before\n"
	"feature a = age() by customer_id\nfeature l = last(currency) by customer_id\nfeature d = stddev(amount) by customer_id over 7d\n"
	"flag f : s > 3 or m > 4 or a < 86400 or l != currency or since_last() > 3\n",
	"rule a +10 : lower(currency) == \"usd\" and starts_with(device_id, \"dev\") and length(device_id) > 3\n"
	"rule b +5 : weekday(transaction_ts) in (0, 6) or haversine(latitude, longitude, 1, 2) > 3\n",
	NULL};
const char *const fuzz_words[] = {"flag ", "rule ", "allow ", "shadow ", "check ", "let ", "field ", "bands ", "list ", "table ", "feature ", "model ", " = ", " : ",
	" over ", " by ", " before", " min ", " delay ", " when ", " and ", " or ", "not ", " in ", "..", "is null", "count()", "sum(", "avg(", "min(", "max(", "stddev(",
	"distinct(", "share(label)", "age()", "since_last()", "last(", "geo_speed()", "coalesce(", "clip(", "haversine(", "base_amount", "{amount}", "\"", "(", ")", "+",
	"-", "*", "/", "<=", "!=", "==", "10m", "30d", "amount", "currency", "transaction_ts", "customer_id", "true", "null", "block 80", "\n", "#", NULL};

static const char *const records[] = {
	"{\"transaction_id\":\"019b76da-b4ee-7529-ac80-99ec4e4185dc\",\"transaction_ts\":\"2026-01-01T00:00:03.310Z\","
	"\"customer_id\":\"509f12a6-5f97-4670-8b6f-06d29ef908f7\",\"merchant_id\":\"d357a64d-6b20-47df-afcf-affac3f3cb31\",\"amount\":247.19,\"currency\":\"USD\","
	"\"latitude\":47.60132,\"longitude\":-122.39658,\"device_id\":\"dev-9ca98a3405f9d9b6\",\"payment_method\":\"credit_card\",\"is_foreign\":false}",
	"{\"transaction_id\":\"019b76da-c46a-7efb-ae1b-c657b39fba90\",\"transaction_ts\":\"2026-01-03T00:00:07Z\","
	"\"customer_id\":\"509f12a6-5f97-4670-8b6f-06d29ef908f7\",\"merchant_id\":\"d357a64d-6b20-47df-afcf-affac3f3cb31\",\"amount\":1e17,\"currency\":\"JPY\","
	"\"latitude\":null,\"longitude\":1e300,\"device_id\":\"\",\"is_foreign\":true,\"x\":5}"};

void fuzz_one(struct span input)
{
	struct judge_options options = JUDGE_DEFAULTS;
	struct buf errors = {0}, out = {0};
	struct json_object o = {0};
	struct judge j;
	size_t at;

	options.explain = true;
	/* a folder that does not exist; an absolute name, or one that climbs out of it, is not tried */
	if (memmem(input.p, input.n, "\"/", 2) != NULL || memmem(input.p, input.n, "..\x2f", 3) != NULL)
		return;
	if (judge_init(&j, "/nonexistent/fuzz/fuzz.rules", input, "currencies", default_currencies(), &options, &errors) < 0) {
		if (errors.n == 0)
			fuzz_fail(input, "refused without a word");
		buf_free(&errors);
		return;
	}
	for (size_t i = 0; i < sizeof records / sizeof records[0]; i++) {
		enum judged as;

		json_scan(&o, span_of(records[i]), &at);
		buf_clear(&out);
		judge_enter(&j, NULL, &o);
		as = judge_record(&j, &o, span_of(records[i]), &out);
		if (as == JUDGED_VERDICT && (out.n == 0 || json_scan(&o, (struct span){out.p, out.n - 1}, &at) != JSON_OK || json_duplicate(&o) != NULL))
			fuzz_fail(input, "the verdict is not one JSON object: %.*s", SPAN_ARG(buf_span(&out)));
		if ((as == JUDGED_REJECT || as == JUDGED_STOP) && (out.n > 0 || j.detail == NULL))
			fuzz_fail(input, "a record is refused, but not cleanly");
	}
	judge_free(&j);
	json_object_free(&o);
	buf_free(&errors);
	buf_free(&out);
}
