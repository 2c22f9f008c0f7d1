#include "line.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "buf.h"
#include "clock.h"
#include "digest.h"
#include "sig.h"
#include "unfold.h"

enum { BLOCK = 256 << 10, TICK_MS = 1000 };

struct line_reader {
	int fd, watch_fd;
	const char *source;
	size_t max;
	struct line_hooks hooks;
	char *p;               /* the buffer: a line not yet returned begins at `start`, what was read ends at `end` */
	size_t cap, start, end;
	size_t looked;         /* bytes from `start` on that hold no \n */
	uint64_t number;
	bool blocks;           /* the input can keep us waiting (it is no regular file) */
	bool idle_told;        /* hooks.idle was called since the last bytes came */
	int64_t idle_again;    /* when it is to be called again; INT64_MAX: not before more bytes have come */
	bool eof;
	uint64_t long_bytes;
	char long_sha256[DIGEST_HEX + 1];
	struct digest *digest; /* of a too long line whose end has not been read yet */
	bool held_cr;          /* its last byte so far is a \r, which counts only if no \n follows */
	char *head;            /* its first LINE_HEAD bytes, kept while the buffer goes on */
	size_t head_n;
	bool unfolding;        /* until it turns out that the input is lines */
	struct unfold unfold;
	struct buf folded, records; /* input before and behind unfold */
	bool broken;           /* what follows cannot be unfolded: `fault` says why */
	struct buf fault;
};

static bool is_pipe_or_socket(int fd)
{
	struct stat st;

	return fd >= 0 && fstat(fd, &st) == 0 && (S_ISFIFO(st.st_mode) || S_ISSOCK(st.st_mode));
}

struct line_reader *line_reader_new(int fd, const char *source, size_t max, int watch_fd, struct line_hooks hooks)
{
	struct line_reader *r = xcalloc(1, sizeof *r);
	struct stat st;

	r->fd = fd;
	r->source = source;
	r->max = max;
	r->hooks = hooks;
	r->idle_again = INT64_MAX;
	/* files and terminals have no reader that could go away */
	r->watch_fd = is_pipe_or_socket(watch_fd) ? watch_fd : -1;
	r->blocks = fstat(fd, &st) < 0 || !S_ISREG(st.st_mode);
	r->cap = BLOCK;
	r->p = xmalloc(r->cap);
	return r;
}

void line_reader_free(struct line_reader *r)
{
	char unused[DIGEST_HEX + 1];

	if (r == NULL)
		return;
	if (r->digest != NULL)
		digest_finish(r->digest, unused);
	unfold_free(&r->unfold);
	buf_free(&r->folded);
	buf_free(&r->records);
	buf_free(&r->fault);
	free(r->head);
	free(r->p);
	free(r);
}

void line_reader_again(struct line_reader *r, int64_t us)
{
	r->idle_again = clock_monotonic() + us;
}

void line_reader_unfold(struct line_reader *r)
{
	r->unfolding = true;
}

uint64_t line_number(const struct line_reader *r)
{
	return r->number;
}

const char *line_source(const struct line_reader *r)
{
	return r->source;
}

uint64_t line_long_bytes(const struct line_reader *r)
{
	return r->long_bytes;
}

const char *line_long_sha256(const struct line_reader *r)
{
	return r->long_sha256;
}

const char *line_fault(struct line_reader *r)
{
	return buf_text(&r->fault);
}

/* --- waiting and reading ------------------------------------------------------------------------------------------ */

static enum line_status fail(struct line_reader *r, const char *why)
{
	buf_clear(&r->fault);
	buf_add_text(&r->fault, why);
	return LINE_ERROR;
}

/* How long poll() may sleep: up to the next tick, the end of the grace time, or the time to call idle again. */
static int sleep_ms(const struct line_reader *r, int64_t grace)
{
	int64_t us = grace < TICK_MS * INT64_C(1000) ? grace + 1000 : TICK_MS * INT64_C(1000);

	if (r->idle_again != INT64_MAX) {
		int64_t left = r->idle_again - clock_monotonic();

		us = left < 0 ? 0 : left + 999 < us ? left + 999 : us;
	}
	return (int)(us / 1000);
}

static bool idle_is_due(const struct line_reader *r)
{
	return !r->idle_told || (r->idle_again != INT64_MAX && clock_monotonic() >= r->idle_again);
}

