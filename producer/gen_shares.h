/* How often each thing happens: shares by name, with defaults that look like life, set by --rate-of NAME=SHARE. */
#ifndef TXPIPE_GEN_SHARES_H
#define TXPIPE_GEN_SHARES_H

#include <stddef.h>

#include "opt.h"

enum share_kind {
	/* fraud: shares of the well-formed originals */
	SHARE_CARD_TESTING, SHARE_COUNTERFEIT, SHARE_TAKEOVER, SHARE_LEAKED_CARD, SHARE_COMPROMISED_MERCHANT,
	/* cases for the seed rules: shares of the well-formed originals, among legitimate ones */
	SHARE_HIGH_AMOUNT, SHARE_FOREIGN, SHARE_BAD_LOCATION, SHARE_BOUNDARY,
	/* malformed lines: shares of the well-formed originals, on top of them */
	SHARE_TORN, SHARE_TRAILING_TEXT, SHARE_NOT_A_NUMBER, SHARE_NOT_OBJECT, SHARE_NOT_UTF8, SHARE_NUL_ESCAPED,
	SHARE_NUL_RAW, SHARE_WRONG_TYPE, SHARE_MISSING_MEMBER, SHARE_BAD_UUID, SHARE_BAD_TIME, SHARE_AMOUNT_TOO_LARGE,
	SHARE_DUPLICATE_NAME, SHARE_FORGED_KAFKA, SHARE_FORGED_KAFKA_ESCAPED, SHARE_FORGED_REJECT,
	SHARE_CONFLICTING_DUPLICATE, SHARE_OVER_LONG,
	SHARES,
	SHARE_FIRST_SCENARIO = SHARE_CARD_TESTING,
	SHARE_LAST_SCENARIO = SHARE_COMPROMISED_MERCHANT,
	SHARE_FIRST_CASE = SHARE_HIGH_AMOUNT,
	SHARE_LAST_CASE = SHARE_BOUNDARY,
	SHARE_FIRST_MALFORMED = SHARE_TORN,
	SHARE_LAST_MALFORMED = SHARE_OVER_LONG
};

/* `foreign` left alone: trips and web shops decide, not a share. */
#define SHARE_LIFE (-1.0)

/* Scenarios need ordinary purchases around them. */
#define SHARE_SCENARIOS_MAX .9

struct shares {
	double of[SHARES];
	double scenarios; /* sum of the five */
	double malformed; /* sum of all malformed kinds */
};

const char *share_name(enum share_kind kind);

/*
 * Defaults, then each NAME=SHARE of --rate-of. `malformed` (of --malformed) is divided evenly among the malformed
 * kinds that --rate-of leaves alone, but SHARE_OVER_LONG. Ends the process with a usage error for unknown or
 * repeated names and shares that are no numbers in 0..1 or too large together.
 */
void shares_set(struct shares *s, double malformed, const struct opt_list *rates);

#endif
