#include "gen_scenarios.h"

#include <stdlib.h>

#include "buf.h"
#include "gen_math.h"

static const int64_t SECOND = 1000000, MINUTE = 60000000, DAY = 86400000000;

enum { LEAKED_DAYS = 10, COMPROMISED_DAYS = 12 };

/* How many purchases an incident has, and for how long it lasts at most. */
static const struct {
	enum share_kind share;
	enum story story;
	unsigned least, most; /* purchases */
	int64_t span;
} incidents[INCIDENTS] = {
	{SHARE_CARD_TESTING, STORY_CARD_TESTING, 9, 26, 31 * 60000000LL},
	{SHARE_COUNTERFEIT, STORY_COUNTERFEIT, 1, 4, 6 * 3600000000LL},
	{SHARE_TAKEOVER, STORY_TAKEOVER, 2, 5, 2 * 3600000000LL},
};

/* --- the heap ------------------------------------------------------------------------------------------------- */

static void sift_up(struct scenarios *s, size_t i)
{
	struct incident moving = s->heap[i];

	while (i > 0 && s->heap[(i - 1) / 2].time > moving.time) {
		s->heap[i] = s->heap[(i - 1) / 2];
		i = (i - 1) / 2;
	}
	s->heap[i] = moving;
}

static void sift_down(struct scenarios *s, size_t i)
{
	struct incident moving = s->heap[i];

	for (;;) {
		size_t child = 2 * i + 1;

		if (child + 1 < s->count && s->heap[child + 1].time < s->heap[child].time)
			child++;
		if (child >= s->count || s->heap[child].time >= moving.time)
			break;
		s->heap[i] = s->heap[child];
		i = child;
	}
	s->heap[i] = moving;
}

static void push(struct scenarios *s, const struct incident *c)
{
	if (s->count == s->cap) {
		s->cap = s->cap > 0 ? 2 * s->cap : 64;
		s->heap = xrealloc(s->heap, s->cap * sizeof *s->heap);
	}
	s->heap[s->count] = *c;
	sift_up(s, s->count++);
}

/* --- incidents ------------------------------------------------------------------------------------------------ */

/* Time to the next purchase of the incident. */
static int64_t pause(struct incident *c)
{
	struct random *r = &c->random;

	switch (c->kind) {
	case INCIDENT_CARD_TESTING:
		return 4 * SECOND + (int64_t)random_below(r, 46 * 1000000);
	case INCIDENT_COUNTERFEIT:
		return c->step == 0 ? 20 * MINUTE + (int64_t)random_below(r, 160 * 60000000ULL)
		                    : 10 * MINUTE + (int64_t)random_below(r, 50 * 60000000ULL);
	default:
		return c->step == 0 ? MINUTE + (int64_t)random_below(r, 10 * 60000000ULL)
		                    : 2 * MINUTE + (int64_t)random_below(r, 13 * 60000000ULL);
	}
}

/* A new incident that begins at time t, its first purchase a little later. */
static struct incident make(const struct world *w, struct random *r, unsigned kind, uint64_t customer, int64_t t)
{
	struct incident c = {.customer = customer, .kind = (uint8_t)kind};
	struct person p;

	people_get(w, customer, &p);
	random_seed(&c.random, random_bits(r), kind);
	c.steps = (uint8_t)(incidents[kind].least +
	                    random_below(&c.random, incidents[kind].most - incidents[kind].least + 1));
	c.device = random_bits(&c.random);
	c.city = (uint16_t)world_draw_city(w, &c.random, kind == INCIDENT_COUNTERFEIT || random_below(&c.random, 10) < 6
	                                                         ? people_country(&p)
	                                                         : WORLD_COUNTRIES);
	c.time = t + pause(&c);
	return c;
}

/* The fraudster's own device and place, for purchases that need neither card nor phone. */
static void disguise(const struct incident *c, struct record *to)
{
	to->device = c->device;
	to->latitude = world_cities[c->city].latitude + (int32_t)(c->device % 20001) - 10000;
	to->longitude = world_cities[c->city].longitude + (int32_t)(c->device / 20001 % 20001) - 10000;
	if (to->payment == PAY_APPLE || to->payment == PAY_GOOGLE)
		to->payment = PAY_CREDIT;
}

