/* Clocks, in microseconds. The event times inside records are rfc3339.h's business. */
#ifndef TXPIPE_CLOCK_H
#define TXPIPE_CLOCK_H

#include <stdint.h>
#include <time.h>

/* For durations: never goes back. */
static inline int64_t clock_monotonic(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

/* Unix time. */
static inline int64_t clock_wall(void)
{
	struct timespec t;

	clock_gettime(CLOCK_REALTIME, &t);
	return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

#endif
