/* What was understood of a rule file, for people (--check). */
#ifndef FRAUDCHECK_DESCRIBE_H
#define FRAUDCHECK_DESCRIBE_H

#include <stdio.h>

#include "judge.h"

/* EXIT_DONE, or EXIT_IO if it could not be written. */
int describe(const struct judge *j, const char *name, FILE *f);

/*
 * How far kconsume --rewind has to go back, as a duration (--longest-window): the longest window, the lateness of a record that is still
 * learned, what event times may be ahead of Kafka's, and as much that they may be behind.
 */
int describe_longest(const struct judge *j, FILE *f);

#endif
