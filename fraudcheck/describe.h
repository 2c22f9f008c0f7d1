/* What was understood of a rule file, for people (--check). */
#ifndef FRAUDCHECK_DESCRIBE_H
#define FRAUDCHECK_DESCRIBE_H

#include <stdio.h>

#include "judge.h"

/* EXIT_DONE, or EXIT_IO if it could not be written. */
int describe(const struct judge *j, const char *name, FILE *f);

#endif
