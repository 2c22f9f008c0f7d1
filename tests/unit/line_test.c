/* The line reader: what a stage sees of its input, good and bad. Waiting is tested in child processes that are
 * signalled. */
#include "clock.h"
#include "digest.h"
#include "line.h"
#include "random.h"
#include "sig.h"
#include "unit.h"

static const struct line_hooks no_hooks = {0};

/* All lines of the input as status, number, length, text and, of long ones, their whole length. */
static void read_all(int fd, size_t max, struct buf *to)
{
	struct line_reader *r = line_reader_new(fd, "input", max, -1, no_hooks);
	enum line_status status;
	struct span line;

	buf_clear(to);
	while ((status = line_next(r, &line)) <= LINE_TOO_LONG) {
		buf_addf(to, "%d:%llu:", status, (unsigned long long)line_number(r));
		buf_add_span(to, line.n <= 30 ? line : (struct span){line.p, 30});
		if (line_long_bytes(r) > 0)
			buf_addf(to, "(%llu of %llu)", (unsigned long long)line.n, (unsigned long long)line_long_bytes(r));
		buf_add_char(to, '|');
	}
	assert_int_equal(status, LINE_EOF);
	assert_int_equal(line_next(r, &line), LINE_EOF);
	line_reader_free(r);
	buf_text(to);
}

/* The same from a file, from a pipe at once, and byte by byte. */
static void check(struct span input, size_t max, const char *want)
{
	struct buf got = {0};
	pid_t writer;
	int fd = file_with(input);

	read_all(fd, max, &got);
	close(fd);
	assert_string_equal(buf_text(&got), want);
	for (size_t step = 0; step <= 1; step++) {
		fd = pipe_with(input, step, &writer);
		read_all(fd, max, &got);
		close(fd);
		assert_int_equal(child_status(writer), 0);
		assert_string_equal(buf_text(&got), want);
	}
	buf_free(&got);
}

static void test_lines(void **state)
{
	(void)state;
	check(SPAN(""), 10, "");
	check(SPAN("\n"), 10, "");
	check(SPAN("a\nbb\nccc\n"), 10, "0:1:a|0:2:bb|0:3:ccc|");
	check(SPAN("a\n\n\r\n\nb\n"), 10, "0:1:a|0:5:b|");
	check(SPAN("a\r\nb\r\n"), 10, "0:1:a|0:2:b|");
	check(SPAN("a\r\r\nb\rc\n\rd\n"), 10, "0:1:a\r|0:2:b\rc|0:3:\rd|");
	check(SPAN("a\nb"), 10, "0:1:a|1:2:b|");
	check(SPAN("a\nb\r"), 10, "0:1:a|1:2:b|");
	check(SPAN("\r"), 10, "");
	check(SPAN("b"), 10, "1:1:b|");
}

static void test_too_long(void **state)
{
	(void)state;
	check(SPAN("0123456789\nabc\n"), 10, "0:1:0123456789|0:2:abc|");
	check(SPAN("0123456789\r\nabc\n"), 10, "0:1:0123456789|0:2:abc|");
	check(SPAN("0123456789X\nabc\n"), 10, "2:1:0123456789X(11 of 11)|0:2:abc|");
	check(SPAN("0123456789X\r\nabc\n"), 10, "2:1:0123456789X(11 of 11)|0:2:abc|");
	check(SPAN("0123456789\rX\r\nabc\n"), 10, "2:1:0123456789\rX(12 of 12)|0:2:abc|");
	check(SPAN("0123456789\r\r\nabc\n"), 10, "2:1:0123456789\r(11 of 11)|0:2:abc|");
	check(SPAN("0123456789\r\r\r\r\r\nabc\n"), 10, "2:1:0123456789\r\r\r\r(14 of 14)|0:2:abc|");
	check(SPAN("0123456789"), 10, "1:1:0123456789|");
	check(SPAN("0123456789X"), 10, "1:1:0123456789X(11 of 11)|");
	check(SPAN("0123456789XY\r"), 10, "1:1:0123456789XY(12 of 12)|");
	check(SPAN("a\n0123456789XYZ\n\nb\n"), 10, "0:1:a|2:2:0123456789XYZ(13 of 13)|0:4:b|");
}

/* A line of 40 MB through a limit of 1 MiB: length, hash and head are right, and the lines around it are not touched. */
static void test_very_long(void **state)
{
	static const size_t sizes[] = {(1 << 20) + 1, (1 << 20) + 2, (1 << 20) + 3, 40 << 20};

	(void)state;
	for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
		struct buf input = {0};
		char hex[DIGEST_HEX + 1];
		struct line_reader *r;
		struct span line;
		pid_t writer;
		int fd;

		buf_add_text(&input, "before\n");
		for (size_t k = 0; k < sizes[i]; k++)
			buf_room(&input, 1)[0] = (char)('a' + k % 23), input.n++;
		digest_of((struct span){input.p + 7, sizes[i]}, hex);
		buf_add_text(&input, "\r\nbehind\n");
		fd = pipe_with(buf_span(&input), 0, &writer);
		r = line_reader_new(fd, "input", 1 << 20, -1, no_hooks);
		assert_int_equal(line_next(r, &line), LINE_OK);
		assert_span(line, "before");
		assert_int_equal(line_next(r, &line), LINE_TOO_LONG);
		assert_int_equal(line.n, LINE_HEAD);
		assert_memory_equal(line.p, input.p + 7, LINE_HEAD);
		assert_int_equal(line_long_bytes(r), sizes[i]);
		assert_string_equal(line_long_sha256(r), hex);
		assert_int_equal(line_number(r), 2);
		assert_int_equal(line_next(r, &line), LINE_OK);
		assert_span(line, "behind");
		assert_int_equal(line_long_bytes(r), 0);
		assert_int_equal(line_next(r, &line), LINE_EOF);
		line_reader_free(r);
		close(fd);
		assert_int_equal(child_status(writer), 0);
		buf_free(&input);
	}
}

