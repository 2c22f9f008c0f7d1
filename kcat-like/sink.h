/*
 * stdout for a consumer that must never sit in write(2) while the broker expects polls: bytes gather in a buffer, and sink_push() writes
 * what the reader takes now. The description that stdout shares with other processes is never switched to non-blocking.
 */
#ifndef TXPIPE_SINK_H
#define TXPIPE_SINK_H

#include <poll.h>
#include <stdbool.h>

#include "buf.h"

enum sink_kind {
	SINK_FILE,   /* files, /dev/null: writing does not wait for a reader */
	SINK_OWN,    /* a description of our own, non-blocking */
	SINK_SOCKET, /* MSG_DONTWAIT */
	SINK_SHARED  /* a pipe or terminal that could not be opened again: after poll() PIPE_BUF bytes fit */
};

struct sink {
	enum sink_kind kind;
	int fd;         /* what is written to */
	bool owned;
	struct buf buf; /* append here */
	size_t at;      /* bytes of it that have left */
	int error;      /* errno of the write that failed, or 0 */
};

void sink_open(struct sink *s, int fd);
void sink_close(struct sink *s);

static inline size_t sink_pending(const struct sink *s)
{
	return s->buf.n - s->at;
}

/* Write as much as the reader takes without waiting. 0, or -1 with s->error set (EPIPE: the reader is gone). */
int sink_push(struct sink *s);

/* What to poll: POLLOUT if something waits, else only the end of the reader. The fd is -1 where neither can happen. */
struct pollfd sink_watch(const struct sink *s);

/* Did poll() say that the reader is gone? Sets s->error. */
bool sink_gone(struct sink *s, short revents);

/* EXIT_IO; says why, but for a reader that went away, which is silent. */
int sink_failed(const struct sink *s);

#endif
