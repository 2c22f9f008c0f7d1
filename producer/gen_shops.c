#include "gen_shops.h"

#include "gen_math.h"

enum { FAVOURITES = 8 };

static const struct category *category_of(uint64_t index)
{
	return &world_categories[index % WORLD_CATEGORIES];
}

void shops_get(const struct world *w, uint64_t index, struct shop *s)
{
	struct random r;
	uint64_t high, low;

	world_stream(w, &r, STREAM_MERCHANT, index, 0);
	high = random_bits(&r);
	low = random_bits(&r);
	s->index = index;
	for (int i = 0; i < 8; i++) {
		s->id[i] = (uint8_t)(high >> (56 - 8 * i));
		s->id[8 + i] = (uint8_t)(low >> (56 - 8 * i));
	}
	s->id[6] = (uint8_t)((s->id[6] & 0x0f) | 0x40); /* version 4 */
	s->id[8] = (uint8_t)((s->id[8] & 0x3f) | 0x80);
	s->city = world_city_of(w, index);
	s->category = category_of(index);
	s->latitude = world_cities[s->city].latitude + (int32_t)(random_below(&r, 16001)) - 8000;
	s->longitude = world_cities[s->city].longitude + (int32_t)(random_below(&r, 16001)) - 8000;
}

static bool suits(uint64_t index, enum shop_kind kind)
{
	const struct category *c = category_of(index);

	return kind == SHOP_LOCAL ? !c->remote : kind == SHOP_REMOTE ? c->remote : c->durable;
}

uint64_t shops_draw(struct random *r, uint64_t first, uint64_t end, enum shop_kind kind)
{
	uint64_t n = end - first, drawn = gmath_zipf(r, n);

	/* Categories repeat: all of them stand within the next WORLD_CATEGORIES, if they stand anywhere in the
	 * range. */
	for (uint64_t i = 0; i < WORLD_CATEGORIES && i < n; i++) {
		uint64_t index = first + (drawn + i) % n;

		if (suits(index, kind))
			return index;
	}
	return first + drawn;
}

uint64_t shops_favourite(const struct world *w, struct random *r, const struct person *p, enum shop_kind kind)
{
	uint64_t number = (uint64_t)kind * FAVOURITES + gmath_zipf(r, FAVOURITES), first, end;
	struct random own;

	world_stream(w, &own, STREAM_FAVOURITE, p->index, number);
	if (kind == SHOP_REMOTE)
		world_merchants_in(w, people_country(p), &first, &end);
	else
		world_merchants_near(w, p->city, &first, &end);
	return shops_draw(&own, first, end, kind);
}
