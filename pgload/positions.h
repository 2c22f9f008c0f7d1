/* What the command line can ask of the stored positions. */
#ifndef PGLOAD_POSITIONS_H
#define PGLOAD_POSITIONS_H

#include "out.h"
#include "server.h"

/*
 * --positions: one NDJSON line for each partition of the stream; without a target the one that is furthest behind
 * speaks. EXIT_CONFLICT for a stream that is broken, EXIT_RETRY from a standby (it may be behind).
 */
int positions_print(struct server *s, const char *stream, const char *target, struct out *out);

/* --reset-stream: forget the stream's positions; prints what they were. */
int positions_reset(struct server *s, const char *stream, const char *target, struct out *out);

#endif
