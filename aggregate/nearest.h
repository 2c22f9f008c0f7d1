/* "Did you mean …": the word of a list that lies nearest to a wrong one. */
#ifndef AGGREGATE_NEAREST_H
#define AGGREGATE_NEAREST_H

#include <stddef.h>

/* Edit distance (insert, delete, replace, swap of neighbours), without regard to ASCII case. */
size_t nearest_distance(const char *a, const char *b);

/* The nearest of `words` (ended by NULL), or NULL if none is near enough to be meant. The first of equals wins. */
const char *nearest_word(const char *wrong, const char *const *words);

#endif
