/* --progress: rate, total and elapsed time on stderr, once a second on a terminal, every ten elsewhere. */
#ifndef TXPIPE_PROGRESS_H
#define TXPIPE_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

struct progress {
	bool on;
	const char *what; /* plural noun, such as "records" */
	int64_t started, printed;
	uint64_t printed_total;
};

void progress_start(struct progress *p, bool on, const char *what);

/* Call as often as convenient (per buffer, not per record). */
void progress_tick(struct progress *p, uint64_t total);

/* The last line, with the mean rate. */
void progress_finish(struct progress *p, uint64_t total);

#endif
