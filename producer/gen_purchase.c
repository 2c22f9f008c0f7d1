#include "gen_purchase.h"

#include "uuid.h"

static enum payment payment_for(const struct purchase *b, struct random *r)
{
	const struct person *p = b->person;
	uint64_t taste = random_below(r, 100);

	if (b->remote && taste < (b->shop.category->bill ? 50U : 4U))
		return PAY_TRANSFER;
	if (p->wallet && taste >= (b->remote ? 75U : 40U))
		return p->apple ? PAY_APPLE : PAY_GOOGLE;
	return p->debit ? PAY_DEBIT : PAY_CREDIT;
}

/* Travellers stay as far from the centre of the city as they live from that of their own. */
static void locate(const struct purchase *b, unsigned city, struct record *to)
{
	const struct person *p = b->person;

	if (b->remote) {
		to->latitude = world_cities[city].latitude + p->latitude - world_cities[p->city].latitude;
		to->longitude = world_cities[city].longitude + p->longitude - world_cities[p->city].longitude;
	} else {
		to->latitude = b->shop.latitude;
		to->longitude = b->shop.longitude;
	}
}

void purchase_record(const struct world *w, struct random *r, const struct purchase *b, struct record *to)
{
	const struct person *p = b->person;
	unsigned country = shops_country(&b->shop);
	bool fresh, computer = b->remote && p->second_device && random_below(r, 2) == 0;
	uint64_t id_a = random_bits(r), id_b = random_bits(r);

	to->time = b->time;
	uuid_v7(to->id, b->time / 1000, id_a, id_b);
	memcpy(to->customer, p->id, 16);
	memcpy(to->merchant, b->shop.id, 16);
	to->currency = &w->currency[w->money[country]];
	to->amount = amount_price(r, to->currency, b->base);
	locate(b, b->remote ? people_whereabouts(w, p, b->time) : p->city, to);
	to->device = people_phone(w, p, b->time, &fresh);
	if (computer)
		to->device = people_computer(w, p);
	to->payment = payment_for(b, r);
	to->foreign = country != people_country(p);
	to->late = false;
	to->story = fresh && !computer ? STORY_NEW_PHONE : STORY_ORDINARY;
	if (to->foreign)
		to->story = b->remote ? STORY_WEB_SHOP : STORY_TRIP;
}

static uint64_t foreign_shop(const struct world *w, struct random *r, const struct person *p, enum shop_kind kind)
{
	unsigned city = world_draw_city(w, r, people_country(p));
	uint64_t first, end;

	world_merchants_in(w, world_cities[city].country, &first, &end);
	return shops_draw(r, first, end, kind == SHOP_DURABLE ? kind : SHOP_REMOTE);
}

static uint64_t home_shop(const struct world *w, struct random *r, const struct person *p, unsigned city,
                          enum shop_kind kind)
{
	uint64_t first, end;

	if (city == p->city && random_below(r, 10) < 6)
		return shops_favourite(w, r, p, kind);
	if (kind == SHOP_LOCAL)
		world_merchants_near(w, city, &first, &end);
	else
		world_merchants_in(w, people_country(p), &first, &end);
	return shops_draw(r, first, end, kind);
}

void purchase_ordinary(const struct world *w, struct random *r, const struct person *p, int64_t t, double foreign,
                       enum shop_kind kind, double factor, struct record *to)
{
	unsigned city = people_whereabouts(w, p, t);
	bool abroad = world_cities[city].country != people_country(p), away;
	struct purchase b = {.person = p, .time = t, .remote = random_unit(r) < p->profile->remote};
	double dice = random_unit(r);
	uint64_t index, first, end;

	if (foreign >= 0)
		away = dice < foreign;
	else
		away = abroad ? !b.remote || dice < .2 : b.remote && dice < .10;
	if (kind != SHOP_DURABLE)
		kind = b.remote || abroad != away ? SHOP_REMOTE : SHOP_LOCAL;
	if (away && abroad && !b.remote) {
		world_merchants_near(w, city, &first, &end);
		index = shops_draw(r, first, end, kind);
	} else if (away) {
		index = foreign_shop(w, r, p, kind);
		b.remote = true;
	} else {
		index = home_shop(w, r, p, city, kind);
		b.remote = b.remote || abroad;
	}
	shops_get(w, index, &b.shop);
	b.remote = b.remote || b.shop.category->remote;
	b.base = amount_ordinary(r, p, &b.shop, factor);
	purchase_record(w, r, &b, to);
}

/* Coordinates that no place has: a slip of one digit, exchanged members, placeholders, degrees in another unit. */
static void misplace(struct random *r, struct record *to)
{
	int64_t latitude = to->latitude, sign = random_below(r, 2) == 0 ? 1 : -1;

	switch (random_below(r, 6)) {
	case 0:
		to->latitude = sign * (90 * DEGREE + 1 + (int64_t)random_below(r, 100));
		break;
	case 1:
		to->latitude = sign * (91 * DEGREE + (int64_t)random_below(r, 89 * DEGREE));
		break;
	case 2:
		to->longitude = sign * (180 * DEGREE + 1 + (int64_t)random_below(r, 180 * DEGREE));
		break;
	case 3:
		to->latitude = to->longitude = 999 * DEGREE;
		break;
	case 4:
		to->latitude = to->longitude;
		to->longitude = latitude;
		if (!record_bad_location(to))
			to->latitude += sign * 200 * DEGREE;
		break;
	default:
		to->latitude *= 1000000;
		to->longitude *= 1000000;
		if (!record_bad_location(to))
			to->longitude = sign * 360 * DEGREE;
		break;
	}
}

/* Values on the edge of a seed rule: amounts beside the threshold, poles and the date line. */
static void put_on_edge(struct random *r, struct record *to)
{
	int64_t sign = random_below(r, 2) == 0 ? 1 : -1;

	switch (random_below(r, 8)) {
	case 0:
		to->latitude = sign * 90 * DEGREE;
		break;
	case 1:
		to->longitude = sign * 180 * DEGREE;
		break;
	default:
		to->amount = amount_boundary(r, to->currency);
	}
}

void purchase_case(const struct world *w, const struct shares *s, double among, struct random *r,
                   const struct person *p, int64_t t, struct record *to)
{
	double dice = random_unit(r) * among, foreign = s->of[SHARE_FOREIGN]; /* SHARE_LIFE stays negative */
	bool high = dice < s->of[SHARE_HIGH_AMOUNT];
	bool boundary = !high && dice < s->of[SHARE_HIGH_AMOUNT] + s->of[SHARE_BOUNDARY];

	purchase_ordinary(w, r, p, t, foreign / among, high ? SHOP_DURABLE : SHOP_LOCAL, 1, to);
	if (random_unit(r) * among < s->of[SHARE_BAD_LOCATION])
		misplace(r, to);
	else if (boundary)
		put_on_edge(r, to);
	if (high) {
		to->amount = amount_high(r, to->currency);
		to->story = STORY_LARGE_PURCHASE;
	}
}
