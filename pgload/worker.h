/*
 * A connection, the thread that stores through it, and its two batches: the main thread reads one while the worker stores the other. So reading and
 * encoding cost nothing beside the server's work, and batches grow by themselves when the server is the slower one. A worker stores its batches in
 * the order they are given, one at a time, and while its transaction is open it waits for nobody in this process: where one worker's transaction
 * waits for another's (the same key in two partitions), the server sees it, and resolves what would be a deadlock.
 */
#ifndef PGLOAD_WORKER_H
#define PGLOAD_WORKER_H

#include <pthread.h>

#include "notify.h"
#include "writer.h"

enum { WORKERS_MAX = 8 };

struct worker {
	struct server server;
	struct writer writer;
	struct batch batch[2];
	struct batch *reading, *storing; /* the main thread's; storing: NULL if nothing is */
	pthread_t thread;
	bool started;
	int bell;                    /* rung for each batch that was stored */
	struct notify *notify;
	pthread_mutex_t mutex;
	pthread_cond_t given;
	struct batch *batch_given;   /* to be stored, or NULL */
	bool stop;
	bool done;                   /* the batch is stored, and nobody has asked yet */
	int status;                  /* of it */
};

/* Once server and writer are set: starts the thread. `bell` is an eventfd. EXIT_DONE, or EXIT_RETRY with a message. */
int worker_start(struct worker *k, int bell, struct notify *notify);

/* Ends the thread, which must have nothing to do, closes the connection, frees the batches. Also for one that was never started. */
void worker_close(struct worker *k);

/* What was read is to be stored; nothing may be under way. The next line goes into the other batch. */
void worker_give(struct worker *k);

/* Is the batch done? If so, once, with writer_commit()'s status; it is k->storing until the caller takes it from there. */
bool worker_done(struct worker *k, int *status);

static inline bool worker_idle(const struct worker *k)
{
	return k->storing == NULL;
}

/* There is something to store, and it could be done at once. */
static inline bool worker_ready(const struct worker *k)
{
	return worker_idle(k) && !batch_empty(k->reading);
}

#endif
