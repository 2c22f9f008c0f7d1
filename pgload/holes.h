/*
 * The offsets that a run has left out, its latest holes, kept with the stored position: should the same run bring one of them after all, its
 * records were split over several writers, or filtered in another way before, and some are lost.
 */
#ifndef PGLOAD_HOLES_H
#define PGLOAD_HOLES_H

#include "buf.h"

enum { HOLES_MAX = 64 }; /* remembered; more writers than that at one run are not expected to stay so close together */

struct holes {
	struct {
		int64_t from, to; /* from <= offset < to */
	} item[HOLES_MAX];
	size_t count; /* ever added: the latest HOLES_MAX are there */
};

/* Rising; the oldest is forgotten. */
void holes_add(struct holes *h, int64_t from, int64_t to);
/* Those of `more` that lie at or behind `from`. */
void holes_add_all(struct holes *h, const struct holes *more, int64_t from);
bool holes_have(const struct holes *h, int64_t offset);

/* As bigint[]: from, to, from, to … */
void holes_read(struct holes *h, const char *array);
void holes_write(const struct holes *h, struct buf *array);

#endif
