/*
 * A growable byte buffer that is reused from record to record: buf_clear() keeps the memory. Running out of
 * memory ends the process with EXIT_RETRY and one line on stderr, so that callers need no error path for it.
 */
#ifndef TXPIPE_BUF_H
#define TXPIPE_BUF_H

#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include "span.h"

struct buf {
	char *p;
	size_t n;   /* bytes used */
	size_t cap; /* bytes allocated */
};

void buf_free(struct buf *b);

/* More memory: for buf_room(). */
void buf_grow(struct buf *b, size_t more);

/* Make room for `more` bytes behind the used ones and return the place where they go. */
static inline char *buf_room(struct buf *b, size_t more)
{
	if (b->cap - b->n < more)
		buf_grow(b, more);
	return b->p + b->n;
}

/* Here, and not in buf.c: a line consists of a dozen pieces, most of them of a length that the compiler knows. */
static inline void buf_add(struct buf *b, const void *bytes, size_t n)
{
	if (n == 0)
		return;
	memcpy(buf_room(b, n), bytes, n);
	b->n += n;
}

static inline void buf_add_span(struct buf *b, struct span s)
{
	buf_add(b, s.p, s.n);
}

static inline void buf_add_text(struct buf *b, const char *text)
{
	buf_add(b, text, strlen(text));
}

static inline void buf_add_char(struct buf *b, char c)
{
	*buf_room(b, 1) = c;
	b->n++;
}

void buf_add_int(struct buf *b, int64_t value); /* decimal digits */
void buf_addf(struct buf *b, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Cut bytes off the front: what remains moves to the start. */
void buf_drop(struct buf *b, size_t n);

/* The bytes as a C string (terminated behind `n`, which does not count the NUL). */
const char *buf_text(struct buf *b);

static inline void buf_clear(struct buf *b)
{
	b->n = 0;
}

static inline struct span buf_span(const struct buf *b)
{
	return (struct span){b->p, b->n};
}

/* malloc, realloc, strdup that never return NULL (see above). */
void *xmalloc(size_t n);
void *xcalloc(size_t count, size_t size);
void *xrealloc(void *p, size_t n);
char *xstrdup(const char *text);
char *xstrndup(const char *bytes, size_t n);

#endif
