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

void buf_grow(struct buf *b, size_t more)
{
	size_t cap = b->cap > 0 ? b->cap : 256;

	while (cap - b->n < more)
		cap *= 2;
	b->p = xrealloc(b->p, cap);
	b->cap = cap;
}

static size_t count_digits(uint64_t value)
{
	size_t n = 1;

	for (; value >= 10000; value /= 10000)
		n += 4;
	return n + (value >= 10) + (value >= 100) + (value >= 1000);
}

/* Two digits at a time, from the last on, straight to their place. */
void buf_add_int(struct buf *b, int64_t value)
{
	static const char pairs[] = "00010203040506070809101112131415161718192021222324252627282930313233343536373839404142434445464748495051525354"
	                            "555657585960616263646566676869707172737475767778798081828384858687888990919293949596979899";
	uint64_t rest = value < 0 ? 0 - (uint64_t)value : (uint64_t)value;
	size_t n = count_digits(rest);
	char *to;

	if (value < 0)
		buf_add_char(b, '-');
	to = buf_room(b, n) + n;
	b->n += n;
	for (; rest >= 100; rest /= 100) {
		to -= 2;
		memcpy(to, pairs + 2 * (rest % 100), 2);
	}
	if (rest >= 10)
		memcpy(to - 2, pairs + 2 * rest, 2);
	else
		to[-1] = (char)('0' + rest);
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