/* Lines of all lengths around the sizes of the blocks come back whole and in order. */
static void test_any_lengths(void **state)
{
	struct buf input = {0};
	struct random r;
	struct line_reader *reader;
	struct span line;
	pid_t writer;
	size_t at = 0;
	int fd;

	(void)state;
	random_seed(&r, 8, 8);
	for (int i = 0; i < 400; i++) {
		size_t n = (size_t)(i % 10 == 0 ? (256 << 10) - 3 + random_below(&r, 6) : 1 + random_below(&r, 3000));

		for (size_t k = 0; k < n; k++)
			buf_add_char(&input, (char)('0' + (k + n) % 10));
		buf_add_char(&input, '\n');
	}
	fd = pipe_with(buf_span(&input), 100000, &writer);
	reader = line_reader_new(fd, "input", 1 << 20, -1, no_hooks);
	while (line_next(reader, &line) == LINE_OK) {
		assert_true(at + line.n < input.n);
		assert_memory_equal(line.p, input.p + at, line.n);
		assert_int_equal(input.p[at + line.n], '\n');
		at += line.n + 1;
	}
	assert_int_equal(at, input.n);
	line_reader_free(reader);
	close(fd);
	assert_int_equal(child_status(writer), 0);
	buf_free(&input);
}

static void test_read_error(void **state)
{
	struct line_reader *r;
	struct span line;
	int fd = open("/", O_RDONLY);

	(void)state;
	r = line_reader_new(fd, "directory", 100, -1, no_hooks);
	assert_int_equal(line_next(r, &line), LINE_ERROR);
	assert_string_equal(line_fault(r), "Is a directory");
	assert_string_equal(line_source(r), "directory");
	line_reader_free(r);
	close(fd);
	r = line_reader_new(fd, "closed", 100, -1, no_hooks);
	assert_int_equal(line_next(r, &line), LINE_ERROR);
	assert_string_equal(line_fault(r), "Bad file descriptor");
	line_reader_free(r);
}

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

/* --- unfolding ---------------------------------------------------------------------------------------------------- */

static void check_unfolded(struct span input, const char *want)
{
	for (size_t step = 0; step <= 1; step++) {
		struct buf got = {0};
		struct line_reader *r;
		enum line_status status;
		struct span line;
		pid_t writer;
		int fd = pipe_with(input, step, &writer);

		r = line_reader_new(fd, "input", 60, -1, no_hooks);
		line_reader_unfold(r);
		while ((status = line_next(r, &line)) <= LINE_TOO_LONG)
			buf_addf(&got, "%d:%llu:%.*s|", status, (unsigned long long)line_number(r), SPAN_ARG(line));
		if (status == LINE_ERROR)
			buf_addf(&got, "%s", line_fault(r));
		assert_int_equal(line_next(r, &line), status);
		assert_string_equal(buf_text(&got), want);
		line_reader_free(r);
		close(fd);
		child_status(writer);
		buf_free(&got);
	}
}

static void test_unfold(void **state)
{
	(void)state;
	check_unfolded(SPAN("{\"a\":1}\n[2]\nx"), "0:1:{\"a\":1}|0:2:[2]|1:3:x|");
	check_unfolded(SPAN("[ {\"a\": 1},\n\n {\"b\" :2} ]\n"), "0:1:{\"a\":1}|0:2:{\"b\":2}|");
	check_unfolded(SPAN("{\n \"a\": 1\n}\n{\n \"b\": 2\n}"), "0:1:{\"a\":1}|0:2:{\"b\":2}|");
	check_unfolded(SPAN("[{\"a\":1},\n{\"b\":2}"), "0:1:{\"a\":1}|line 2: the array is not closed at the end of the input (torn)");
	check_unfolded(SPAN("[{\"a\":1}]\n\nx"), "0:1:{\"a\":1}|line 3: text behind the array");
	check_unfolded(SPAN("{\"a\":1"), "1:1:{\"a\":1|");
	check_unfolded(SPAN(""), "");
	check_unfolded(SPAN("0123456789012345678901234567890123456789012345678901234567890123456789\nx\n"),
	               "2:1:0123456789012345678901234567890123456789012345678901234567890123456789|0:2:x|");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lines),          cmocka_unit_test(test_too_long),
		cmocka_unit_test(test_very_long),      cmocka_unit_test(test_any_lengths),
		cmocka_unit_test(test_read_error),     cmocka_unit_test(test_hooks),
		cmocka_unit_test(test_wake),
		cmocka_unit_test(test_file_is_never_idle), cmocka_unit_test(test_idle_in_long_line),
		cmocka_unit_test(test_reader_gone),    cmocka_unit_test(test_terminal),
		cmocka_unit_test(test_non_blocking_input),
		cmocka_unit_test(test_grace),          cmocka_unit_test(test_interrupts),
		cmocka_unit_test(test_unfold),
	};

	signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
