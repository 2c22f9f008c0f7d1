/*
 * Customers: who they are, where they are at a given time, and what they hold in their hands. Everything follows
 * from the seed and the customer's index; nothing is remembered.
 */
#ifndef TXPIPE_GEN_PEOPLE_H
#define TXPIPE_GEN_PEOPLE_H

#include "gen_world.h"

struct person {
	uint64_t index;
	uint8_t id[16];
	unsigned city; /* home */
	const struct profile *profile;
	int32_t latitude, longitude; /* home, 1 / DEGREE */
	double spend;                /* factor on amounts: the profile's and the person's own */
	bool wallet;                 /* pays by phone where that is possible */
	bool apple;                  /* … and which kind of phone it is */
	bool debit;                  /* the card in the purse */
	bool second_device;          /* a computer beside the phone */
};

void people_get(const struct world *w, uint64_t index, struct person *p);

static inline unsigned people_country(const struct person *p)
{
	return world_cities[p->city].country;
}

/* Where the person is at that time (microseconds): the city of a trip, or home. */
unsigned people_whereabouts(const struct world *w, const struct person *p, int64_t t);

/* The phone in use at that time; *fresh if it was bought within the last week. */
uint64_t people_phone(const struct world *w, const struct person *p, int64_t t, bool *fresh);
uint64_t people_computer(const struct world *w, const struct person *p);

/* Whether the person, being in that city, would buy something at that time: true as often as the rhythm of the
 * day says. */
bool people_awake(const struct person *p, unsigned city, int64_t t, struct random *r);

/*
 * Purchases of the whole population as one Poisson process: the sum of everybody's own rhythm. A person drawn from
 * it at time t is distributed as if each had been simulated alone (superposition of Poisson processes).
 */
struct rhythm {
	int64_t until;               /* rates hold up to here (microseconds): time zones end on half hours */
	double rate;                 /* purchases per microsecond of the whole population */
	double upto[WORLD_SEGMENTS]; /* cumulative */
	unsigned segments;
};

/* Rates at t, if not already known. */
void rhythm_set(struct rhythm *y, const struct world *w, int64_t t);

/* A customer, by activity at the time of rhythm_set(). */
uint64_t rhythm_draw(const struct rhythm *y, const struct world *w, struct random *r);

/* The same among the customers of one country. */
uint64_t rhythm_draw_in(const struct rhythm *y, const struct world *w, struct random *r, unsigned country);

/* Mean purchases a day of the whole population. */
double rhythm_per_day(const struct world *w);

#endif
