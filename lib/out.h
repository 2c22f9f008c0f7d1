/*
 * Buffered output to a file descriptor. It leaves when the buffer is full or when the owner flushes, which every
 * stage does before its input would block: a slow stream is never delayed, a fast one is batched.
 */
#ifndef TXPIPE_OUT_H
#define TXPIPE_OUT_H

#include <stdbool.h>
#include <stdio.h>

#include "span.h"

struct out {
	int fd;
	char *p;
	size_t n, cap; /* bytes waiting, size of the buffer */
	int error;     /* errno of the write that failed, or 0; once set everything fails */
};

/* `cap` bytes of buffer (256 KiB if 0). A pipe is enlarged to 1 MiB where it can be. `fd` stays the caller's. */
void out_init(struct out *o, int fd, size_t cap);
void out_free(struct out *o);

/* Append; writes when the buffer is full (a blocking write, resumed after EINTR and short writes).
 * 0, or -1 with o->error set. */
int out_add(struct out *o, const void *bytes, size_t n);
static inline int out_add_span(struct out *o, struct span s)
{
	return out_add(o, s.p, s.n);
}

/* Everything buffered leaves now. 0, or -1. */
int out_flush(struct out *o);

/* A report was printed to `f`: EXIT_DONE once all of it is out, else as out_failed(). */
int out_report_end(FILE *f, const char *name);

/* What a failed output means: EXIT_IO; says why on stderr unless the reader went away (EPIPE), which is silent. */
int out_failed(const struct out *o, const char *name);

#endif
