/* The line reader while it waits: hooks, the reader of the tool's own output, signals (in child processes). */
#include "clock.h"
#include "digest.h"
#include "line.h"
#include "sig.h"
#include "unit.h"

static const struct line_hooks no_hooks = {0};

/* --- hooks -------------------------------------------------------------------------------------------------------- */

struct counts {
	int idle, tick, stop_at_idle, stop_at_tick;
	int feed; /* written to at the third tick */
};

static int count_idle(void *arg)
{
	struct counts *c = arg;

	return ++c->idle == c->stop_at_idle;
}

static int count_tick(void *arg)
{
	struct counts *c = arg;

	c->tick++;
	if (c->tick == 3 && c->feed >= 0)
		assert_int_equal(write(c->feed, "b\nc\n", 4), 4);
	return c->tick == c->stop_at_tick;
}

/* idle is called once for each time that bytes came, before the wait; tick goes on every second. */
static void test_hooks(void **state)
{
	struct counts c = {.feed = -1};
	struct line_hooks hooks = {.idle = count_idle, .tick = count_tick, .arg = &c};
	struct line_reader *r;
	struct span line;
	int64_t start;
	int ends[2];

	(void)state;
	assert_int_equal(pipe(ends), 0);
	c.feed = ends[1];
	assert_int_equal(write(ends[1], "a\n", 2), 2);
	r = line_reader_new(ends[0], "input", 100, -1, hooks);
	assert_int_equal(line_next(r, &line), LINE_OK);
	assert_int_equal(c.idle, 0); /* the bytes were there: nothing blocked */
	assert_int_equal(c.tick, 1);
	start = clock_monotonic();
	assert_int_equal(line_next(r, &line), LINE_OK); /* tick 2 before the read, tick 3 after a second of waiting */
	assert_span(line, "b");
	assert_true(clock_monotonic() - start > 900000);
	assert_int_equal(c.idle, 1);
	assert_int_equal(c.tick, 3);
	assert_int_equal(line_next(r, &line), LINE_OK);
	assert_span(line, "c");
	assert_int_equal(c.idle, 1);
	c.stop_at_idle = 2;
	assert_int_equal(line_next(r, &line), LINE_IDLE);
	c.stop_at_tick = c.tick + 2;
	assert_int_equal(line_next(r, &line), LINE_IDLE); /* by tick, a second later */
	assert_int_equal(c.idle, 2);
	assert_int_equal(write(ends[1], "d\n", 2), 2);
	assert_int_equal(line_next(r, &line), LINE_OK);
	assert_span(line, "d");
	close(ends[1]);
	assert_int_equal(line_next(r, &line), LINE_EOF);
	assert_int_equal(c.idle, 2);
	line_reader_free(r);
	close(ends[0]);
}

/* A descriptor of the tool's own wakes the reader; idle comes again when the tool asked for that. */
struct waking {
	struct line_reader *r;
	int wake_fd, idle, wake;
};

static int idle_again(void *arg)
{
	struct waking *w = arg;

	if (++w->idle == 1)
		line_reader_again(w->r, 2000);
	return w->idle == 2;
}

static int woken(void *arg)
{
	struct waking *w = arg;
	char byte;

	w->wake++;
	assert_int_equal(read(w->wake_fd, &byte, 1), 1);
	line_reader_again(w->r, 0);
	return 0;
}

