/*
 * The catalogue: countries, cities, currencies, merchant categories, customer profiles; and how customers and merchants
 * are spread over them. Nothing is stored per customer or merchant: each is an index, and everything about it follows
 * from the seed and that index, so that a population of any size starts at once.
 */
#ifndef TXPIPE_GEN_WORLD_H
#define TXPIPE_GEN_WORLD_H

#include <stdbool.h>
#include <stdint.h>

#include "random.h"

enum {
	WORLD_COUNTRIES = 14,
	WORLD_CITIES = 46,
	WORLD_PROFILES = 6,
	WORLD_CATEGORIES = 24,
	WORLD_CURRENCIES = 32,
	WORLD_SEGMENTS = WORLD_CITIES * WORLD_PROFILES
};

/* Places are whole hundred-thousandths of a degree, so that records carry exactly what the dimensions say. */
#define DEGREE 100000

struct country {
	const char *code; /* ISO 3166 */
	const char *currency;
};

struct city {
	const char *name;
	uint8_t country;
	int32_t latitude, longitude; /* in 1 / DEGREE */
	int16_t utc_offset;          /* minutes, without daylight saving */
	uint16_t weight;             /* its part of customers and merchants */
};

struct category {
	const char *name;
	double median, sigma; /* of the log-normal amount, in the base currency */
	bool remote;          /* bought from afar: web shops, bookings, bills */
	bool durable;         /* where rare large purchases happen */
	bool bill;            /* mostly paid by transfer */
};

struct profile {
	const char *name;
	uint16_t weight;
	double per_day;     /* purchases */
	double spend;       /* factor on amounts */
	double remote;      /* share of purchases made from afar */
	double travel;      /* probability of a trip in eight weeks */
	double weekend;     /* factor on purchases on Saturday and Sunday */
	uint8_t hours[24];  /* rhythm: relative activity by local hour */
};

struct currency {
	char code[4];
	double units;      /* per unit of the base currency */
	unsigned decimals; /* of its amounts */
	int64_t scale;     /* 10^decimals */
	int64_t step;      /* usual smallest step of prices, in minor units */
};

extern const struct country world_countries[WORLD_COUNTRIES];
extern const struct city world_cities[WORLD_CITIES];
extern const struct category world_categories[WORLD_CATEGORIES];
extern const struct profile world_profiles[WORLD_PROFILES];

struct world {
	uint64_t seed;
	uint64_t customers, merchants;
	unsigned countries, cities; /* in use: a small number of merchants serves the first countries only */
	/* customers of segment s (city * WORLD_PROFILES + profile): indexes customer_start[s] ..
	 * customer_start[s + 1] - 1 */
	uint64_t customer_start[WORLD_SEGMENTS + 1];
	uint64_t merchant_start[WORLD_CITIES + 1]; /* the same for the merchants of a city */
	struct currency currency[WORLD_CURRENCIES];
	unsigned currencies;
	uint8_t money[WORLD_COUNTRIES]; /* country -> index into currency */
};

enum { WORLD_MIN_MERCHANTS = 2 };

/* The text that `txgen currencies` prints: NDJSON. */
extern const char *const world_currency_text;

/* merchants >= WORLD_MIN_MERCHANTS, customers >= 1. */
void world_init(struct world *w, uint64_t seed, uint64_t customers, uint64_t merchants);

/* What a random stream is for: every customer, merchant, trip … has one of its own. */
enum world_stream {
	STREAM_MAIN = 1, STREAM_FAULTS, STREAM_CUSTOMER, STREAM_MERCHANT, STREAM_TRIP, STREAM_PHONE, STREAM_DEVICE,
	STREAM_FAVOURITE, STREAM_LEAKED, STREAM_COMPROMISED, STREAM_NAME
};

/* The random stream of (kind, index, number); index < 2^36. */
void world_stream(const struct world *w, struct random *r, enum world_stream kind, uint64_t index, uint64_t number);

/* First and last + 1 of the cities of a country in use. */
void world_cities_of(const struct world *w, unsigned country, unsigned *first, unsigned *end);

/* A city in use by weight; `abroad_of` is a country that it must not lie in, or WORLD_COUNTRIES. */
unsigned world_draw_city(const struct world *w, struct random *r, unsigned abroad_of);

/* Merchants of a city, or of its country if the city has none: first and last + 1. Never empty. */
void world_merchants_near(const struct world *w, unsigned city, uint64_t *first, uint64_t *end);
void world_merchants_in(const struct world *w, unsigned country, uint64_t *first, uint64_t *end);

/* The segment of a customer, the city of a merchant. */
unsigned world_segment_of(const struct world *w, uint64_t customer);
unsigned world_city_of(const struct world *w, uint64_t merchant);

/* Local hour (0..23) and whether it is a weekend, at microseconds UTC. */
unsigned world_local(const struct city *c, int64_t microseconds, bool *weekend);

#endif
