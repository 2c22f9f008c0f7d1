/* The filter itself: lines in, the same lines with verdicts out. */
#ifndef FRAUDCHECK_WORK_H
#define FRAUDCHECK_WORK_H

#include "intake.h"
#include "judge.h"
#include "map.h"
#include "out.h"
#include "progress.h"
#include "tally.h"

struct work {
	struct judge *judge;
	struct tally *tally;
	struct progress *progress; /* may be NULL */
	struct map *map;           /* may be NULL */
	struct out out;
	struct intake in;
	struct buf line; /* what goes out next */
	struct buf mapped; /* the record with its new names */
	struct json_object object;
};

/* Output goes to `fd`, which stays the caller's, as do judge, tally, map and progress. */
void work_init(struct work *w, int fd, struct judge *judge, struct tally *tally, struct map *map, struct progress *progress);
void work_free(struct work *w);

/*
 * Filter everything that `fd` gives; `name` is for messages and rejects. Returns an exit status: EXIT_DONE at the end of input
 * or of the grace time after a signal. Everything judged has left by then, unless the reader went away.
 */
int work_filter(struct work *w, int fd, const char *name);

#endif