static void test_wake(void **state)
{
	struct waking w = {0};
	struct line_hooks hooks = {.idle = idle_again, .arg = &w, .wake = woken};
	struct span line;
	int64_t start = clock_monotonic();
	int ends[2], wake[2];

	(void)state;
	assert_int_equal(pipe(ends), 0);
	assert_int_equal(pipe(wake), 0);
	w.wake_fd = hooks.wake_fd = wake[0];
	w.r = line_reader_new(ends[0], "input", 100, -1, hooks);
	assert_int_equal(line_next(w.r, &line), LINE_IDLE);
	assert_int_equal(w.idle, 2);
	assert_int_equal(w.wake, 0);
	assert_true(clock_monotonic() - start >= 2000);
	/* nothing more was asked for: only the descriptor can end the wait */
	assert_int_equal(write(wake[1], "x", 1), 1);
	w.idle = 1;
	assert_int_equal(line_next(w.r, &line), LINE_IDLE);
	assert_int_equal(w.idle, 2);
	assert_int_equal(w.wake, 1);
	/* bytes make it forget */
	assert_int_equal(write(ends[1], "a\n", 2), 2);
	assert_int_equal(line_next(w.r, &line), LINE_OK);
	assert_int_equal(w.idle, 2);
	close(ends[1]);
	assert_int_equal(line_next(w.r, &line), LINE_EOF);
	line_reader_free(w.r);
	close(ends[0]);
	close(wake[0]);
	close(wake[1]);
}

static void test_file_is_never_idle(void **state)
{
	struct counts c = {.feed = -1};
	struct line_hooks hooks = {.idle = count_idle, .tick = count_tick, .arg = &c};
	int fd = file_with(SPAN("a\nb\n"));
	struct line_reader *r = line_reader_new(fd, "file", 100, -1, hooks);
	struct span line;

	(void)state;
	assert_int_equal(line_next(r, &line), LINE_OK);
	assert_int_equal(line_next(r, &line), LINE_OK);
	assert_int_equal(line_next(r, &line), LINE_EOF);
	assert_int_equal(c.idle, 0);
	line_reader_free(r);
	close(fd);
}

/* A long line that comes slowly: LINE_IDLE in its midst loses nothing. */
static void test_idle_in_long_line(void **state)
{
	static const char *const parts[] = {"678\r", "9\r", "\r"};
	struct counts c = {.feed = -1, .stop_at_idle = 1};
	struct line_hooks hooks = {.idle = count_idle, .arg = &c};
	char hex[DIGEST_HEX + 1];
	struct line_reader *r;
	struct span line;
	int ends[2];

	(void)state;
	assert_int_equal(pipe(ends), 0);
	r = line_reader_new(ends[0], "input", 4, -1, hooks);
	assert_int_equal(write(ends[1], "012345", 6), 6);
	assert_int_equal(line_next(r, &line), LINE_IDLE);
	for (size_t i = 0; i < 3; i++) { /* a \r at the end of a block may or may not be the line's */
		c.stop_at_idle = c.idle + 1;
		assert_int_equal(write(ends[1], parts[i], strlen(parts[i])), strlen(parts[i]));
		assert_int_equal(line_next(r, &line), LINE_IDLE);
	}
	assert_int_equal(write(ends[1], "\nx\n", 3), 3);
	assert_int_equal(line_next(r, &line), LINE_TOO_LONG);
	assert_span(line, "012345678\r9\r");
	assert_int_equal(line_long_bytes(r), 12);
	digest_of(SPAN("012345678\r9\r"), hex);
	assert_string_equal(line_long_sha256(r), hex);
	assert_int_equal(line_next(r, &line), LINE_OK);
	assert_span(line, "x");
	/* freed in the midst of one */
	assert_int_equal(write(ends[1], "abcdefgh", 8), 8);
	c.stop_at_idle = c.idle + 1;
	assert_int_equal(line_next(r, &line), LINE_IDLE);
	line_reader_free(r);
	close(ends[0]);
	close(ends[1]);
}

/* --- the neighbour ------------------------------------------------------------------------------------------------ */

