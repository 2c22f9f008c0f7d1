/*
 * Server-sent events: whoever publishes writes an event once, and each stream reads it from there at its own pace. A stream that falls too far behind
 * goes on with what is newest: each `tick` is whole, and who missed flagged transactions is told to load them anew.
 */
#ifndef TXDASH_HUB_H
#define TXDASH_HUB_H

#include <microhttpd.h>

#include "answer.h"

enum { HUB_STREAMS_MAX = 500 };

struct hub;

struct hub *hub_new(void);
void hub_free(struct hub *h); /* no stream may be left */

/* Append an event; `data` is one line. */
void hub_publish(struct hub *h, const char *event, struct span data);

/* A response that never ends: first `begin` as an event `live` (kept), then what is published from now on. NULL: too many streams. */
struct MHD_Response *hub_stream(struct hub *h, struct MHD_Connection *c, struct answer *begin);

/* Let all streams end; true once none is left. */
bool hub_close(struct hub *h);

size_t hub_streams(struct hub *h);

#endif
