/* The record at hand as windows would keep it: its keys, its print, its columns. */
#include "feature_parts.h"

#include <math.h>

#include "hash.h"

/* Beyond this a value takes part in no window. Sums of 2^32 values stay within 128 bit, and so do the squared distances from the mean (which are all
 * that stddev needs) of 170 values as far apart as can be, or of 1.7 million that are a hundredth as far. */
static const double FIXED_MAX = 1e12;
static const double PLACE_UNITS = 1e7;

static uint64_t hash_value(uint64_t seed, enum value_type type, const struct value *v)
{
	uint64_t bits;

	switch (type) {
	case TYPE_NUMBER:
		if (v->number == 0)
			return hash_word(seed, 0); /* 0 and -0 are equal */
		memcpy(&bits, &v->number, sizeof bits);
		return hash_word(seed, bits);
	case TYPE_TIME:
		return hash_word(seed, (uint64_t)v->time);
	case TYPE_BOOL:
		return hash_word(seed, v->truth);
	default:
		return hash_bytes(seed, v->string);
	}
}

bool feature_key(const struct plan_group *g, const struct value *reg, struct key_name *name)
{
	*name = (struct key_name){1, 2};
	for (size_t i = 0; i < g->keys; i++) {
		const struct value *v = &reg[g->key[i]];

		if (v->null)
			return false;
		name->a = hash_value(name->a, g->type[i], v);
		name->b = hash_value(name->b, g->type[i], v);
	}
	return true;
}

uint32_t feature_print(struct span id)
{
	uint64_t h = hash_bytes(3, id);

	return (uint32_t)(h ^ h >> 32) | 1; /* never 0 */
}

static int64_t to_fixed(const struct value *v)
{
	if (v->null || fabs(v->number) > FIXED_MAX)
		return FIXED_NULL;
	return (int64_t)nearbyint(v->number * FIXED_UNITS);
}

static uint64_t pack_place(const struct value *latitude, const struct value *longitude)
{
	uint32_t lat, lon;

	if (latitude->null || longitude->null || fabs(latitude->number) > 90 || fabs(longitude->number) > 180)
		return WORD_NULL;
	lat = (uint32_t)(int32_t)nearbyint(latitude->number * PLACE_UNITS);
	lon = (uint32_t)(int32_t)nearbyint(longitude->number * PLACE_UNITS);
	return (uint64_t)lat << 32 | lon;
}

double feature_degrees(uint32_t packed)
{
	return (int32_t)packed / PLACE_UNITS;
}

static uint64_t to_word(const struct plan_word *w, const struct value *reg)
{
	const struct value *v = &reg[w->a];
	uint64_t bits;

	if (w->kind == WORD_PLACE)
		return pack_place(v, &reg[w->b]);
	if (v->null)
		return WORD_NULL;
	switch (w->kind) {
	case WORD_HASH:
		return hash_value(0, w->type, v);
	case WORD_NUMBER:
		memcpy(&bits, &v->number, sizeof bits);
		return bits;
	case WORD_TIME:
		return (uint64_t)v->time;
	case WORD_BOOL:
		return v->truth;
	default:
		return WORD_NULL;
	}
}

void feature_fill(const struct plan_ring *plan, const struct value *reg, int64_t time, uint32_t print, struct entry *e)
{
	e->time = time;
	e->print = print;
	e->flags = 0;
	for (unsigned i = 1; i < plan->bits; i++)
		if (!reg[plan->bit[i]].null && reg[plan->bit[i]].truth)
			e->flags |= UINT32_C(1) << i;
	for (unsigned c = 0; c < plan->fixed_count; c++)
		e->fixed[c] = to_fixed(&reg[plan->fixed[c]]);
	for (unsigned c = 0; c < plan->word_count; c++)
		e->word[c] = to_word(&plan->word[c], reg);
}
