#include "gen_people.h"

#include <math.h>

#include "gen_math.h"

static const int64_t DAY = 86400000000;

/* Homes lie within about 15 km of the city's centre, closer more often. */
static int32_t scatter(struct random *r, int32_t centre)
{
	return centre + (int32_t)(random_below(r, 15001) + random_below(r, 15001)) - 15000;
}

static void random_id(struct random *r, uint8_t id[16])
{
	uint64_t high = random_bits(r), low = random_bits(r);

	for (int i = 0; i < 8; i++) {
		id[i] = (uint8_t)(high >> (56 - 8 * i));
		id[8 + i] = (uint8_t)(low >> (56 - 8 * i));
	}
	id[6] = (uint8_t)((id[6] & 0x0f) | 0x40); /* version 4 */
	id[8] = (uint8_t)((id[8] & 0x3f) | 0x80);
}

void people_get(const struct world *w, uint64_t index, struct person *p)
{
	unsigned segment = world_segment_of(w, index);
	struct random r;
	uint64_t traits;

	world_stream(w, &r, STREAM_CUSTOMER, index, 0);
	p->index = index;
	random_id(&r, p->id);
	p->city = segment / WORLD_PROFILES;
	p->profile = &world_profiles[segment % WORLD_PROFILES];
	p->latitude = scatter(&r, world_cities[p->city].latitude);
	p->longitude = scatter(&r, world_cities[p->city].longitude);
	traits = random_bits(&r);
	p->wallet = (traits & 0xff) < 110;
	p->apple = (traits >> 8 & 0xff) < 128;
	p->debit = (traits >> 16 & 0xff) < 90;
	p->second_device = (traits >> 24 & 0xff) < 170;
	p->spend = p->profile->spend * gmath_exp(.4 * gmath_normal(&r));
}

/* Eight weeks hold at most one trip of a person, 2 to 14 days long. */
unsigned people_whereabouts(const struct world *w, const struct person *p, int64_t t)
{
	const int64_t period = 56 * DAY;
	struct random r;
	int64_t start, length;

	world_stream(w, &r, STREAM_TRIP, p->index, (uint64_t)(t / period));
	if (random_unit(&r) >= p->profile->travel)
		return p->city;
	length = (2 + (int64_t)random_below(&r, 13)) * DAY;
	start = t / period * period + (int64_t)random_below(&r, (uint64_t)(period - length));
	if (t < start || t >= start + length)
		return p->city;
	return world_draw_city(w, &r, random_below(&r, 10) < 7 ? people_country(p) : WORLD_COUNTRIES);
}

uint64_t people_phone(const struct world *w, const struct person *p, int64_t t, bool *fresh)
{
	const int64_t period = 500 * DAY, new = 7 * DAY; /* one phone is bought in each period, and is new within it */
	uint64_t number = (uint64_t)(t / period);
	struct random r;
	int64_t bought;

	world_stream(w, &r, STREAM_PHONE, p->index, number);
	bought = (int64_t)number * period + (int64_t)random_below(&r, (uint64_t)(period - new));
	*fresh = t >= bought && t < bought + new;
	world_stream(w, &r, STREAM_DEVICE, p->index, t >= bought ? number + 1 : number);
	return random_bits(&r);
}

uint64_t people_computer(const struct world *w, const struct person *p)
{
	struct random r;

	world_stream(w, &r, STREAM_DEVICE, p->index, 0x3fffff);
	return random_bits(&r);
}

bool people_awake(const struct person *p, unsigned city, int64_t t, struct random *r)
{
	bool weekend;
	unsigned hour = world_local(&world_cities[city], t, &weekend);

	return random_below(r, 64) < p->profile->hours[hour]; /* 64 is the highest entry of the tables */
}

/* Share of a day's purchases that falls into the local hour, times 24, times the weekend's factor. */
static double activity(const struct profile *f, unsigned hour, bool weekend)
{
	unsigned sum = 0;

	for (int i = 0; i < 24; i++)
		sum += f->hours[i];
	return 24.0 * f->hours[hour] / sum * (weekend ? f->weekend : 1);
}

void rhythm_set(struct rhythm *y, const struct world *w, int64_t t)
{
	const int64_t half_hour = 1800000000;

	if (y->segments > 0 && t < y->until && t >= y->until - half_hour)
		return;
	y->until = (t / half_hour + 1) * half_hour;
	y->segments = w->cities * WORLD_PROFILES;
	y->rate = 0;
	for (unsigned s = 0; s < y->segments; s++) {
		const struct profile *f = &world_profiles[s % WORLD_PROFILES];
		uint64_t count = w->customer_start[s + 1] - w->customer_start[s];
		bool weekend;
		unsigned hour = world_local(&world_cities[s / WORLD_PROFILES], t, &weekend);

		y->rate += (double)count * f->per_day * activity(f, hour, weekend) / (double)DAY;
		y->upto[s] = y->rate;
	}
}

/* A segment among first .. end-1 by its rate (there is one with customers), then a customer in it: some buy far
 * more often than others (density x^(-1/3) over the segment). */
static uint64_t draw(const struct rhythm *y, const struct world *w, struct random *r, unsigned first, unsigned end)
{
	double from = first > 0 ? y->upto[first - 1] : 0;
	double at = from + random_unit(r) * (y->upto[end - 1] - from), u;
	unsigned low = first, high = end - 1;
	uint64_t count, k;

	while (low < high) { /* the first segment with upto > at */
		unsigned middle = (low + high) / 2;

		if (y->upto[middle] > at)
			high = middle;
		else
			low = middle + 1;
	}
	while (w->customer_start[low + 1] == w->customer_start[low])
		low--; /* rounding at the upper end met an empty segment */
	count = w->customer_start[low + 1] - w->customer_start[low];
	u = random_unit(r);
	k = (uint64_t)(u * sqrt(u) * (double)count);
	return w->customer_start[low] + (k < count ? k : count - 1);
}

uint64_t rhythm_draw(const struct rhythm *y, const struct world *w, struct random *r)
{
	return draw(y, w, r, 0, y->segments);
}

uint64_t rhythm_draw_in(const struct rhythm *y, const struct world *w, struct random *r, unsigned country)
{
	unsigned first, end;

	world_cities_of(w, country, &first, &end);
	if (w->customer_start[first * WORLD_PROFILES] == w->customer_start[end * WORLD_PROFILES])
		return rhythm_draw(y, w, r); /* nobody lives there */
	return draw(y, w, r, first * WORLD_PROFILES, end * WORLD_PROFILES);
}

double rhythm_per_day(const struct world *w)
{
	double sum = 0;

	for (unsigned s = 0; s < w->cities * WORLD_PROFILES; s++) {
		const struct profile *f = &world_profiles[s % WORLD_PROFILES];

		double count = (double)(w->customer_start[s + 1] - w->customer_start[s]);

		sum += count * f->per_day * (5 + 2 * f->weekend) / 7;
	}
	return sum;
}
