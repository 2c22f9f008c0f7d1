#include "sig.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "clock.h"
#include "exit.h"
#include "log.h"

/* The handler runs in whichever thread the signal finds, and all of them look. */
static atomic_int asked;
static int wake[2] = {-1, -1};
static atomic_int reload;
static int reload_wake[2] = {-1, -1};
static int64_t grace_us;
static _Atomic int64_t deadline; /* set before `asked` */

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

static void handle_reload(int number)
{
	int saved = errno;

	(void)number;
	reload = 1;
	if (write(reload_wake[1], "", 1) < 0)
		reload = 1; /* the pipe is full: it is readable */
	errno = saved;
}

static void make_pipe(int fd[2])
{
	if (pipe(fd) < 0) {
		log_error("cannot make a pipe: %s", strerror(errno));
		exit(EXIT_RETRY);
	}
	for (int i = 0; i < 2; i++)
		fcntl(fd[i], F_SETFD, FD_CLOEXEC);
	fcntl(fd[1], F_SETFL, O_NONBLOCK);
}

void sig_init(int64_t grace)
{
	struct sigaction action = {.sa_handler = handle};
	struct sigaction on_pipe = {.sa_handler = no_reader, .sa_flags = SA_RESTART};

	make_pipe(wake);
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

void sig_watch_reload(void)
{
	struct sigaction action = {.sa_handler = handle_reload, .sa_flags = SA_RESTART};

	make_pipe(reload_wake);
	fcntl(reload_wake[0], F_SETFL, O_NONBLOCK);
	sigemptyset(&action.sa_mask);
	sigaction(SIGHUP, &action, NULL);
}

bool sig_reload_asked(void)
{
	return reload != 0;
}

/* In this order: of a signal that comes in between, either the byte stays or what is read again comes after it. */
void sig_take_reload(void)
{
	char bytes[64];

	while (read(reload_wake[0], bytes, sizeof bytes) > 0)
		continue;
	reload = 0;
}

int sig_reload_fd(void)
{
	return reload_wake[0];
}
