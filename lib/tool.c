#include "tool.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "exit.h"
#include "log.h"
#include "metrics.h"
#include "sig.h"

void tool_hold_standard(void)
{
	static const int how[] = {O_WRONLY, O_RDONLY, O_RDWR}; /* the wrong way round: to use 0 or 1 is an error */

	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
		if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", how[fd]) != fd)
			exit(EXIT_IO);
}

void tool_start(const struct common *common)
{
	int status;

	sig_init(common->grace);
	status = metrics_start(common->metrics);
	if (status != EXIT_DONE)
		exit(status);
}

int tool_finish(const struct common *common, int status, uint64_t rejects)
{
	int last = metrics_finish();

	if (close(STDOUT_FILENO) < 0 && errno != EBADF) {
		log_error("cannot write to stdout: %s", strerror(errno));
		last = EXIT_IO;
	}
	if (status == EXIT_DONE && common->max_rejects != INT64_MAX && rejects > (uint64_t)common->max_rejects) {
		log_error("%" PRIu64 " rejects, more than the %" PRId64 " that --max-rejects allows", rejects,
		          common->max_rejects);
		return EXIT_DATA;
	}
	return status == EXIT_DONE ? last : status;
}
