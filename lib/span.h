/*
 * A span is a piece of somebody else's bytes: never owned, never terminated. Everything the scanner, the
 * envelope and the line reader hand out is a span into the line, valid until the next line is read.
 */
#ifndef TXPIPE_SPAN_H
#define TXPIPE_SPAN_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

struct span {
	const char *p;
	size_t n;
};

/* A span over a string literal, for comparisons and writing. */
#define SPAN(literal) ((struct span){(literal), sizeof(literal) - 1})

/* printf("%.*s", SPAN_ARG(s)) */
#define SPAN_ARG(s) (int)(s).n, (s).p

static inline bool span_eq(struct span a, struct span b)
{
	return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}

static inline struct span span_of(const char *text)
{
	return (struct span){text, strlen(text)};
}

static inline bool span_starts(struct span s, struct span prefix)
{
	return s.n >= prefix.n && memcmp(s.p, prefix.p, prefix.n) == 0;
}

#endif
