#include "worker.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "exit.h"
#include "log.h"

static void ring(const struct worker *k)
{
	const uint64_t one = 1;

	if (write(k->bell, &one, sizeof one) != sizeof one) {
		log_error("cannot tell that a batch is stored: %s", strerror(errno));
		_exit(EXIT_BUG);
	}
}

static void *work(void *arg)
{
	struct worker *k = arg;

	pthread_mutex_lock(&k->mutex);
	for (;;) {
		while (k->batch_given == NULL && !k->stop)
			pthread_cond_wait(&k->given, &k->mutex);
		if (k->stop)
			break;
		struct batch *b = k->batch_given;
		pthread_mutex_unlock(&k->mutex);
		int status = writer_commit(&k->writer, b);
		if (status == EXIT_DONE && !k->writer.dry_run)
			notify_stored(k->notify, k->server.c);
		pthread_mutex_lock(&k->mutex);
		k->batch_given = NULL;
		k->status = status;
		k->done = true;
		ring(k);
	}
	pthread_mutex_unlock(&k->mutex);
	return NULL;
}

int worker_start(struct worker *k, int bell, struct notify *notify)
{
	int why;

	k->bell = bell;
	k->notify = notify;
	k->reading = &k->batch[0];
	pthread_mutex_init(&k->mutex, NULL);
	pthread_cond_init(&k->given, NULL);
	why = pthread_create(&k->thread, NULL, work, k);
	if (why != 0) {
		log_error("cannot start a thread: %s", strerror(why));
		return EXIT_RETRY;
	}
	k->started = true;
	return EXIT_DONE;
}

void worker_close(struct worker *k)
{
	if (k->started) {
		pthread_mutex_lock(&k->mutex);
		k->stop = true;
		pthread_cond_signal(&k->given);
		pthread_mutex_unlock(&k->mutex);
		pthread_join(k->thread, NULL);
		pthread_cond_destroy(&k->given);
		pthread_mutex_destroy(&k->mutex);
	}
	batch_free(&k->batch[0]);
	batch_free(&k->batch[1]);
	writer_free(&k->writer);
	server_close(&k->server);
}

void worker_give(struct worker *k)
{
	k->storing = k->reading;
	k->reading = k->reading == &k->batch[0] ? &k->batch[1] : &k->batch[0];
	pthread_mutex_lock(&k->mutex);
	k->batch_given = k->storing;
	pthread_cond_signal(&k->given);
	pthread_mutex_unlock(&k->mutex);
}

bool worker_done(struct worker *k, int *status)
{
	bool done;

	pthread_mutex_lock(&k->mutex);
	done = k->done;
	k->done = false;
	*status = k->status;
	pthread_mutex_unlock(&k->mutex);
	return done;
}
