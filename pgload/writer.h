/*
 * Writes a batch in one transaction: positions are locked, rows stored, positions advanced, or nothing happens. Knows
 * what to do about each class of server errors.
 */
#ifndef PGLOAD_WRITER_H
#define PGLOAD_WRITER_H

#include <stdatomic.h>

#include "fence.h"
#include "refusals.h"
#include "stage.h"

/*
 * Straight into the table is the fast way, but only for batches of nothing but new rows. After a batch for which it failed the staging table
 * is used until `wait` batches in a row were all new; the wait doubles with each failure, and is halved by each success.
 */
enum { DIRECT_WAIT_MAX = 64 };

struct direct {
	bool never;          /* the server does not do it with this table */
	unsigned wait, clean;
};

struct counts {
	uint64_t rows, duplicates, dead_letters, labels, skipped, holes;
};

/* *sum += *n */
void counts_add(struct counts *sum, const struct counts *n);

struct writer {
	struct server *server;     /* its own; what follows is common to all writers */
	const struct fence *fence; /* NULL: --no-fence */
	const struct stage *table, *label; /* label may be NULL */
	const char *table_name;    /* as the user gave it, to read the catalogue again */
	bool dry_run;
	int64_t patience;          /* microseconds to keep trying */
	struct refusals *refusals;

	/* Its own again. */
	struct counts total, batch;
	int64_t batch_us;          /* how long the last commit took, tries included */
	struct direct direct;
	char unsure[24];           /* the transaction whose COMMIT was not answered, where no position tells; "": none */
	struct buf silent;          /* sessions that seemed to be dead when this batch last waited for a lock in vain (evict.sql) */
	size_t refused;              /* of the batch, by the server */
	atomic_uint retries;         /* not reported yet */
	struct {
		struct metric *rows, *duplicates, *dead_letters, *labels, *skipped, *holes;
		struct metric *batches, *retries, *refused, *seconds;
	} metric;
};

void writer_init(struct writer *w);
void writer_free(struct writer *w);

/* On a new connection: staging tables. 0, or -1 with s->class. */
int writer_prepare(struct writer *w);

/* Connect (anew), as the connection before or, for the first, as server->conninfo and async_commit say, until it works or that time has come.
 * EXIT_DONE, or the exit status with a message. */
int writer_connect(struct writer *w, int64_t until);

/* Store the batch. EXIT_DONE with w->batch, or the exit status with a message: nothing of it is stored then. The one function that may run
 * in a thread of its own. */
int writer_commit(struct writer *w, struct batch *b);

/* Mark the stream of a partition as broken, while nothing is being stored; a server that is away is waited for. */
void writer_break(struct writer *w, const struct partition *p);

/* Metrics are the main thread's: of the batch that was stored last; of the tries so far. */
void writer_report(struct writer *w);
void writer_tick(struct writer *w);

#endif