void scenarios_take(struct scenarios *s, const struct world *w, int64_t t, struct record *to)
{
	struct incident *c = &s->heap[0];
	struct random *r = &c->random;
	struct person p;
	struct purchase b = {.person = &p, .time = t, .remote = c->kind != INCIDENT_COUNTERFEIT};
	uint64_t first, end;

	people_get(w, c->customer, &p);
	if (c->kind == INCIDENT_COUNTERFEIT)
		world_merchants_near(w, c->city, &first, &end);
	else
		world_merchants_in(w, random_below(r, 2) == 0 ? people_country(&p) : world_cities[c->city].country,
		                   &first, &end);
	shops_get(w, shops_draw(r, first, end, b.remote ? SHOP_REMOTE : SHOP_LOCAL), &b.shop);
	c->step++;
	if (c->kind == INCIDENT_CARD_TESTING)
		b.base = c->step < c->steps ? amount_between(r, .5, 3) : amount_between(r, 200, 600);
	else
		b.base = amount_ordinary(r, &p, &b.shop, c->kind == INCIDENT_TAKEOVER ? amount_between(r, 2, 5) : 2);
	purchase_record(w, r, &b, to);
	to->story = incidents[c->kind].story;
	if (b.remote)
		disguise(c, to);
	if (c->step < c->steps) {
		c->time = t + pause(c);
	} else {
		*c = s->heap[--s->count];
		if (s->count == 0)
			return;
	}
	sift_down(s, 0);
}

/* One purchase of the incident passes unseen, because the stream has not begun. False at the incident's end. */
static bool skip(struct incident *c)
{
	c->step++;
	c->time += c->step < c->steps ? pause(c) : 0;
	return c->step < c->steps;
}

/* Incidents that began before `now` and are not over yet. */
static void warm_up(struct scenarios *s, const struct world *w, double per_microsecond, int64_t now, struct random *r)
{
	for (unsigned kind = 0; kind < INCIDENTS; kind++) {
		double mean = per_microsecond * s->begin[kind] * (double)incidents[kind].span;
		uint64_t n = gmath_times(r, mean < INCIDENTS_MAX / INCIDENTS ? mean : INCIDENTS_MAX / INCIDENTS);

		while (n-- > 0) {
			int64_t began = now - (int64_t)random_below(r, (uint64_t)incidents[kind].span);
			struct incident c = make(w, r, kind, random_below(r, w->customers), began);
			bool open = true;

			while (open && c.time < now)
				open = skip(&c);
			if (open)
				push(s, &c);
		}
	}
}

static bool begin_one(struct scenarios *s, const struct world *w, struct random *r, unsigned kind,
                      const struct person *p, const struct record *purchase, int64_t t)
{
	uint64_t customer = p->index;
	struct incident c;
	struct person victim;
	bool weekend;

	if (kind == INCIDENT_COUNTERFEIT && (purchase->foreign || purchase->late))
		return false; /* the true card is used at home shortly before the copy is used abroad */
	if (kind != INCIDENT_COUNTERFEIT)
		customer = random_below(r, w->customers);
	if (kind == INCIDENT_TAKEOVER) {
		people_get(w, customer, &victim);
		if (world_local(&world_cities[victim.city], t, &weekend) >= 5)
			return false; /* while the victim sleeps */
	}
	c = make(w, r, kind, customer, t);
	push(s, &c);
	return true;
}

void scenarios_begin(struct scenarios *s, const struct world *w, struct random *r, const struct person *p,
                     const struct record *purchase, int64_t t)
{
	for (unsigned kind = 0; kind < INCIDENTS; kind++) {
		s->owed[kind] += gmath_times(r, s->begin[kind]);
		for (int tries = 0; tries < 8 && s->owed[kind] > 0 && s->count < INCIDENTS_MAX; tries++)
			if (begin_one(s, w, r, kind, p, purchase, t))
				s->owed[kind]--;
	}
}

/* --- states --------------------------------------------------------------------------------------------------- */

