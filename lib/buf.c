#include "buf.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "exit.h"
#include "log.h"

static void *require(void *p)
{
	if (p == NULL) {
		log_error("out of memory");
		exit(EXIT_RETRY);
	}
	return p;
}

void *xmalloc(size_t n)
{
	return require(malloc(n > 0 ? n : 1));
}

void *xcalloc(size_t count, size_t size)
{
	return require(calloc(count > 0 ? count : 1, size > 0 ? size : 1));
}

void *xrealloc(void *p, size_t n)
{
	return require(realloc(p, n > 0 ? n : 1));
}

char *xstrdup(const char *text)
{
	return xstrndup(text, strlen(text));
}

char *xstrndup(const char *bytes, size_t n)
{
	char *copy = xmalloc(n + 1);

	if (n > 0)
		memcpy(copy, bytes, n);
	copy[n] = '\0';
	return copy;
}

void buf_free(struct buf *b)
{
	free(b->p);
	*b = (struct buf){0};
}

char *buf_room(struct buf *b, size_t more)
{
	if (b->cap - b->n < more) {
		size_t cap = b->cap > 0 ? b->cap : 256;

		while (cap - b->n < more)
			cap *= 2;
		b->p = xrealloc(b->p, cap);
		b->cap = cap;
	}
	return b->p + b->n;
}

void buf_add(struct buf *b, const void *bytes, size_t n)
{
	if (n == 0)
		return;
	memcpy(buf_room(b, n), bytes, n);
	b->n += n;
}

void buf_add_span(struct buf *b, struct span s)
{
	buf_add(b, s.p, s.n);
}

void buf_add_text(struct buf *b, const char *text)
{
	buf_add(b, text, strlen(text));
}

void buf_add_char(struct buf *b, char c)
{
	*buf_room(b, 1) = c;
	b->n++;
}

void buf_add_int(struct buf *b, int64_t value)
{
	char digits[20]; /* 19 digits and a sign */
	size_t at = sizeof digits;
	uint64_t rest = value < 0 ? 0 - (uint64_t)value : (uint64_t)value;

	do {
		digits[--at] = (char)('0' + rest % 10);
		rest /= 10;
	} while (rest > 0);
	if (value < 0)
		digits[--at] = '-';
	buf_add(b, digits + at, sizeof digits - at);
}

void buf_addf(struct buf *b, const char *format, ...)
{
	va_list args;
	int n;

	va_start(args, format);
	n = vsnprintf(NULL, 0, format, args);
	va_end(args);
	if (n < 0)
		return;
	buf_room(b, (size_t)n + 1);
	va_start(args, format);
	vsnprintf(b->p + b->n, (size_t)n + 1, format, args);
	va_end(args);
	b->n += (size_t)n;
}

void buf_drop(struct buf *b, size_t n)
{
	if (n == 0)
		return;
	memmove(b->p, b->p + n, b->n - n);
	b->n -= n;
}

const char *buf_text(struct buf *b)
{
	*buf_room(b, 1) = '\0';
	return b->p;
}
