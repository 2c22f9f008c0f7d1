/* The loop: lines in, batches committed, one line out for each commit. */
#ifndef PGLOAD_LOAD_H
#define PGLOAD_LOAD_H

#include "fence.h"
#include "intake.h"
#include "out.h"
#include "progress.h"
#include "writer.h"

struct load {
	struct writer *writer;
	struct fence *fence;
	struct out *out;
	int64_t batch_rows;  /* at most */
	int64_t limit;       /* as long as input never pauses the batches grow from BATCH_FIRST to that */
	struct batch batch;
	struct intake intake;
	struct line_reader *reader;
	struct buf store, line;
	struct progress progress;
	uint64_t records;
	int status;          /* why the loop must end; EXIT_DONE: go on */
};

enum { BATCH_FIRST = 1000, BATCH_BYTES = 8 << 20, BATCH_AGE_US = 1000000 };

/* Read one input to its end. Returns the exit status; everything read before a failure of the input is stored. */
int load_input(struct load *l, int fd, const char *source);
void load_free(struct load *l);

#endif
