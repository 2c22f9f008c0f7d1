#include "worker.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "exit.h"
#include "log.h"

static void *work(void *arg)
{
	struct worker *k = arg;
	const uint64_t one = 1;

	pthread_mutex_lock(&k->mutex);
	for (;;) {
		while (k->batch == NULL && !k->stop)
			pthread_cond_wait(&k->given, &k->mutex);
		if (k->stop)
			break;
		struct batch *b = k->batch;
		pthread_mutex_unlock(&k->mutex);
		int status = writer_commit(k->writer, b);
		if (status == EXIT_DONE && !k->writer->dry_run)
			notify_stored(&k->notify, k->writer->server->c);
		pthread_mutex_lock(&k->mutex);
		k->batch = NULL;
		k->status = status;
		if (write(k->done_fd, &one, sizeof one) != sizeof one) {
			log_error("cannot tell that a batch is stored: %s", strerror(errno));
			_exit(EXIT_BUG);
		}
	}
	pthread_mutex_unlock(&k->mutex);
	return NULL;
}

int worker_start(struct worker *k, struct writer *w)
{
	int why;

	*k = (struct worker){.writer = w, .done_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)};
	pthread_mutex_init(&k->mutex, NULL);
	pthread_cond_init(&k->given, NULL);
	why = k->done_fd < 0 ? errno : pthread_create(&k->thread, NULL, work, k);
	if (why != 0) {
		log_error("cannot start a thread: %s", strerror(why));
		return EXIT_RETRY;
	}
	k->started = true;
	return EXIT_DONE;
}

void worker_stop(struct worker *k)
{
	if (!k->started)
		return;
	pthread_mutex_lock(&k->mutex);
	k->stop = true;
	pthread_cond_signal(&k->given);
	pthread_mutex_unlock(&k->mutex);
	pthread_join(k->thread, NULL);
	pthread_cond_destroy(&k->given);
	pthread_mutex_destroy(&k->mutex);
	close(k->done_fd);
}

void worker_give(struct worker *k, struct batch *b)
{
	pthread_mutex_lock(&k->mutex);
	k->batch = b;
	pthread_cond_signal(&k->given);
	pthread_mutex_unlock(&k->mutex);
}

bool worker_done(struct worker *k, int *status)
{
	uint64_t count;

	if (read(k->done_fd, &count, sizeof count) != sizeof count)
		return false;
	pthread_mutex_lock(&k->mutex);
	*status = k->status;
	pthread_mutex_unlock(&k->mutex);
	return true;
}

bool worker_wait(struct worker *k, int ms)
{
	struct pollfd done = {.fd = k->done_fd, .events = POLLIN};

	return poll(&done, 1, ms) > 0;
}
