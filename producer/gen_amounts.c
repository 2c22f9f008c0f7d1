#include "gen_amounts.h"

#include "gen_math.h"

static const double CEILING = .95 * AMOUNT_THRESHOLD;

const char *const record_story_name[STORIES] = {
	"ordinary", "trip", "web_shop", "large_purchase", "new_phone",
	"card_testing", "counterfeit", "takeover", "leaked_card", "compromised_merchant",
};

double amount_ordinary(struct random *r, const struct person *p, const struct shop *s, double factor)
{
	double amount = s->category->median * gmath_exp(s->category->sigma * gmath_normal(r)) * p->spend * factor;

	return amount <= CEILING ? amount : CEILING * (.5 + .5 * random_unit(r));
}

double amount_between(struct random *r, double low, double high)
{
	return low + (high - low) * random_unit(r);
}

static int64_t to_minor(const struct currency *c, double base)
{
	return (int64_t)(base * c->units * (double)c->scale + .5);
}

int64_t amount_price(struct random *r, const struct currency *c, double base)
{
	int64_t minor = to_minor(c, base), step = c->step, whole;
	uint64_t taste = random_below(r, 100);

	if (minor < step)
		return step;
	minor -= minor % step;
	whole = minor / 100 * 100;
	if (whole < 500)
		return minor;
	if (taste < 15)
		return whole;
	return taste < 30 && step == 1 ? whole - 1 : minor;
}

int64_t amount_high(struct random *r, const struct currency *c)
{
	double base = AMOUNT_THRESHOLD * (1.01 + gmath_exp(gmath_normal(r) - .5));

	return to_minor(c, base) + c->step; /* the step outweighs what rounding took away */
}

int64_t amount_boundary(struct random *r, const struct currency *c)
{
	static const int64_t beside[] = {0, 0, 1, -1};

	return to_minor(c, AMOUNT_THRESHOLD) + beside[random_below(r, 4)];
}

bool record_high_amount(const struct record *r)
{
	/* minor units and 10^decimals are exact doubles: their quotient is the double nearest to the decimal amount */
	return (double)r->amount / (double)r->currency->scale / r->currency->units > AMOUNT_THRESHOLD;
}

bool record_bad_location(const struct record *r)
{
	return r->latitude < -90 * DEGREE || r->latitude > 90 * DEGREE || r->longitude < -180 * DEGREE ||
	       r->longitude > 180 * DEGREE;
}