/* Which of `n` overlapping spells holds at t: spell k begins k/n of the period later than spell 0. */
static uint64_t spell(uint64_t k, uint64_t n, int days, int64_t t)
{
	int64_t period = days * DAY;

	return (uint64_t)((t + (int64_t)((double)period * (double)k / (double)n)) / period);
}

static void leaked_card(const struct scenarios *s, const struct world *w, struct random *r, int64_t t,
                        struct record *to)
{
	struct random own;
	struct person p;

	for (int tries = 0; tries < 6; tries++) {
		uint64_t k = random_below(r, s->leaked);

		world_stream(w, &own, STREAM_LEAKED, k, spell(k, s->leaked, LEAKED_DAYS, t));
		people_get(w, random_below(&own, w->customers), &p);
		if (people_awake(&p, p.city, t, r))
			break;
	}
	purchase_ordinary(w, r, &p, t, SHARE_LIFE, SHOP_LOCAL, 5, to);
	to->story = STORY_LEAKED_CARD;
}

static void compromised_merchant(const struct scenarios *s, const struct world *w, const struct rhythm *y,
                                 struct random *r, int64_t t, struct record *to)
{
	uint64_t k = random_below(r, s->compromised), first, end;
	struct random own;
	struct person p;
	struct purchase b = {.person = &p, .time = t};

	world_stream(w, &own, STREAM_COMPROMISED, k, spell(k, s->compromised, COMPROMISED_DAYS, t));
	world_merchants_near(w, world_draw_city(w, &own, WORLD_COUNTRIES), &first, &end);
	shops_get(w, shops_draw(&own, first, end, SHOP_LOCAL), &b.shop);
	people_get(w, rhythm_draw_in(y, w, r, shops_country(&b.shop)), &p);
	b.remote = b.shop.category->remote;
	b.base = amount_ordinary(r, &p, &b.shop, 1.6);
	purchase_record(w, r, &b, to);
	to->story = STORY_COMPROMISED_MERCHANT;
}

bool scenarios_state(const struct scenarios *s, const struct world *w, const struct rhythm *y, struct random *r,
                     int64_t t, struct record *to)
{
	double dice = random_unit(r);

	if (dice < s->state_share[0])
		leaked_card(s, w, r, t, to);
	else if (dice < s->state_share[0] + s->state_share[1])
		compromised_merchant(s, w, y, r, t, to);
	else
		return false;
	return true;
}

/* --- life ----------------------------------------------------------------------------------------------------- */

static uint64_t at_least_one(double n, uint64_t most)
{
	return n < 1 ? 1 : n < (double)most ? (uint64_t)n : most;
}

void scenarios_init(struct scenarios *s, const struct world *w, const struct shares *shares, double per_day,
                    int64_t now, struct random *r)
{
	double incidents_share = 0, legitimate = 1 - shares->scenarios, ordinary;

	*s = (struct scenarios){0};
	for (unsigned i = 0; i < INCIDENTS; i++)
		incidents_share += shares->of[incidents[i].share];
	ordinary = 1 - incidents_share; /* of the stream: what does not come from an incident */
	for (unsigned i = 0; i < INCIDENTS; i++) {
		double purchases = (incidents[i].least + incidents[i].most) / 2.0; /* on average */

		s->begin[i] = shares->of[incidents[i].share] / purchases / legitimate;
	}
	s->state_share[0] = shares->of[SHARE_LEAKED_CARD] / ordinary;
	s->state_share[1] = shares->of[SHARE_COMPROMISED_MERCHANT] / ordinary;
	/* a leaked card is misused about five times, a merchant loses about 150 cards */
	s->leaked = at_least_one(shares->of[SHARE_LEAKED_CARD] * per_day * LEAKED_DAYS / 5, w->customers / 10 + 1);
	s->compromised = at_least_one(shares->of[SHARE_COMPROMISED_MERCHANT] * per_day * COMPROMISED_DAYS / 150,
	                              w->merchants / 20 + 1);
	warm_up(s, w, per_day * legitimate / (double)DAY, now, r);
}

void scenarios_free(struct scenarios *s)
{
	free(s->heap);
	*s = (struct scenarios){0};
}
