#include "gen_stream.h"

#include "gen_math.h"

static const int64_t HOUR = 3600000000;

/* Exponential gaps at a rate that is constant up to rhythm.until; memoryless, so at that border the draw starts
 * anew. */
static void draw_next(struct stream *s)
{
	for (;;) {
		double gap;

		rhythm_set(&s->rhythm, s->world, s->next);
		gap = gmath_exponential(&s->random) / (s->rhythm.rate * s->density);
		if (gap < (double)(s->rhythm.until - s->next)) {
			s->next += (int64_t)gap;
			return;
		}
		s->next = s->rhythm.until;
	}
}

void stream_init(struct stream *s, const struct world *w, const struct shares *shares, double late, bool live, double per_day,
                 int64_t from)
{
	double own = rhythm_per_day(w) / (1 - shares->scenarios);

	*s = (struct stream){.world = w, .shares = shares, .late = late, .live = live, .density = 1, .next = from};
	if (per_day > 0)
		s->density = per_day / own;
	else
		per_day = own;
	world_stream(w, &s->random, STREAM_MAIN, 0, 0);
	scenarios_init(&s->scenarios, w, shares, per_day, from, &s->random);
	if (!s->live)
		draw_next(s);
}

void stream_free(struct stream *s)
{
	scenarios_free(&s->scenarios);
}

int64_t stream_peek(const struct stream *s, int64_t now)
{
	int64_t due = scenarios_due(&s->scenarios);

	if (s->live)
		return now;
	return due <= s->next ? due : s->next;
}

/* 1 to 36 hours, the shorter the likelier. */
static int64_t lateness(struct random *r)
{
	double u = random_unit(r);

	return HOUR + (int64_t)(35 * u * u * (double)HOUR);
}

static void legitimate(struct stream *s, int64_t t, struct record *to)
{
	double among = 1 - s->shares->scenarios;
	bool late = random_unit(&s->random) * among < s->late;
	struct person p;

	people_get(s->world, rhythm_draw(&s->rhythm, s->world, &s->random), &p);
	purchase_case(s->world, s->shares, among, &s->random, &p, late ? t - lateness(&s->random) : t, to);
	to->late = late;
	scenarios_begin(&s->scenarios, s->world, &s->random, &p, to, t);
}

void stream_next(struct stream *s, int64_t now, struct record *to)
{
	int64_t t = stream_peek(s, now);

	if (scenarios_due(&s->scenarios) <= t) {
		scenarios_take(&s->scenarios, s->world, t, to);
		return;
	}
	rhythm_set(&s->rhythm, s->world, t);
	if (!scenarios_state(&s->scenarios, s->world, &s->rhythm, &s->random, t, to))
		legitimate(s, t, to);
	if (!s->live)
		draw_next(s);
}

void stream_extra(struct stream *s, struct random *r, int64_t t, struct record *to)
{
	struct person p;

	rhythm_set(&s->rhythm, s->world, t);
	people_get(s->world, rhythm_draw(&s->rhythm, s->world, r), &p);
	purchase_case(s->world, s->shares, 1, r, &p, t, to);
}
