/*
 * A table and the ways rows get into it: binary COPY into a temporary staging table, then one insert in key order that
 * knows what was there before; or COPY straight into the table, which fails if anything was. The statements are made
 * from the catalogue. Encoding is the reader's; for the writers, of which there may be several, a stage is const.
 */
#ifndef PGLOAD_STAGE_H
#define PGLOAD_STAGE_H

#include "batch.h"
#include "row.h"
#include "server.h"

enum stage_mode {
	STAGE_INSERT, /* what is there already is a duplicate, or a conflict if it differs */
	STAGE_UPSERT, /* the last one wins */
	STAGE_LABEL   /* the one with the latest label_ts wins */
};

struct stage {
	enum sink sink;
	enum stage_mode mode;
	struct table *table;
	struct row_encoder encoder;
	char *create, *copy, *insert, *duplicates;
	char *direct;       /* NULL: only through the staging table */
};

/* Takes over `t`. */
void stage_init(struct stage *st, enum sink sink, enum stage_mode mode, struct table *t);
void stage_free(struct stage *st);

/* On a new connection: the staging table. 0, or -1 with s->class. */
int stage_create(const struct stage *st, struct server *s);

/*
 * In an open transaction: store the records lo <= i < hi of the batch that belong to this sink and are not skipped, and
 * set their verdicts (with dead letters for conflicting duplicates). 0, or -1 with s->class: verdicts are then those of
 * before.
 */
int stage_load(const struct stage *st, struct server *s, struct batch *b, size_t lo, size_t hi);

/* The same for the whole batch, straight into the table. -1 with PG_ROW also if the server did not take every row. */
int stage_load_direct(const struct stage *st, struct server *s, struct batch *b);

#endif
