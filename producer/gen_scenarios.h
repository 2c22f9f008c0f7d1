/*
 * Fraud. Three scenarios are incidents: a chain of purchases that begins at some moment (card testing, counterfeit
 * card, account takeover). Two are states that last for days and touch a part of what happens anyway (leaked card,
 * compromised merchant): who is affected at a given time follows from the seed, so that a short stream has its
 * share of them too.
 */
#ifndef TXPIPE_GEN_SCENARIOS_H
#define TXPIPE_GEN_SCENARIOS_H

#include "gen_purchase.h"

enum { INCIDENT_CARD_TESTING, INCIDENT_COUNTERFEIT, INCIDENT_TAKEOVER, INCIDENTS };

/* Incidents under way at once; further ones wait. Reached only by a small population at an enormous rate. */
#define INCIDENTS_MAX 200000

struct incident {
	int64_t time; /* of its next purchase */
	uint64_t customer, device;
	struct random random;
	uint16_t city; /* where the fraudster sits */
	uint8_t kind, step, steps;
};

struct scenarios {
	double begin[INCIDENTS]; /* incidents for each ordinary purchase */
	uint64_t owed[INCIDENTS];
	struct incident *heap; /* earliest first */
	size_t count, cap;
	uint64_t leaked, compromised; /* cards and merchants affected at any time */
	double state_share[2];        /* probability that an ordinary purchase is replaced: leaked, compromised */
};

/* `per_day` is the number of purchases that the stream is to have, on average; `now` is where it begins. Incidents
 * that began before are under way already. */
void scenarios_init(struct scenarios *s, const struct world *w, const struct shares *shares, double per_day,
                    int64_t now, struct random *r);
void scenarios_free(struct scenarios *s);

/* When the next purchase of an incident is due, or INT64_MAX. */
static inline int64_t scenarios_due(const struct scenarios *s)
{
	return s->count > 0 ? s->heap[0].time : INT64_MAX;
}

/* That purchase, at time t (its own time or, live, somewhat later). */
void scenarios_take(struct scenarios *s, const struct world *w, int64_t t, struct record *to);

/* Perhaps a purchase of one of the two states instead of an ordinary one: true if *to is filled. */
bool scenarios_state(const struct scenarios *s, const struct world *w, const struct rhythm *y, struct random *r,
                     int64_t t, struct record *to);

/* After an ordinary purchase at time t: perhaps an incident begins. */
void scenarios_begin(struct scenarios *s, const struct world *w, struct random *r, const struct person *p,
                     const struct record *purchase, int64_t t);

#endif
