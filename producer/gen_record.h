/* One transaction, and the truth about it, before it becomes text. */
#ifndef TXPIPE_GEN_RECORD_H
#define TXPIPE_GEN_RECORD_H

#include <stdbool.h>
#include <stdint.h>

enum payment { PAY_CREDIT, PAY_DEBIT, PAY_APPLE, PAY_GOOGLE, PAY_TRANSFER };

/* What a record is in truth. Up to STORY_LAST_LEGITIMATE nothing is wrong with it, however it looks. */
enum story {
	STORY_ORDINARY,
	STORY_TRIP,           /* paid on the spot abroad, by a customer who travels */
	STORY_WEB_SHOP,       /* bought from a shop in another country */
	STORY_LARGE_PURCHASE, /* above the threshold of the seed rules */
	STORY_NEW_PHONE,      /* with a phone less than a week old */
	STORY_LAST_LEGITIMATE = STORY_NEW_PHONE,
	STORY_CARD_TESTING,
	STORY_COUNTERFEIT,
	STORY_TAKEOVER,
	STORY_LEAKED_CARD,
	STORY_COMPROMISED_MERCHANT,
	STORIES
};

extern const char *const record_story_name[STORIES];

static inline bool record_is_fraud(enum story story)
{
	return story > STORY_LAST_LEGITIMATE;
}

struct record {
	int64_t time; /* of the event, microseconds */
	uint8_t id[16], customer[16], merchant[16];
	const struct currency *currency;
	int64_t amount;              /* minor units of the currency */
	int64_t latitude, longitude; /* 1 / DEGREE; may lie out of range */
	uint64_t device;
	enum payment payment;
	bool foreign;
	bool late;
	enum story story;
};

/* The seed rules' view of a record: the same float64 arithmetic that a rule or an SQL statement does. */
bool record_high_amount(const struct record *r);
bool record_bad_location(const struct record *r);

#endif
