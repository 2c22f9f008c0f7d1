/* What was understood of a rule file, for people (--check). */
#ifndef FRAUDCHECK_DESCRIBE_H
#define FRAUDCHECK_DESCRIBE_H

#include <stdio.h>

#include "judge.h"

/* EXIT_DONE, or EXIT_IO if it could not be written. */
int describe(const struct judge *j, const char *name, FILE *f);

/* The longest window with everything that may lie before it, as a duration (--longest-window). */
int describe_longest(const struct judge *j, FILE *f);

#endif