static void test_reader_gone(void **state)
{
	struct line_reader *r;
	struct span line;
	int in[2], out[2];
	int64_t start;
	pid_t pid;

	(void)state;
	assert_int_equal(pipe(in), 0);
	assert_int_equal(pipe(out), 0);
	pid = fork();
	if (pid == 0) { /* the reader of our output leaves after 300 ms */
		close(out[1]);
		usleep(300000);
		_exit(0);
	}
	close(out[0]);
	r = line_reader_new(in[0], "input", 100, out[1], no_hooks);
	start = clock_monotonic();
	assert_int_equal(line_next(r, &line), LINE_GONE);
	assert_in_range(clock_monotonic() - start, 200000, 4000000);
	line_reader_free(r);
	child_status(pid);
	close(out[1]);
	/* files, terminals and closed descriptors have no reader that could leave */
	out[1] = open("/dev/null", O_WRONLY);
	assert_int_equal(write(in[1], "a\nb", 3), 3);
	close(in[1]);
	r = line_reader_new(in[0], "input", 100, out[1], no_hooks);
	assert_int_equal(line_next(r, &line), LINE_OK);
	assert_int_equal(line_next(r, &line), LINE_LAST);
	line_reader_free(r);
	close(out[1]);
	r = line_reader_new(in[0], "input", 100, out[1], no_hooks);
	assert_int_equal(line_next(r, &line), LINE_EOF);
	line_reader_free(r);
	close(in[0]);
}

/* A terminal that hung up is no reader that went away: what is written to it is the writer's business. */
static void test_terminal(void **state)
{
	struct line_reader *r;
	struct span line;
	pid_t writer;
	int master = posix_openpt(O_RDWR | O_NOCTTY), slave, fd;

	(void)state;
	slave = master >= 0 && grantpt(master) == 0 && unlockpt(master) == 0 ? open(ptsname(master), O_RDWR | O_NOCTTY) : -1;
	if (slave < 0) {
		print_message("no pseudo-terminal here (is /dev/pts mounted?)\n");
		skip();
	}
	close(master);
	fd = pipe_with(SPAN("a\n"), 0, &writer);
	r = line_reader_new(fd, "input", 100, slave, no_hooks);
	assert_int_equal(line_next(r, &line), LINE_OK);
	assert_int_equal(line_next(r, &line), LINE_EOF);
	line_reader_free(r);
	close(fd);
	close(slave);
	child_status(writer);
}

static void test_non_blocking_input(void **state)
{
	struct counts c = {.feed = -1};
	struct line_hooks hooks = {.idle = count_idle, .tick = count_tick, .arg = &c};
	struct line_reader *r;
	struct span line;
	int ends[2];

	(void)state;
	assert_int_equal(pipe(ends), 0);
	assert_int_equal(fcntl(ends[0], F_SETFL, O_NONBLOCK), 0);
	c.feed = ends[1];
	r = line_reader_new(ends[0], "input", 100, -1, hooks);
	assert_int_equal(line_next(r, &line), LINE_OK);
	assert_span(line, "b");
	line_reader_free(r);
	close(ends[0]);
	close(ends[1]);
}

/* --- signals ------------------------------------------------------------------------------------------------------ */

struct stage {
	int fd;
	int64_t grace;
	int64_t cpu_limit_us;
};

/* A stage that counts lines until its input ends; says how it ended. */
static int count_lines(void *arg)
{
	const struct stage *s = arg;
	struct line_reader *r;
	enum line_status status;
	struct span line;
	struct timespec cpu;
	int lines = 0;

	sig_init(s->grace);
	r = line_reader_new(s->fd, "input", 100, -1, no_hooks);
	if (write(STDERR_FILENO, "r", 1) != 1)
		return 99;
	while ((status = line_next(r, &line)) == LINE_OK)
		lines++;
	line_reader_free(r);
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &cpu);
	printf("status %d lines %d", status, lines);
	return cpu.tv_sec * 1000000 + cpu.tv_nsec / 1000 > s->cpu_limit_us ? 98 : 0;
}

/* Runs count_lines on a pipe; `script` tells what the world does, in steps of 100 ms: w writes a line, T sends
 * SIGTERM, c closes the pipe, . nothing. Returns after how many ms it ended. */
