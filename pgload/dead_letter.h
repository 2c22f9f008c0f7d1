/* What cannot be stored is kept, with its coordinates and its bytes, in the table dead_letter. */
#ifndef PGLOAD_DEAD_LETTER_H
#define PGLOAD_DEAD_LETTER_H

#include "batch.h"
#include "out.h"
#include "server.h"

/* On a new connection: the staging table. 0, or -1 with s->class. */
int dead_letter_create(struct server *s);

/* In an open transaction: store the letters of all records whose verdict is VERDICT_DEAD. 0, or -1 with s->class. */
int dead_letter_store(struct server *s, const struct batch *b, const char *target);

/* A letter as a reject in the suite's own form, one line. */
void dead_letter_print(struct buf *to, const struct batch *b, const struct letter *l);

/*
 * --dead-letters: print what is not resolved as NDJSON, each a reject in the suite's own form, its coordinates
 * inside; the raw bytes are whole. Filters may be NULL. Returns the exit status.
 */
int dead_letter_list(struct server *s, const char *stream, const char *target, const char *since, struct out *out);

#endif
