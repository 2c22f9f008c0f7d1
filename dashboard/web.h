/*
 * The server that pages are asked from: one thread with libmicrohttpd's own event loop, which waits for nobody. Only GET and HEAD; nothing is
 * ever changed.
 */
#ifndef TXDASH_WEB_H
#define TXDASH_WEB_H

#include "asker.h"
#include "auth.h"
#include "broker.h"
#include "hub.h"
#include "watch.h"

struct web;

struct web_parts {
	struct watch *watch;
	struct asker *asker;
	struct broker *broker;
	struct hub *hub;
	struct auth *auth; /* NULL: whoever reaches us may look */
	bool loopback;     /* then only names of this machine are answered: no other page may ask us by a name of its own */
};

/* Listen at `address` (address.h). NULL with a message. */
struct web *web_start(const char *address, const struct web_parts *parts);

/* HOST:PORT for people, as it was bound (port 0 is a free one). */
const char *web_address(const struct web *w);

/* Call now and then: ends connections that do not come to the end of their request. */
void web_sweep(struct web *w);

/* No new requests, and an end to the streams. The asker and the broker must have been stopped before web_free(). */
void web_close(struct web *w);
void web_free(struct web *w);

#endif
