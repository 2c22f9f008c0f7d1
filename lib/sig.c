#include "sig.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "clock.h"
#include "exit.h"
#include "log.h"

static volatile sig_atomic_t asked;
static int wake[2] = {-1, -1};
static int64_t grace_us;
static volatile int64_t deadline; /* set before `asked` */

static void handle(int number)
{
	int saved = errno;

	if (asked != 0) {
		signal(number, SIG_DFL);
		raise(number); /* delivered when the handler returns: the status is 128+n, as for any signal */
	} else {
		deadline = clock_monotonic() + grace_us;
		asked = number;
		if (write(wake[1], "", 1) < 0)
			asked = number; /* the pipe cannot be full; poll also returns on EINTR */
	}
	errno = saved;
}

/* Not SIG_IGN, which commands that a tool starts would inherit: a write fails with EPIPE all the same. */
static void no_reader(int number)
{
	(void)number;
}

void sig_init(int64_t grace)
{
	struct sigaction action = {.sa_handler = handle};
	struct sigaction on_pipe = {.sa_handler = no_reader, .sa_flags = SA_RESTART};

	if (pipe(wake) < 0) {
		log_error("cannot make a pipe: %s", strerror(errno));
		exit(EXIT_RETRY);
	}
	for (int i = 0; i < 2; i++)
		fcntl(wake[i], F_SETFD, FD_CLOEXEC);
	fcntl(wake[1], F_SETFL, O_NONBLOCK);
	grace_us = grace;
	sigemptyset(&action.sa_mask);
	sigaction(SIGTERM, &action, NULL);
	sigaction(SIGINT, &action, NULL);
	sigemptyset(&on_pipe.sa_mask);
	sigaction(SIGPIPE, &on_pipe, NULL);
}

int sig_asked(void)
{
	return asked;
}

int64_t sig_grace_left(void)
{
	int64_t now;

	if (asked == 0)
		return INT64_MAX;
	now = clock_monotonic();
	return deadline > now ? deadline - now : 0;
}

int sig_fd(void)
{
	return wake[0];
}
