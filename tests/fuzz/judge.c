/* Any lines before windows and labels: transactions, charge-backs, control lines, damage. What goes out is one JSON object each, and once more the same
 * lines give the same bytes. */
#include "../../fraudcheck/defaults.h"
#include "../../fraudcheck/judge.h"
#include "fuzz.h"
#include "intake.h"

#define RECORD(id, ts, amount) \
	"{\"transaction_id\":\"019b76da-b4ee-7529-ac80-99ec4e4185" id "\",\"transaction_ts\":\"2026-01-" ts "\",\"customer_id\":\"509f12a6-5f97-4670-8b6f-06d29ef908f7\"," \
	"\"merchant_id\":\"d357a64d-6b20-47df-afcf-affac3f3cb31\",\"amount\":" amount ",\"currency\":\"USD\",\"latitude\":47.6,\"longitude\":-122.39658," \
	"\"device_id\":\"dev-9\",\"payment_method\":\"credit_card\",\"is_foreign\":false}\n"
#define LABEL(id, ts) \
	"{\"label_for\":\"019b76da-b4ee-7529-ac80-99ec4e4185" id "\",\"label_ts\":\"2026-01-" ts "\",\"is_fraud\":true,\"customer_id\":\"509f12a6-5f97-4670-8b6f-06d29ef908f7\"," \
	"\"merchant_id\":\"d357a64d-6b20-47df-afcf-affac3f3cb31\",\"transaction_ts\":\"2026-01-01T00:00:00Z\"}\n"

const char *const fuzz_seeds[] = {
	RECORD("dc", "01T00:00:00Z", "12.5") RECORD("dd", "01T00:00:01.5Z", "1") LABEL("dc", "02T00:00:00Z") RECORD("de", "20T00:00:00Z", "7"),
	RECORD("01", "05T00:00:00Z", "0.000001") RECORD("01", "05T00:00:00Z", "0.000001") RECORD("02", "01T00:00:00+14:00", "99999999999999.9999"),
	LABEL("01", "01T00:00:00Z") LABEL("01", "01T00:00:00Z") RECORD("01", "01T00:00:00Z", "-3") RECORD("03", "31T23:59:60Z", "1e15"),
	RECORD("11", "05T00:00:00Z", "4") RECORD("12", "05T00:10:00Z", "4") RECORD("13", "05T00:20:00Z", "4") RECORD("14", "04T00:00:00Z", "4")
	RECORD("15", "09T00:00:00Z", "4") LABEL("13", "06T00:00:00Z") RECORD("16", "30T00:00:00Z", "4"),
	NULL};
const char *const fuzz_words[] = {"\"transaction_ts\":", "\"amount\":", "\"label_for\":", "\"label_ts\":", "\"is_fraud\":", "true", "false", "null", "\"customer_id\":",
	"\"merchant_id\":", "2026-01-01T00:00:00Z", "0001-01-01T00:00:00Z", "9999-12-31T23:59:59.999999Z", "{}", "[]", "\n", "\"\"", "\"explain\":1,", NULL};

static const char rules[] =
	"feature n = count() by customer_id over 10m\nfeature s = sum(amount) by customer_id over 1d\nfeature a = avg(amount) by customer_id over 2d before min 2\n"
	"feature d = distinct(merchant_id) by customer_id over 1d\nfeature v = stddev(amount) by device_id over 3d\nfeature h = max(amount) by device_id over 1d before\n"
	"feature r = share(label) by merchant_id over 7d delay 1d\nfeature g = geo_speed() by customer_id over 2d\nfeature l = last(currency) by customer_id\n"
	"feature o = age() by customer_id, device_id over 30d\n"
	"rule x +10 : n > 1 and s > 3\nrule y +(20 * clip(r, 0, 1)) : r > 0\nrule z +5 : g > 700 or amount > 2 * a or v > h or d > 1 or l != currency or o < 3\n"
	"bands review 10, block 20\n";

/* All lines of the input judged, what went out in `to`. */
static void judge_all(struct span input, struct buf *to)
{
	struct judge_options options = JUDGE_DEFAULTS;
	struct intake in = {0};
	struct buf errors = {0};
	struct judge j;
	const char *end = input.p + input.n;

	options.explain = true;
	if (judge_init(&j, "fuzz.rules", SPAN(rules), "currencies", default_currencies(), &options, &errors) < 0)
		fuzz_fail(buf_span(&errors), "the rules of this target do not compile");
	for (const char *p = input.p, *next; p < end; p = next + 1) {
		size_t before = to->n;
		struct span line;

		next = memchr(p, '\n', (size_t)(end - p));
		next = next != NULL ? next : end;
		line = (struct span){p, (size_t)(next - p)};
		if (intake_judge(&in, line) == INTAKE_RECORD) {
			judge_enter(&j, NULL, &in.object);
			switch (judge_record(&j, &in.object, line, to)) {
			case JUDGED_REJECT:
			case JUDGED_STOP:
				if (to->n != before || j.detail == NULL)
					fuzz_fail(line, "refused, but not cleanly");
				break;
			default:
				if (to->n == before || to->p[to->n - 1] != '\n')
					fuzz_fail(line, "nothing went out");
			}
		}
		if (next == end)
			break;
	}
	judge_free(&j);
	intake_free(&in);
	buf_free(&errors);
}

void fuzz_one(struct span input)
{
	static struct buf once, twice;
	struct json_object o = {0};
	size_t at;

	buf_clear(&once);
	buf_clear(&twice);
	judge_all(input, &once);
	judge_all(input, &twice);
	if (!span_eq(buf_span(&once), buf_span(&twice)))
		fuzz_fail(input, "the same lines got other verdicts");
	for (size_t begin = 0, n; begin < once.n; begin += n + 1) {
		n = (size_t)((const char *)memchr(once.p + begin, '\n', once.n - begin) - (once.p + begin));
		if (json_scan(&o, (struct span){once.p + begin, n}, &at) != JSON_OK || json_duplicate(&o) != NULL)
			fuzz_fail(input, "what went out is not one JSON object: %.*s", (int)n, once.p + begin);
	}
	json_object_free(&o);
}
