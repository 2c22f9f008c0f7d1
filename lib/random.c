#include "random.h"

/* One step of splitmix64: a bijection that spreads neighbouring seeds over all 64 bits. */
static uint64_t mix(uint64_t x)
{
	x += 0x9e3779b97f4a7c15;
	x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9;
	x = (x ^ x >> 27) * 0x94d049bb133111eb;
	return x ^ x >> 31;
}

static uint64_t rotate(uint64_t x, int n)
{
	return x << n | x >> (64 - n);
}

void random_seed(struct random *r, uint64_t seed, uint64_t stream)
{
	/* seed and stream enter through different mixers: (1, 2) and (2, 1) must not meet */
	uint64_t a = mix(seed), b = mix(a ^ rotate(mix(~stream), 32));

	r->state[0] = b;
	r->state[1] = mix(b + a);
	if ((r->state[0] | r->state[1]) == 0)
		r->state[0] = 1; /* the one state the generator never leaves */
}

uint64_t random_bits(struct random *r)
{
	uint64_t a = r->state[0], b = r->state[1];
	uint64_t result = rotate(a + b, 17) + a;

	b ^= a;
	r->state[0] = rotate(a, 49) ^ b ^ b << 21;
	r->state[1] = rotate(b, 28);
	return result;
}

/* Lemire's multiplication: the few products that would bring bias are drawn again. */
uint64_t random_below(struct random *r, uint64_t n)
{
	unsigned __int128 product = (unsigned __int128)random_bits(r) * n;

	if ((uint64_t)product < n) {
		uint64_t threshold = (0 - n) % n;

		while ((uint64_t)product < threshold)
			product = (unsigned __int128)random_bits(r) * n;
	}
	return (uint64_t)(product >> 64);
}

double random_unit(struct random *r)
{
	return (double)(random_bits(r) >> 11) * 0x1p-53;
}