/* LINE_OK: there is something to read (or to fail at). */
static enum line_status wait_for_input(struct line_reader *r)
{
	for (bool wait = false;; wait = true) {
		struct pollfd fds[4] = {
			{.fd = r->fd, .events = POLLIN},
			{.fd = r->watch_fd}, /* errors and hang-ups are always reported */
			{.fd = sig_asked() == 0 ? sig_fd() : -1, .events = POLLIN}, /* stays readable: looked at only once */
			{.fd = r->hooks.wake != NULL ? r->hooks.wake_fd : -1, .events = POLLIN},
		};
		int64_t grace = sig_grace_left();

		if (grace == 0)
			return LINE_GRACE;
		if (poll(fds, 4, wait ? sleep_ms(r, grace) : 0) < 0 && errno != EINTR)
			return fail(r, strerror(errno));
		if ((fds[1].revents & (POLLERR | POLLHUP)) != 0)
			return LINE_GONE;
		if (fds[0].revents != 0)
			return LINE_OK;
		if (idle_is_due(r)) {
			r->idle_told = true;
			r->idle_again = INT64_MAX;
			if (r->hooks.idle != NULL && r->hooks.idle(r->hooks.arg) != 0)
				return LINE_IDLE;
		}
		if (fds[3].revents != 0 && r->hooks.wake(r->hooks.arg) != 0)
			return LINE_IDLE;
		if (wait && r->hooks.tick != NULL && r->hooks.tick(r->hooks.arg) != 0)
			return LINE_IDLE;
	}
}

/* One read(2), as soon as it does not block. LINE_OK: *n bytes, 0 at the end of the input. */
static enum line_status read_once(struct line_reader *r, char *to, size_t room, size_t *n)
{
	for (;;) {
		enum line_status status;
		ssize_t got;

		if (sig_grace_left() == 0)
			return LINE_GRACE;
		if (r->blocks && (status = wait_for_input(r)) != LINE_OK)
			return status;
		got = read(r->fd, to, room);
		if (got >= 0) {
			*n = (size_t)got;
			r->idle_told = false;
			r->idle_again = INT64_MAX;
			return LINE_OK;
		}
		/* EAGAIN: somebody else made the descriptor non-blocking, and took what poll() had seen */
		if (errno != EINTR && errno != EAGAIN)
			return fail(r, strerror(errno));
	}
}

static void add_bytes(struct line_reader *r, struct span bytes)
{
	if (r->cap - r->end < bytes.n) {
		r->cap = r->end + bytes.n;
		r->p = xrealloc(r->p, r->cap);
	}
	if (bytes.n > 0)
		memcpy(r->p + r->end, bytes.p, bytes.n);
	r->end += bytes.n;
}

/* What unfold makes of one block goes behind the lines in the buffer. */
static enum line_status read_folded(struct line_reader *r)
{
	const char *why;
	enum line_status status;
	size_t n;
	int result;

	status = read_once(r, buf_room(&r->folded, BLOCK), BLOCK, &n);
	if (status != LINE_OK)
		return status;
	buf_clear(&r->records);
	if (n > 0)
		result = unfold_feed(&r->unfold, (struct span){r->folded.p, n}, r->max, &r->records, &why);
	else
		result = unfold_finish(&r->unfold, &r->records, &why);
	if (result < 0) {
		r->broken = true; /* but the records before it count */
		buf_clear(&r->fault);
		buf_addf(&r->fault, "line %llu: %s", (unsigned long long)r->unfold.line + 1, why);
	}
	r->eof = n == 0 && result == 0;
	r->unfolding = r->unfold.mode != UNFOLD_LINES;
	add_bytes(r, buf_span(&r->records));
	return LINE_OK;
}

/* LINE_OK: `end` moved, or eof is set. */
static enum line_status read_more(struct line_reader *r)
{
	enum line_status status;
	size_t n = 0;

	if (r->broken)
		return LINE_ERROR;
	if (r->hooks.tick != NULL && r->hooks.tick(r->hooks.arg) != 0)
		return LINE_IDLE;
	if (r->unfolding)
		return read_folded(r);
	status = read_once(r, r->p + r->end, r->cap - r->end, &n);
	r->eof = status == LINE_OK && n == 0;
	r->end += n;
	return status;
}

