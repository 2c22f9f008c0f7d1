/*
 * The loop: lines in, batches committed, one line out for each commit. Records are dealt out to the workers, one for each connection; their batches
 * are stored while the next ones are read.
 */
#ifndef PGLOAD_LOAD_H
#define PGLOAD_LOAD_H

#include "fence.h"
#include "intake.h"
#include "out.h"
#include "progress.h"
#include "worker.h"

struct load {
	struct stage *table, *label; /* label may be NULL */
	struct fence *fence;
	struct out *out;
	int64_t batch_rows, batch_bytes; /* at most, the latter and a record */
	struct worker worker[WORKERS_MAX]; /* the caller sets server and writer of each */
	size_t workers;
	size_t plain;        /* the worker that records without a partition go to */
	int bell;            /* an eventfd: a worker has stored its batch; -1 before load_start() */
	struct notify notify;
	bool paused;         /* since the last bytes came, and a batch was kept open all the same */
	struct intake intake;
	uint64_t shape;      /* of the object that was asked last for its label (is_label()): */
	size_t label_at;     /* the member; or none */
	struct line_reader *reader;
	struct buf store, line;
	struct progress progress;
	uint64_t records;
	int status;          /* why the loop must end; EXIT_DONE: go on */
};

/* A batch is complete when it is full, or, if its worker is free, when its first record is that old, or when input pauses with fewer than FAST_ROWS
 * records in it, or pauses that long. */
enum { BATCH_AGE_US = 20000, FAST_ROWS = 100, PAUSE_US = 2000, TICK_MS = 1000 };

/* Once, before the first input: starts the workers. EXIT_DONE, or EXIT_RETRY with a message. */
int load_start(struct load *l);

/* Read one input to its end. Returns the exit status; everything read before a failure of the input is stored. */
int load_input(struct load *l, int fd, const char *source);

/* Closes the connections, too. */
void load_free(struct load *l);

#endif
