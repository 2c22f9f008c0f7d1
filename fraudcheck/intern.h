/* Strings that rings remember, each once, for as long as a ring holds its number. All zero is an empty collection. */
#ifndef FRAUDCHECK_INTERN_H
#define FRAUDCHECK_INTERN_H

#include <stdint.h>

#include "span.h"
#include "hash_table.h"

struct intern_string;

struct intern {
	struct intern_string *string;
	uint32_t count, cap;
	uint32_t free;         /* first of those given back, plus 1; linked */
	struct hash_table table;    /* numbers by the string's hash */
};

/* The number of the string, which counts one use more; give each back with intern_release(). */
uint64_t intern_take(struct intern *i, struct span s);

/* Valid until the last use is given back. */
struct span intern_get(const struct intern *i, uint64_t number);

/* A number that is none (a ring's null) is ignored. */
void intern_release(struct intern *i, uint64_t number);

void intern_free(struct intern *i);

#endif
