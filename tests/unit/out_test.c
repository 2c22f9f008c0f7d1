/* Output: everything arrives in order whatever write(2) does, and a failure is told once and stays. */
#include <sys/resource.h>

#include "exit.h"
#include "log.h"
#include "out.h"
#include "random.h"
#include "unit.h"

static void on_alarm(int number)
{
	(void)number;
}

/* A reader that takes its time: sums up what it gets. Returns its pid; the sum is its exit status. */
static pid_t slow_reader(int in[2], int pause_us)
{
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0) {
		unsigned sum = 0;
		char block[3001];
		ssize_t n;

		close(in[1]);
		while ((n = read(in[0], block, sizeof block)) > 0) {
			for (ssize_t i = 0; i < n; i++)
				sum = sum * 31 + (unsigned char)block[i];
			if (pause_us > 0)
				usleep((useconds_t)pause_us);
		}
		_exit((int)(sum % 251));
	}
	close(in[0]);
	return pid;
}

/* Pieces of all sizes through a small buffer and a full pipe. */
static void write_all(int flags, int pause_us)
{
	struct buf all = {0};
	struct random r;
	unsigned sum = 0;
	struct out o;
	int ends[2];
	pid_t pid;

	assert_int_equal(pipe(ends), 0);
	pid = slow_reader(ends, pause_us);
	out_init(&o, ends[1], 4096);
	fcntl(ends[1], F_SETPIPE_SZ, 4096);
	if (flags != 0)
		fcntl(ends[1], F_SETFL, flags);
	random_seed(&r, 4, 4);
	for (int i = 0; i < 300; i++) {
		size_t n = (size_t)random_below(&r, i % 10 == 0 ? 20000 : 500), start = all.n;

		while (all.n < start + n)
			buf_add_char(&all, (char)random_bits(&r));
		assert_int_equal(out_add(&o, all.p + start, n), 0);
		assert_true(o.n <= o.cap);
	}
	assert_int_equal(out_flush(&o), 0);
	assert_int_equal(o.n, 0);
	out_free(&o);
	close(ends[1]);
	for (size_t i = 0; i < all.n; i++)
		sum = sum * 31 + (unsigned char)all.p[i];
	assert_int_equal(child_status(pid), (int)(sum % 251));
	buf_free(&all);
}

static void test_order(void **state)
{
	(void)state;
	write_all(0, 0);
}

static void test_non_blocking(void **state)
{
	(void)state;
	write_all(O_NONBLOCK, 100);
}

static void test_interrupted(void **state)
{
	struct sigaction action = {.sa_handler = on_alarm};

	(void)state;
	sigaction(SIGALRM, &action, NULL);
	ualarm(1000, 1000);
	write_all(0, 300);
	ualarm(0, 0);
}

static void test_buffering(void **state)
{
	struct out o;
	int ends[2];
	char got[64];

	(void)state;
	assert_int_equal(pipe(ends), 0);
	fcntl(ends[0], F_SETFL, O_NONBLOCK);
	out_init(&o, ends[1], 10);
	assert_int_equal(out_add(&o, "12345", 5), 0);
	assert_int_equal(read(ends[0], got, sizeof got), -1);
	assert_int_equal(out_add_span(&o, SPAN("67890")), 0);
	assert_int_equal(read(ends[0], got, sizeof got), -1);
	assert_int_equal(out_add(&o, "a", 1), 0); /* no room: what waited leaves */
	assert_int_equal(read(ends[0], got, sizeof got), 10);
	assert_int_equal(out_add(&o, "0123456789ABC", 13), 0); /* longer than the buffer */
	assert_int_equal(read(ends[0], got, sizeof got), 14);
	assert_memory_equal(got, "a0123456789ABC", 14);
	assert_int_equal(out_add(&o, NULL, 0), 0);
	assert_int_equal(out_flush(&o), 0);
	assert_int_equal(read(ends[0], got, sizeof got), -1);
	out_free(&o);
	out_init(&o, ends[1], 0);
	assert_int_equal(o.cap, 256 << 10);
	out_free(&o);
	close(ends[0]);
	close(ends[1]);
}

/* What out_failed() makes of it, where that was expected; the buffer is given back. */
static int end(struct out *o, int error, const char *name)
{
	int status = o->error == error ? out_failed(o, name) : 1;

	out_free(o);
	return status;
}

static int fill_disk(void *arg)
{
	struct out o;
	int fd = open("/dev/full", O_WRONLY);

	(void)arg;
	log_init("tester");
	out_init(&o, fd, 100);
	if (out_add(&o, "x", 1) != 0 || out_flush(&o) != -1)
		return 3;
	/* it stays failed, and nothing is buffered for a write that will not come */
	if (out_add(&o, "x", 1) != -1 || out_flush(&o) != -1 || out_add(&o, NULL, 0) != -1)
		return 2;
	return end(&o, ENOSPC, "the output");
}

static void test_disk_full(void **state)
{
	struct child c = run_child(fill_disk, NULL);

	(void)state;
	assert_int_equal(c.status, EXIT_IO);
	assert_string_equal(buf_text(&c.err), "tester: error: cannot write to the output: No space left on device\n");
	child_free(&c);
}

/* A write beyond the limit of a file's size is cut short first, then fails. */
static int limit_file(void *arg)
{
	struct rlimit limit = {1000, 1000};
	struct out o;
	char bytes[3000] = {0};

	log_init("tester");
	signal(SIGXFSZ, SIG_IGN);
	setrlimit(RLIMIT_FSIZE, &limit);
	out_init(&o, *(int *)arg, 100);
	if (out_add(&o, bytes, sizeof bytes) != -1)
		return 3;
	return end(&o, EFBIG, "stdout");
}

static void test_short_write(void **state)
{
	int fd = file_with(SPAN(""));
	struct child c = run_child(limit_file, &fd);

	(void)state;
	assert_int_equal(c.status, EXIT_IO);
	assert_string_equal(buf_text(&c.err), "tester: error: cannot write to stdout: File too large\n");
	assert_int_equal(lseek(fd, 0, SEEK_END), 1000);
	close(fd);
	child_free(&c);
}

static int close_reader(void *arg)
{
	struct out o;
	int ends[2];

	(void)arg;
	log_init("tester");
	if (pipe(ends) < 0)
		return 3;
	close(ends[0]);
	out_init(&o, ends[1], 100);
	if (out_add(&o, "x", 1) != 0 || out_flush(&o) != -1)
		return 4;
	return end(&o, EPIPE, "stdout");
}

static void test_reader_gone(void **state)
{
	struct child c = run_child(close_reader, NULL);

	(void)state;
	assert_int_equal(c.status, EXIT_IO);
	assert_string_equal(buf_text(&c.err), ""); /* nobody is left to be told */
	child_free(&c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_order),     cmocka_unit_test(test_non_blocking), cmocka_unit_test(test_interrupted),
		cmocka_unit_test(test_buffering), cmocka_unit_test(test_disk_full),    cmocka_unit_test(test_short_write),
		cmocka_unit_test(test_reader_gone),
	};

	signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
