/* How often each value is there, by its hash: what distinct() counts with. All zero is an empty one. */
#ifndef FRAUDCHECK_MULTISET_H
#define FRAUDCHECK_MULTISET_H

#include <stdbool.h>
#include <stdint.h>

struct multiset_slot;

struct multiset {
	struct multiset_slot *slot; /* open addressing, `size` of them, a power of two or 0 */
	uint32_t size, distinct;
};

void multiset_add(struct multiset *m, uint64_t value);

/* The value is there. */
void multiset_remove(struct multiset *m, uint64_t value);

bool multiset_has(const struct multiset *m, uint64_t value);
void multiset_free(struct multiset *m);

#endif
