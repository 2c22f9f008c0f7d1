/*
 * How many of the last records the server has refused, over all connections: a few are bad data, many are a wrong table. What other connections are
 * storing at the moment is not in it yet.
 */
#ifndef PGLOAD_REFUSALS_H
#define PGLOAD_REFUSALS_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>

enum { REFUSED_WINDOW = 10000, REFUSED_FLOOR = 100, REFUSED_BATCHES = 256 };

struct refusals {
	pthread_mutex_t mutex;
	double max; /* share of the last records that may be refused; 1: all */
	struct {
		size_t records, refused;
	} batch[REFUSED_BATCHES]; /* stored, newest last */
	size_t used;
};

void refusals_init(struct refusals *r, double max);
void refusals_free(struct refusals *r);

/* Would a batch with so many of them be one too many? */
bool refusals_too_many(struct refusals *r, size_t records, size_t refused);

/* The batch is stored. */
void refusals_add(struct refusals *r, size_t records, size_t refused);

#endif
