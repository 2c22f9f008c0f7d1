#include "out.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <unistd.h>

#include "buf.h"
#include "exit.h"
#include "log.h"

enum { OUT_DEFAULT = 256 << 10, PIPE_SIZE = 1 << 20 };

void out_init(struct out *o, int fd, size_t cap)
{
	*o = (struct out){.fd = fd, .cap = cap > 0 ? cap : OUT_DEFAULT};
	o->p = xmalloc(o->cap);
	/* a bigger pipe means fewer switches between the stages; where it is no pipe or not allowed, it stays as it is */
	(void)fcntl(fd, F_SETPIPE_SZ, PIPE_SIZE);
}

void out_free(struct out *o)
{
	free(o->p);
	*o = (struct out){.fd = -1};
}

static int write_all(struct out *o, const char *p, size_t n)
{
	while (n > 0) {
		ssize_t done = write(o->fd, p, n);

		if (done >= 0) {
			p += done;
			n -= (size_t)done;
		} else if (errno == EAGAIN) {
			/* another process that shares the descriptor made it non-blocking */
			struct pollfd wait = {.fd = o->fd, .events = POLLOUT};

			(void)poll(&wait, 1, -1);
		} else if (errno != EINTR) {
			o->error = errno;
			return -1;
		}
	}
	return 0;
}

int out_flush(struct out *o)
{
	size_t n = o->n;

	if (o->error != 0)
		return -1;
	o->n = 0;
	return write_all(o, o->p, n);
}

int out_add(struct out *o, const void *bytes, size_t n)
{
	if (n > o->cap - o->n) {
		if (out_flush(o) < 0)
			return -1;
		if (n >= o->cap)
			return write_all(o, bytes, n);
	}
	if (o->error != 0)
		return -1;
	if (n > 0)
		memcpy(o->p + o->n, bytes, n);
	o->n += n;
	return 0;
}

int out_failed(const struct out *o, const char *name)
{
	if (o->error != EPIPE)
		log_error("cannot write to %s: %s", name, strerror(o->error));
	return EXIT_IO;
}

/* stdio does not keep why an earlier write failed; whether the reader is there can still be seen. */
static bool reader_is_gone(int fd)
{
	struct pollfd p = {.fd = fd};

	return poll(&p, 1, 0) > 0 && (p.revents & (POLLERR | POLLHUP)) != 0;
}

int out_report_end(FILE *f, const char *name)
{
	errno = 0;
	if (fflush(f) == 0 && !ferror(f))
		return EXIT_DONE;
	if (errno != EPIPE && !reader_is_gone(fileno(f)))
		log_error("cannot write to %s: %s", name, errno != 0 ? strerror(errno) : "an earlier write failed");
	return EXIT_IO;
}
