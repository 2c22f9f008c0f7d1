/* Merchants, and which of them a purchase goes to. */
#ifndef TXPIPE_GEN_SHOPS_H
#define TXPIPE_GEN_SHOPS_H

#include "gen_people.h"

struct shop {
	uint64_t index;
	uint8_t id[16];
	unsigned city;
	const struct category *category;
	int32_t latitude, longitude; /* 1 / DEGREE */
};

void shops_get(const struct world *w, uint64_t index, struct shop *s);

static inline unsigned shops_country(const struct shop *s)
{
	return world_cities[s->city].country;
}

enum shop_kind { SHOP_LOCAL, SHOP_REMOTE, SHOP_DURABLE };

/* One of merchants first .. end-1 of that kind (of any kind if there is none) by popularity: Zipf. */
uint64_t shops_draw(struct random *r, uint64_t first, uint64_t end, enum shop_kind kind);

/* One of the person's own favourites near home, or in the home country if remote. */
uint64_t shops_favourite(const struct world *w, struct random *r, const struct person *p, enum shop_kind kind);

#endif
