/* The functions of the rule language. */
#ifndef FRAUDCHECK_BUILTIN_H
#define FRAUDCHECK_BUILTIN_H

#include <stddef.h>

#include "span.h"

struct builtin {
	const char *name;
	const char *args;  /* a letter each: n number, s string, t time, b boolean, * all of one type; the last repeats if `more` */
	char result;       /* such a letter */
	bool more;
	int op;            /* enum op; functions that repeat are chains of it */
	const char *usage; /* for messages and documentation */
};

/* NULL if there is none of that name. */
const struct builtin *builtin_find(struct span name);

/* One after the other, from 0; NULL behind the last. */
const struct builtin *builtin_at(size_t i);

#endif
