/*
 * A thread that stores one batch while the main thread reads the next: reading and encoding cost nothing beside the server's work, and batches grow
 * by themselves when the server is the slower one. Batches are stored in the order they are given, one at a time.
 */
#ifndef PGLOAD_WORKER_H
#define PGLOAD_WORKER_H

#include <pthread.h>

#include "notify.h"
#include "writer.h"

struct worker {
	struct writer *writer;
	struct notify notify; /* the thread's */
	pthread_t thread;
	bool started;
	pthread_mutex_t mutex;
	pthread_cond_t given;
	struct batch *batch;  /* to be stored, or NULL */
	bool stop;
	int status;           /* of the batch that was stored */
	int done_fd;          /* an eventfd: readable from then on until worker_done() */
};

/* EXIT_DONE, or EXIT_RETRY with a message. */
int worker_start(struct worker *k, struct writer *w);

/* Ends the thread, which must have nothing to do. Also for one that was never started. */
void worker_stop(struct worker *k);

/* The batch is the worker's until worker_done() says true. */
void worker_give(struct worker *k, struct batch *b);

/* Is the batch done? If so, once, with writer_commit()'s status. */
bool worker_done(struct worker *k, int *status);

/* Wait for that, at most `ms`; false if it is not. */
bool worker_wait(struct worker *k, int ms);

#endif
