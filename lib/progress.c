#include "progress.h"

#include <inttypes.h>
#include <unistd.h>

#include "clock.h"
#include "log.h"

void progress_start(struct progress *p, bool on, const char *what)
{
	*p = (struct progress){.on = on, .what = what, .started = clock_monotonic()};
	p->printed = p->started;
}

static void print(const struct progress *p, uint64_t total, uint64_t since, int64_t span_us)
{
	double elapsed = (double)(clock_monotonic() - p->started) / 1e6;
	double rate = span_us > 0 ? (double)(total - since) * 1e6 / (double)span_us : 0;

	log_progress("%" PRIu64 " %s, %.0f/s, %.1f s", total, p->what, rate, elapsed);
}

void progress_tick(struct progress *p, uint64_t total)
{
	int64_t now;

	if (!p->on)
		return;
	now = clock_monotonic();
	if (now - p->printed < (log_colour(STDERR_FILENO) ? 1000000 : 10000000))
		return;
	print(p, total, p->printed_total, now - p->printed);
	p->printed = now;
	p->printed_total = total;
}

void progress_finish(struct progress *p, uint64_t total)
{
	if (!p->on)
		return;
	print(p, total, 0, clock_monotonic() - p->started);
	if (log_colour(STDERR_FILENO) && write(STDERR_FILENO, "\n", 1) < 0)
		return;
}
