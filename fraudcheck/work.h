/* The filter itself: lines in, the same lines with verdicts out; or, with an observer, only looked at. */
#ifndef FRAUDCHECK_WORK_H
#define FRAUDCHECK_WORK_H

#include "intake.h"
#include "judge.h"
#include "map.h"
#include "out.h"
#include "progress.h"
#include "reload.h"
#include "tally.h"

/* Who looks at the records instead of the next stage: then nothing goes out. */
struct observer {
	/* A record was judged; `line` is what would go out. EXIT_DONE to go on; WORK_ENOUGH: no more need be read; or the exit status to stop with. */
	int (*judged)(void *arg, const struct intake *in, const struct json_object *record, enum judged as,
	              struct span line);
	/* A line with an envelope came, of whatever kind: it says where the next ones belong. NULL: nothing is to be done. */
	void (*entered)(void *arg, const struct envelope *envelope);
	void *arg;
};

enum { WORK_ENOUGH = -1 };

struct work {
	struct judge *judge;
	struct tally *tally;
	struct progress *progress; /* may be NULL */
	struct map *map;           /* may be NULL */
	const struct observer *observer; /* may be NULL */
	struct reload *reload;           /* may be NULL: SIGHUP is not asked for */
	bool enough;
	struct out out;
	struct intake in;
	struct buf line; /* what goes out next */
	struct buf mapped; /* the record with its new names */
	struct buf plain;  /* a reject before it is masked */
	struct json_object object;
};

/* Output goes to `fd`, which stays the caller's, as do judge, tally, map and progress. Observer and reload are set behind it. */
void work_init(struct work *w, int fd, struct judge *judge, struct tally *tally, struct map *map, struct progress *progress);
void work_free(struct work *w);

/*
 * Filter everything that `fd` gives; `name` is for messages and rejects. Returns an exit status: EXIT_DONE at the end of input,
 * of the grace time after a signal, or where the observer had enough. Everything judged has left by then, unless the reader went away.
 */
int work_filter(struct work *w, int fd, const char *name);

#endif
