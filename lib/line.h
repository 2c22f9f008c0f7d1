/*
 * Lines from a file descriptor, as a pipe stage needs them: bounded memory, torn last lines told apart from
 * records, nothing kept waiting in a buffer, a dead neighbour noticed within a second even when idle.
 */
#ifndef TXPIPE_LINE_H
#define TXPIPE_LINE_H

#include <stdint.h>

#include "span.h"

enum line_status {
	LINE_OK,       /* a whole line, without its \n and without a \r before it; never empty */
	LINE_LAST,     /* the last line, without its \n: a record if it parses, else a torn write (EXIT_IO). If it is too long
	                * as well, it counts as torn: `line` and long_bytes are as for LINE_TOO_LONG */
	LINE_TOO_LONG, /* longer than max: `line` is its first LINE_HEAD bytes, long_bytes and long_sha256 are set */
	LINE_EOF,      /* end of input */
	LINE_GRACE,    /* SIGTERM or SIGINT, and the grace time is over: finish what was read */
	LINE_GONE,     /* the reader of watch_fd went away: exit EXIT_IO, silently */
	LINE_IDLE,     /* hooks.idle() returned non-zero; line_next() may be called again */
	LINE_ERROR     /* read(2) failed, or the input cannot be unfolded: line_fault() says why */
};

enum { LINE_HEAD = 256 << 10, LINE_MAX_DEFAULT = (2 << 20) + (64 << 10) };

struct line_hooks {
	/* Called when input is about to block, once for each time that bytes came, before waiting: flush, commit.
	 * Non-zero: return LINE_IDLE (the next call of line_next() goes on to wait). */
	int (*idle)(void *arg);
	/* Called before each read and at least once a second while waiting: metrics, progress, deadlines.
	 * Non-zero: return LINE_IDLE (the next call begins with tick again). */
	int (*tick)(void *arg);
	void *arg;
	/* Called while waiting when wake_fd is readable (what it calls must read from it). Non-zero: return LINE_IDLE. NULL: there is no
	 * wake_fd. */
	int (*wake)(void *arg);
	int wake_fd;
};

struct line_reader;

/*
 * `fd` stays the caller's; `source` names it in messages ("-" for stdin) and must outlive the reader; lines longer than
 * `max` bytes are too long; `watch_fd` is the stdout of a filter, or -1: only pipes and sockets are
 * watched. After a signal reading goes on to the end of input or of the grace time. Memory: 256 KiB, growing to
 * max + LINE_HEAD where lines need it, however long the input's lines are.
 */
struct line_reader *line_reader_new(int fd, const char *source, size_t max, int watch_fd, struct line_hooks hooks);
void line_reader_free(struct line_reader *r);

/*
 * Before the first line: the input may also be a JSON array or pretty-printed objects, which are unfolded (see
 * unfold.h). line_number() then counts their records.
 */
void line_reader_unfold(struct line_reader *r);

/* In hooks.idle or hooks.wake: call idle again after so many microseconds if no bytes come before. */
void line_reader_again(struct line_reader *r, int64_t us);

/* The next line. The span is valid until the next call. Empty lines (and lines of only \r) are skipped, but counted. */
enum line_status line_next(struct line_reader *r, struct span *line);

/* Number of the line returned last, from 1; the source's name. */
uint64_t line_number(const struct line_reader *r);
const char *line_source(const struct line_reader *r);

/* Of a line too long: length in bytes (0 for all other lines) and SHA-256 (64 hex digits) of the whole line. */
uint64_t line_long_bytes(const struct line_reader *r);
const char *line_long_sha256(const struct line_reader *r);

/* For LINE_ERROR: what went wrong, with the line of the input if that is where it lies. Valid until the next call. */
const char *line_fault(struct line_reader *r);

#endif