static int64_t run_stage(const char *script, int64_t grace, int *status, struct buf *out)
{
	int in[2], result[2], ready[2];
	struct stage s = {.grace = grace, .cpu_limit_us = 300000};
	int64_t start;
	pid_t pid;
	char c;

	fflush(stdout);
	assert_int_equal(pipe(in), 0);
	assert_int_equal(pipe(result), 0);
	assert_int_equal(pipe(ready), 0);
	pid = fork();
	if (pid == 0) {
		int code;

		close(in[1]);
		close(ready[0]);
		dup2(result[1], STDOUT_FILENO);
		dup2(ready[1], STDERR_FILENO);
		s.fd = in[0];
		code = count_lines(&s);
		fflush(stdout);
		_exit(code);
	}
	close(in[0]);
	close(result[1]);
	close(ready[1]);
	assert_int_equal(read(ready[0], &c, 1), 1);
	start = clock_monotonic();
	for (; *script != '\0'; script++) {
		if (*script == 'w')
			assert_true(write(in[1], "line\n", 5) == 5);
		else if (*script == 'T')
			kill(pid, SIGTERM);
		else if (*script == 'c')
			close(in[1]);
		usleep(100000);
	}
	drain(result[0], out);
	*status = child_status(pid);
	close(ready[0]);
	return (clock_monotonic() - start) / 1000;
}

static void test_grace(void **state)
{
	struct buf out = {0};
	int64_t ms;
	int status;

	(void)state;
	/* after the signal it reads on to the end of the input */
	ms = run_stage("wwTwwc", 5000000, &status, &out);
	assert_int_equal(status, 0);
	assert_string_equal(buf_text(&out), "status 3 lines 4");
	assert_true(ms < 4500);
	/* a pipe held open: the grace time ends it, and waiting costs no processor time */
	buf_clear(&out);
	ms = run_stage("wT", 900000, &status, &out);
	assert_int_equal(status, 0);
	assert_string_equal(buf_text(&out), "status 4 lines 1");
	assert_in_range(ms, 800, 4500);
	/* no grace at all */
	buf_clear(&out);
	ms = run_stage("wT", 0, &status, &out);
	assert_int_equal(status, 0);
	assert_string_equal(buf_text(&out), "status 4 lines 1");
	assert_true(ms < 4500);
	/* a second signal leaves at once, by the signal */
	buf_clear(&out);
	ms = run_stage("wT.T", 5000000, &status, &out);
	assert_int_equal(status, 128 + SIGTERM);
	assert_true(ms < 4500);
	buf_free(&out);
}

/* Signals that nobody reacts to interrupt read and poll: that is neither an end nor an error. */
static void on_alarm(int number)
{
	(void)number;
}

static void test_interrupts(void **state)
{
	struct sigaction action = {.sa_handler = on_alarm};
	struct counts c = {.feed = -1};
	struct line_hooks hooks = {.tick = count_tick, .arg = &c};
	struct line_reader *r;
	struct span line;
	int ends[2];

	(void)state;
	sigaction(SIGALRM, &action, NULL);
	ualarm(50000, 50000);
	assert_int_equal(pipe(ends), 0);
	c.feed = ends[1];
	r = line_reader_new(ends[0], "input", 100, -1, hooks);
	assert_int_equal(line_next(r, &line), LINE_OK);
	ualarm(0, 0);
	line_reader_free(r);
	close(ends[0]);
	close(ends[1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_hooks),              cmocka_unit_test(test_wake),
		cmocka_unit_test(test_file_is_never_idle), cmocka_unit_test(test_idle_in_long_line),
		cmocka_unit_test(test_reader_gone),        cmocka_unit_test(test_terminal),
		cmocka_unit_test(test_non_blocking_input), cmocka_unit_test(test_grace),
		cmocka_unit_test(test_interrupts),
	};

	signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