/* Make room for more: what is left of the buffer moves to its front; it grows up to one line and its \r\n. */
static void make_room(struct line_reader *r)
{
	size_t rest = r->end - r->start, most = r->max + 2 > BLOCK ? r->max + 2 : BLOCK;

	if (r->start > 0) {
		memmove(r->p, r->p + r->start, rest);
		r->start = 0;
		r->end = rest;
	}
	if (r->end == r->cap && r->cap < most) {
		r->cap = r->cap > most / 2 ? most : 2 * r->cap;
		r->p = xrealloc(r->p, r->cap);
	}
}

/* --- lines that are too long -------------------------------------------------------------------------------------- */

static void add_long(struct line_reader *r, struct span bytes)
{
	size_t room = LINE_HEAD - r->head_n, keep = bytes.n < room ? bytes.n : room;

	memcpy(r->head + r->head_n, bytes.p, keep);
	r->head_n += keep;
	r->long_bytes += bytes.n;
	digest_add(r->digest, bytes);
}

/* The next bytes of the line; a \r at their end is kept back, as it may belong to the line's end. */
static void add_part(struct line_reader *r, struct span part)
{
	if (part.n == 0)
		return;
	if (r->held_cr)
		add_long(r, SPAN("\r"));
	r->held_cr = part.p[part.n - 1] == '\r';
	if (r->held_cr)
		part.n--;
	add_long(r, part);
}

/* The buffer holds more than max bytes and no \n. */
static void begin_long(struct line_reader *r)
{
	r->digest = digest_new();
	r->held_cr = false;
	r->looked = 0;
	r->head_n = 0;
	if (r->head == NULL)
		r->head = xmalloc(LINE_HEAD);
}

/* Read and hash up to the end of the line; may be called again after LINE_IDLE. */
static enum line_status finish_long(struct line_reader *r, struct span *line)
{
	for (;;) {
		struct span rest = {r->p + r->start, r->end - r->start};
		const char *newline = rest.n > 0 ? memchr(rest.p, '\n', rest.n) : NULL;
		enum line_status status;

		add_part(r, (struct span){rest.p, newline != NULL ? (size_t)(newline - rest.p) : rest.n});
		if (newline != NULL) {
			r->start += (size_t)(newline - rest.p) + 1;
			break;
		}
		r->start = r->end = 0;
		status = read_more(r);
		if (status != LINE_OK)
			return status;
		if (r->eof)
			break;
	}
	digest_finish(r->digest, r->long_sha256);
	r->digest = NULL;
	r->number++;
	*line = (struct span){r->head, r->head_n};
	return r->eof ? LINE_LAST : LINE_TOO_LONG;
}

/* --- lines -------------------------------------------------------------------------------------------------------- */

static struct span without_cr(struct span line)
{
	if (line.n > 0 && line.p[line.n - 1] == '\r')
		line.n--;
	return line;
}

/* The next whole line of the buffer, its end cut off. */
static bool take_line(struct line_reader *r, struct span *line)
{
	const char *from = r->p + r->start, *newline;

	newline = memchr(from + r->looked, '\n', r->end - r->start - r->looked);
	if (newline == NULL) {
		r->looked = r->end - r->start;
		return false;
	}
	*line = without_cr((struct span){from, (size_t)(newline - from)});
	r->start = (size_t)(newline + 1 - r->p);
	r->looked = 0;
	r->number++;
	return true;
}

/* A whole line in the buffer: is it one byte or two too long? */
static enum line_status judge_length(struct line_reader *r, struct span *line)
{
	if (line->n <= r->max)
		return LINE_OK;
	r->long_bytes = line->n;
	digest_of(*line, r->long_sha256);
	if (line->n > LINE_HEAD)
		line->n = LINE_HEAD;
	return LINE_TOO_LONG;
}

/* What is left at the end of the input. */
static enum line_status take_rest(struct line_reader *r, struct span *line)
{
	*line = without_cr((struct span){r->p + r->start, r->end - r->start});
	r->start = r->end = r->looked = 0;
	if (line->n == 0)
		return LINE_EOF;
	r->number++;
	judge_length(r, line);
	return LINE_LAST;
}

enum line_status line_next(struct line_reader *r, struct span *line)
{
	enum line_status status;

	if (r->digest != NULL)
		return finish_long(r, line);
	r->long_bytes = 0;
	for (;;) {
		while (take_line(r, line))
			if (line->n > 0)
				return judge_length(r, line);
		if (r->eof)
			return take_rest(r, line);
		if (r->end - r->start >= r->max + 2) {
			begin_long(r);
			return finish_long(r, line);
		}
		make_room(r);
		status = read_more(r);
		if (status != LINE_OK)
			return status;
	}
}
