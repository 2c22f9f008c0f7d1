/* The loop: lines in, batches committed, one line out for each commit. One batch is read while the one before is stored. */
#ifndef PGLOAD_LOAD_H
#define PGLOAD_LOAD_H

#include "fence.h"
#include "intake.h"
#include "out.h"
#include "progress.h"
#include "worker.h"

struct load {
	struct writer *writer;
	struct fence *fence;
	struct out *out;
	int64_t batch_rows;  /* at most */
	struct worker worker;
	struct batch batch[2];
	struct batch *reading, *storing; /* storing: NULL if nothing is */
	bool paused;         /* since the last bytes came, and the batch was kept open all the same */
	struct intake intake;
	struct line_reader *reader;
	struct buf store, line;
	struct progress progress;
	uint64_t records;
	int status;          /* why the loop must end; EXIT_DONE: go on */
};

/* A batch is complete at so many bytes, or, if the server is free, when its first record is that old, or when input pauses with fewer than FAST_ROWS
 * records in it, or pauses that long. */
enum { BATCH_BYTES = 3 << 20, BATCH_AGE_US = 20000, FAST_ROWS = 100, PAUSE_US = 2000, TICK_MS = 1000 };

/* Once, before the first input. EXIT_DONE, or EXIT_RETRY with a message. */
int load_start(struct load *l);

/* Read one input to its end. Returns the exit status; everything read before a failure of the input is stored. */
int load_input(struct load *l, int fd, const char *source);
void load_free(struct load *l);

#endif
