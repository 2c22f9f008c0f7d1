/*
 * Wall-clock pacing: record i leaves no earlier than i / rate after the start. Fast streams go out in small
 * batches, slow ones record by record; a reader that stalled does not get what it missed all at once.
 */
#ifndef TXPIPE_GEN_PACE_H
#define TXPIPE_GEN_PACE_H

#include <stdbool.h>
#include <stdint.h>

struct pace {
	double rate;     /* records per second; 0: no limit */
	int64_t started; /* monotonic, microseconds; moved when the stream fell behind */
	uint64_t sent, allowed;
};

void pace_start(struct pace *p, double rate);

/* Count one record. If it has to wait, returns the microseconds until it may leave (then ask again), else 0. */
int64_t pace_wait(struct pace *p);

/* Sleep so long, at most until a signal asks for the end or the reader of `fd` goes away. Microseconds. True if
 * the reader has gone. */
bool pace_sleep(int64_t microseconds, int fd);

#endif
