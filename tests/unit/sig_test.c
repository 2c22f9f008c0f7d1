#include "clock.h"
#include "progress.h"
#include "sig.h"
#include "unit.h"

static bool readable(int fd)
{
	struct pollfd p = {.fd = fd, .events = POLLIN};

	return poll(&p, 1, 0) == 1;
}

static int one_signal(void *arg)
{
	(void)arg;
	sig_init(400000);
	if (sig_asked() != 0 || sig_grace_left() != INT64_MAX || readable(sig_fd()))
		return 1;
	raise(SIGINT);
	if (sig_asked() != SIGINT || !readable(sig_fd()))
		return 2;
	if (sig_grace_left() <= 0 || sig_grace_left() > 400000)
		return 3;
	usleep(450000);
	return sig_grace_left() == 0 ? 0 : 4;
}

/* The grace time begins with the signal, not with the first question after it. */
static int late_question(void *arg)
{
	(void)arg;
	sig_init(300000);
	raise(SIGTERM);
	usleep(350000);
	return sig_grace_left() == 0 ? 0 : 1;
}

static int two_signals(void *arg)
{
	(void)arg;
	sig_init(5000000);
	raise(SIGTERM);
	raise(SIGINT);
	return 0;
}

/* A write without a reader is an error, not the end; and a command that the tool starts dies of SIGPIPE as usual. */
static int no_reader(void *arg)
{
	int ends[2];
	pid_t pid;

	(void)arg;
	sig_init(0);
	if (pipe(ends) < 0 || close(ends[0]) < 0)
		return 1;
	if (write(ends[1], "x", 1) != -1 || errno != EPIPE)
		return 2;
	pid = fork();
	if (pid == 0) {
		execl("/bin/sh", "sh", "-c", "kill -PIPE $$; exit 0", (char *)NULL);
		_exit(99);
	}
	return child_status(pid) == 128 + SIGPIPE ? 0 : 3;
}

static void test_signals(void **state)
{
	static int (*const works[])(void *) = {one_signal, late_question, two_signals, no_reader};
	static const int statuses[] = {0, 0, 128 + SIGINT, 0};

	(void)state;
	for (size_t i = 0; i < sizeof works / sizeof works[0]; i++) {
		struct child c = run_child(works[i], NULL);

		assert_int_equal(c.status, statuses[i]);
		child_free(&c);
	}
}

static int show_progress(void *arg)
{
	struct progress p;

	progress_start(&p, *(bool *)arg, "records");
	progress_tick(&p, 5); /* too early */
	progress_finish(&p, 1234);
	return 0;
}

static void test_progress(void **state)
{
	bool on = true;
	struct child c = run_child(show_progress, &on);

	(void)state;
	assert_int_equal(strncmp(buf_text(&c.err), "txpipe: 1234 records, ", 22), 0);
	assert_ptr_equal(strchr(c.err.p, '\n'), c.err.p + c.err.n - 1);
	child_free(&c);
	on = false;
	c = run_child(show_progress, &on);
	assert_string_equal(buf_text(&c.err), "");
	child_free(&c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_signals),
		cmocka_unit_test(test_progress),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
