#include "operate.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/wait.h>
#include <unistd.h>

#include "clock.h"
#include "exit.h"
#include "json.h"
#include "log.h"
#include "sig.h"

enum { BACKOFF_MAX_US = 300000000 };

/* Half of the step for certain, the rest by chance: jobs that lost the same server do not come back at once. false if a
 * signal asked for the end meanwhile. */
static bool pause_before(int64_t attempt, int64_t step)
{
	uint32_t dice = 0;
	int64_t until;

	for (int64_t i = 1; i < attempt && step < BACKOFF_MAX_US; i++)
		step *= 2;
	if (step > BACKOFF_MAX_US)
		step = BACKOFF_MAX_US;
	if (getrandom(&dice, sizeof dice, GRND_NONBLOCK) != (ssize_t)sizeof dice)
		dice = (uint32_t)clock_monotonic();
	step = step / 2 + (int64_t)dice % (step / 2 + 1);
	log_notice("trying again in %.1f s", (double)step / 1e6);
	until = clock_monotonic() + step;
	for (int64_t left; sig_asked() == 0 && (left = until - clock_monotonic()) > 0;) {
		struct pollfd wake = {.fd = sig_fd(), .events = POLLIN};

		poll(&wake, 1, (int)(left / 1000) + 1);
	}
	return sig_asked() == 0;
}

int operate_run(const struct project *p, const struct run_options *run, const struct operate_options *options,
                struct buf *lines)
{
	for (int64_t attempt = 1;; attempt++) {
		int status;

		buf_clear(lines);
		status = run_project(p, run, lines);
		if (status != EXIT_RETRY || attempt > options->retries)
			return status;
		log_notice("try %" PRId64 " of %" PRId64 " did not succeed", attempt, options->retries + 1);
		if (!pause_before(attempt, options->backoff))
			return EXIT_SIGNAL + sig_asked();
	}
}

/* --- on failure -------------------------------------------------------------------------------------------------- */

static void why_nothing(struct buf *to, const char *project, const char *command, int status)
{
	const char *why = log_last_error();

	buf_add_text(to, "{\"node\":");
	json_quote_any(to, span_of(project));
	buf_addf(to, ",\"type\":\"run\",\"status\":\"failed\",\"command\":\"%s\",\"exit_status\":%d,\"run\":null,\"ms\":null,"
	             "\"message\":", command, status);
	json_quote_any(to, span_of(why));
	buf_add_text(to, "}\n");
}

static void feed(int fd, struct span text)
{
	while (text.n > 0) {
		ssize_t n = write(fd, text.p, text.n);

		if (n < 0 && errno != EINTR)
			return; /* it need not read all of it */
		if (n > 0)
			text.p += n, text.n -= (size_t)n;
	}
}

static void be_command(const char *command, int in)
{
	signal(SIGTERM, SIG_DFL);
	signal(SIGINT, SIG_DFL);
	signal(SIGPIPE, SIG_DFL);
	if (dup2(in, STDIN_FILENO) >= 0 && dup2(STDERR_FILENO, STDOUT_FILENO) >= 0)
		execl("/bin/sh", "sh", "-c", command, (char *)NULL);
	_exit(127);
}

static void start(const char *command, struct span text)
{
	int ends[2], status = 0;
	pid_t pid;

	if (pipe(ends) < 0 || (pid = fork()) < 0) {
		log_warn("--on-failure: cannot start the command: %s", strerror(errno));
		return;
	}
	if (pid == 0) {
		close(ends[1]);
		be_command(command, ends[0]);
	}
	close(ends[0]);
	feed(ends[1], text);
	close(ends[1]);
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		continue;
	if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
		log_warn("--on-failure: the command ended with %s %d", WIFEXITED(status) ? "status" : "signal",
		         WIFEXITED(status) ? WEXITSTATUS(status) : WTERMSIG(status));
}

void operate_tell(const char *hook, const char *project, const char *command, int status, const struct buf *lines)
{
	struct buf text = {0};

	if (lines->n > 0)
		buf_add_span(&text, buf_span(lines));
	else
		why_nothing(&text, project, command, status);
	start(hook, buf_span(&text));
	buf_free(&text);
}
