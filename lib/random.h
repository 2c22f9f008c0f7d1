/*
 * Deterministic random numbers for txgen and for tests: same seed, same numbers on every machine; never for secrets.
 * The generator is xoroshiro128++ (Blackman and Vigna), seeded through splitmix64. Floating-point results use only +
 * - * / and sqrt, so that they do not depend on the C library.
 */
#ifndef TXPIPE_RANDOM_H
#define TXPIPE_RANDOM_H

#include <stdint.h>

struct random {
	uint64_t state[2];
};

/* Generators of one seed and different `stream` are independent: each customer can have its own. */
void random_seed(struct random *r, uint64_t seed, uint64_t stream);
uint64_t random_bits(struct random *r);
/* Uniform in 0 .. n-1, n > 0, without bias. */
uint64_t random_below(struct random *r, uint64_t n);
/* Uniform in [0, 1), 53 bits. */
double random_unit(struct random *r);

#endif
