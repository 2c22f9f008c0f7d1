#include "sink.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "exit.h"
#include "log.h"

enum { PIPE_SIZE = 1 << 20 };

/* A description of its own may be non-blocking without others noticing. Not allowed on a pipe that another user made. */
static int open_again(int fd)
{
	char path[64];

	snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
	return open(path, O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
}

void sink_open(struct sink *s, int fd)
{
	struct stat st;
	int own = -1;

	*s = (struct sink){.kind = SINK_FILE, .fd = fd};
	if (fstat(fd, &st) < 0)
		return; /* the first write says what is wrong */
	if (S_ISSOCK(st.st_mode)) {
		s->kind = SINK_SOCKET;
	} else if (S_ISFIFO(st.st_mode) || isatty(fd)) {
		own = open_again(fd);
		s->kind = own >= 0 ? SINK_OWN : SINK_SHARED;
	}
	if (own >= 0) {
		s->fd = own;
		s->owned = true;
	}
	/* a bigger pipe means fewer switches between the stages; where it is not allowed, it stays as it is */
	if (S_ISFIFO(st.st_mode))
		(void)fcntl(fd, F_SETPIPE_SZ, PIPE_SIZE);
}

void sink_close(struct sink *s)
{
	if (s->owned)
		close(s->fd);
	buf_free(&s->buf);
}

static bool writable(int fd)
{
	struct pollfd p = {.fd = fd, .events = POLLOUT};

	return poll(&p, 1, 0) == 1;
}

static ssize_t write_some(struct sink *s, const char *p, size_t n)
{
	switch (s->kind) {
	case SINK_SOCKET:
		return send(s->fd, p, n, MSG_DONTWAIT | MSG_NOSIGNAL);
	case SINK_SHARED:
		if (!writable(s->fd)) {
			errno = EAGAIN;
			return -1;
		}
		return write(s->fd, p, n < PIPE_BUF ? n : PIPE_BUF);
	case SINK_OWN:
	case SINK_FILE:
		break;
	}
	return write(s->fd, p, n);
}

/*
 * A reader that is slower than Kafka never empties the buffer: what has left makes room here, or the buffer would grow by all that ever passes. Each
 * byte is moved at most once for one that left.
 */
static void make_room(struct sink *s)
{
	if (s->at < sink_pending(s))
		return;
	buf_drop(&s->buf, s->at);
	s->at = 0;
}

int sink_push(struct sink *s)
{
	if (s->error != 0)
		return -1;
	while (sink_pending(s) > 0) {
		ssize_t done = write_some(s, s->buf.p + s->at, sink_pending(s));

		if (done >= 0)
			s->at += (size_t)done;
		else if (errno == EAGAIN || errno == EWOULDBLOCK) {
			make_room(s);
			return 0;
		} else if (errno != EINTR) {
			s->error = errno;
			return -1;
		}
	}
	buf_clear(&s->buf);
	s->at = 0;
	return 0;
}

struct pollfd sink_watch(const struct sink *s)
{
	bool waits = sink_pending(s) > 0;

	return (struct pollfd){.fd = s->kind == SINK_FILE ? -1 : s->fd, .events = waits ? POLLOUT : 0};
}

bool sink_gone(struct sink *s, short revents)
{
	if ((revents & (POLLERR | POLLHUP | POLLNVAL)) == 0)
		return false;
	s->error = EPIPE;
	return true;
}

int sink_failed(const struct sink *s)
{
	if (s->error != EPIPE)
		log_error("cannot write to stdout: %s", strerror(s->error));
	return EXIT_IO;
}
