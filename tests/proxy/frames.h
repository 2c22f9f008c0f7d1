/*
 * The PostgreSQL protocol, as far as one must know it to find a COMMIT and its answer in a stream of bytes that comes in pieces.
 */
#ifndef PROXY_FRAMES_H
#define PROXY_FRAMES_H

#include <stdbool.h>

#include "buf.h"

enum frame {
	FRAME_WAIT,      /* more bytes are needed to tell */
	FRAME_PASS,      /* nothing special */
	FRAME_ENCRYPTION /* the client asks for TLS or GSS: the server answers with a single byte */,
	FRAME_COMMIT,    /* the client says COMMIT */
	FRAME_COMMITTED  /* the server says that it did */
};

/* One direction of a connection; all zero but `server` and `startup`. */
struct frames {
	bool server;      /* this is the server's side */
	bool startup;     /* the client's first messages have no type byte */
	bool opaque;      /* not this protocol (any more): everything passes */
	unsigned single;  /* answers of one byte that the server owes */
	size_t left;      /* bytes of a message under way that pass unseen */
	struct buf held;  /* what came and has not been taken */
};

/* Look at the front of `held`: its first *n bytes are what the answer says. Take them with buf_drop(). */
enum frame frames_next(struct frames *f, size_t *n);

#endif
