#include "tool.h"

#include <inttypes.h>
#include <stdlib.h>

#include "exit.h"
#include "log.h"
#include "metrics.h"
#include "sig.h"

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
	metrics_finish();
	if (status == EXIT_DONE && common->max_rejects != INT64_MAX && rejects > (uint64_t)common->max_rejects) {
		log_error("%" PRIu64 " rejects, more than the %" PRId64 " that --max-rejects allows", rejects,
		          common->max_rejects);
		return EXIT_DATA;
	}
	return status;
}
