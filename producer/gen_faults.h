/*
 * What goes wrong on the way: repeated lines, and lines that are broken in a known way. They come on top of the
 * originals, behind them, and draw from random numbers of their own: the originals of a seed are the same with and
 * without them.
 */
#ifndef TXPIPE_GEN_FAULTS_H
#define TXPIPE_GEN_FAULTS_H

#include "buf.h"
#include "gen_emit.h"
#include "gen_stream.h"

/* The longest line that the suite takes is 2 MiB and 64 KiB: DEFAULT is one byte more, its newline not counted. */
#define FAULTS_LONG_DEFAULT ((2 << 20) + (64 << 10) + 1)
#define FAULTS_LONG_MIN 4096

enum { FAULTS_KEPT = 512 };

struct faults {
	const struct shares *shares;
	double duplicates;    /* share of the originals that come again later */
	int64_t long_bytes;   /* length of an over-long line */
	struct random random;
	char (*kept)[EMIT_MAX]; /* a sample of the latest originals, for repetition */
	size_t kept_length[FAULTS_KEPT];
	size_t count;
	struct buf line; /* the line in work */
};

void faults_init(struct faults *f, const struct world *w, const struct shares *shares, double duplicates,
                 int64_t long_bytes);
void faults_free(struct faults *f);

/* Tell of each original line (with its newline). */
void faults_see(struct faults *f, const char *line, size_t n);

/* Perhaps a repetition: its line, or an empty span. */
struct span faults_duplicate(struct faults *f);

/* Perhaps a malformed line (with its newline; of *kind), or an empty span. Its event time is t. */
struct span faults_malformed(struct faults *f, struct stream *s, int64_t t, enum share_kind *kind);

/* A malformed line of that kind; called by faults_malformed(). */
struct span faults_make(struct faults *f, struct stream *s, int64_t t, enum share_kind kind);

#endif
