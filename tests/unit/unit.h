/* What the unit tests share: cmocka's includes in the order it wants, pipes with content, functions run in a child
 * process. */
#ifndef TXPIPE_UNIT_H
#define TXPIPE_UNIT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "buf.h"
#include "span.h"

#define assert_span(got, literal) assert_text((got), SPAN(literal), __FILE__, __LINE__)

static inline void assert_text(struct span got, struct span want, const char *file, int line)
{
	if (span_eq(got, want))
		return;
	print_error("got:  %.*s\nwant: %.*s\n", SPAN_ARG(got), SPAN_ARG(want));
	_assert_true(0, "span_eq(got, want)", file, line);
}

/* What ran in a child: its exit status (or 128 + signal), and what it wrote. */
struct child {
	int status;
	struct buf out, err;
};

static inline void child_free(struct child *c)
{
	buf_free(&c->out);
	buf_free(&c->err);
}

static inline int child_status(pid_t pid)
{
	int status;

	while (waitpid(pid, &status, 0) < 0)
		assert_int_equal(errno, EINTR);
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

static inline void drain(int fd, struct buf *to)
{
	ssize_t n;

	while ((n = read(fd, buf_room(to, 65536), 65536)) > 0)
		to->n += (size_t)n;
	close(fd);
	buf_text(to);
}

/* Run `work` in a child with stdout and stderr caught; it ends with work's result unless work exits by itself. Its
 * output must fit into a pipe if it writes to both. */
static inline struct child run_child(int (*work)(void *arg), void *arg)
{
	struct child c = {0};
	int out[2], err[2];
	pid_t pid;

	fflush(stdout);
	fflush(stderr);
	assert_int_equal(pipe(out), 0);
	assert_int_equal(pipe(err), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		int status;

		dup2(out[1], STDOUT_FILENO);
		dup2(err[1], STDERR_FILENO);
		close(out[0]);
		close(out[1]);
		close(err[0]);
		close(err[1]);
		status = work(arg);
		fflush(stdout);
		_exit(status);
	}
	close(out[1]);
	close(err[1]);
	drain(out[0], &c.out);
	drain(err[0], &c.err);
	c.status = child_status(pid);
	return c;
}

/* A pipe's reading end from which the bytes come, in pieces of `step` (0: all at once), then the end. The writer is a
 * child. */
static inline int pipe_with(struct span bytes, size_t step, pid_t *writer)
{
	int ends[2];

	fflush(stdout);
	fflush(stderr);
	assert_int_equal(pipe(ends), 0);
	*writer = fork();
	assert_true(*writer >= 0);
	if (*writer == 0) {
		signal(SIGPIPE, SIG_DFL);
		close(ends[0]);
		while (bytes.n > 0) {
			size_t n = step == 0 || step > bytes.n ? bytes.n : step;
			ssize_t done = write(ends[1], bytes.p, n);

			if (done <= 0)
				_exit(1);
			bytes.p += done;
			bytes.n -= (size_t)done;
		}
		_exit(0);
	}
	close(ends[1]);
	return ends[0];
}

/* A file without a name that holds the bytes, read from its beginning. */
static inline int file_with(struct span bytes)
{
	FILE *f = tmpfile();
	int fd;

	assert_non_null(f);
	assert_int_equal(fwrite(bytes.p, 1, bytes.n, f), bytes.n);
	assert_int_equal(fflush(f), 0);
	fd = dup(fileno(f));
	fclose(f);
	assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
	return fd;
}

#endif
