#include "gen_shares.h"

#include <stdbool.h>
#include <string.h>

#include "parse.h"

static const struct {
	const char *name;
	double share;
} defaults[SHARES] = {
	[SHARE_CARD_TESTING] = {"card_testing", .003},
	[SHARE_COUNTERFEIT] = {"counterfeit", .0015},
	[SHARE_TAKEOVER] = {"takeover", .0015},
	[SHARE_LEAKED_CARD] = {"leaked_card", .002},
	[SHARE_COMPROMISED_MERCHANT] = {"compromised_merchant", .003},
	[SHARE_HIGH_AMOUNT] = {"high_amount", .003},
	[SHARE_FOREIGN] = {"foreign", SHARE_LIFE},
	[SHARE_BAD_LOCATION] = {"bad_location", .002},
	[SHARE_BOUNDARY] = {"boundary", .0005},
	[SHARE_TORN] = {"torn", 0},
	[SHARE_TRAILING_TEXT] = {"trailing_text", 0},
	[SHARE_NOT_A_NUMBER] = {"not_a_number", 0},
	[SHARE_NOT_OBJECT] = {"not_object", 0},
	[SHARE_NOT_UTF8] = {"not_utf8", 0},
	[SHARE_NUL_ESCAPED] = {"nul_escaped", 0},
	[SHARE_NUL_RAW] = {"nul_raw", 0},
	[SHARE_WRONG_TYPE] = {"wrong_type", 0},
	[SHARE_MISSING_MEMBER] = {"missing_member", 0},
	[SHARE_BAD_UUID] = {"bad_uuid", 0},
	[SHARE_BAD_TIME] = {"bad_time", 0},
	[SHARE_AMOUNT_TOO_LARGE] = {"amount_too_large", 0},
	[SHARE_DUPLICATE_NAME] = {"duplicate_name", 0},
	[SHARE_FORGED_KAFKA] = {"forged_kafka", 0},
	[SHARE_FORGED_KAFKA_ESCAPED] = {"forged_kafka_escaped", 0},
	[SHARE_FORGED_REJECT] = {"forged_reject", 0},
	[SHARE_CONFLICTING_DUPLICATE] = {"conflicting_duplicate", 0},
	[SHARE_OVER_LONG] = {"over_long", 0},
};

const char *share_name(enum share_kind kind)
{
	return defaults[kind].name;
}

static double sum(const struct shares *s, int first, int last)
{
	double total = 0;

	for (int i = first; i <= last; i++)
		total += s->of[i];
	return total;
}

static void set_one(struct shares *s, bool *given, const char *text)
{
	size_t n = strcspn(text, "=");
	int kind = 0;
	double share;

	if (text[n] == '\0')
		opt_usage("--rate-of %s: NAME=SHARE is wanted, such as high_amount=0.01", text);
	while (kind < SHARES && !span_eq((struct span){text, n}, span_of(defaults[kind].name)))
		kind++;
	if (kind == SHARES)
		opt_usage("--rate-of %s: there is no scenario, case or malformed kind of that name", text);
	if (given[kind])
		opt_usage("--rate-of %s: the name is given twice", text);
	if (parse_real(span_of(text + n + 1), &share) < 0 || share < 0 || share > 1)
		opt_usage("--rate-of %s: the share is not a number from 0 to 1", text);
	given[kind] = true;
	s->of[kind] = share;
}

static void divide_malformed(struct shares *s, const bool *given, double share)
{
	int kinds = 0;

	for (int i = SHARE_FIRST_MALFORMED; i <= SHARE_LAST_MALFORMED; i++)
		kinds += !given[i] && i != SHARE_OVER_LONG;
	if (kinds == 0 && share > 0)
		opt_usage("--malformed: --rate-of has set every kind already");
	for (int i = SHARE_FIRST_MALFORMED; i <= SHARE_LAST_MALFORMED; i++)
		if (!given[i] && i != SHARE_OVER_LONG)
			s->of[i] = share / kinds;
}

void shares_set(struct shares *s, double malformed, const struct opt_list *rates)
{
	bool given[SHARES] = {false};

	for (int i = 0; i < SHARES; i++)
		s->of[i] = defaults[i].share;
	for (size_t i = 0; i < rates->count; i++)
		set_one(s, given, rates->item[i]);
	divide_malformed(s, given, malformed);
	s->scenarios = sum(s, SHARE_FIRST_SCENARIO, SHARE_LAST_SCENARIO);
	s->malformed = sum(s, SHARE_FIRST_MALFORMED, SHARE_LAST_MALFORMED);
	if (s->scenarios > SHARE_SCENARIOS_MAX)
		opt_usage("--rate-of: the fraud scenarios together exceed %g of the records", SHARE_SCENARIOS_MAX);
	if (s->of[SHARE_HIGH_AMOUNT] + s->of[SHARE_BOUNDARY] > 1)
		opt_usage("--rate-of: high_amount and boundary exclude each other and exceed 1 together");
	if (s->malformed > 1)
		opt_usage("--malformed and --rate-of: more than one malformed line for each record");
}
