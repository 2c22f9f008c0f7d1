/*
 * Tells whoever listens on the channel `txpipe` (a page that is open) that something was stored. In a transaction of its own, after the batch's
 * is over, which waits for no disk and no standby; twice a second at most, however many connections there are, so that nobody's commits queue up
 * behind it. What is not told is seen a moment later all the same, so that nothing that goes wrong here matters: nobody hears of it.
 */
#ifndef PGLOAD_NOTIFY_H
#define PGLOAD_NOTIFY_H

#include <libpq-fe.h>
#include <stdatomic.h>
#include <stdint.h>

struct notify {
	_Atomic int64_t not_before; /* clock_monotonic() */
};

/* Outside of a transaction, by the thread whose connection it is; `n` may be shared by all. Without a connection nothing happens. */
void notify_stored(struct notify *n, PGconn *c);

#endif
