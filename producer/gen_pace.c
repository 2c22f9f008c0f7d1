#include "gen_pace.h"

#include <errno.h>
#include <poll.h>

#include "clock.h"
#include "sig.h"

enum { PATIENCE = 1000000 /* microseconds that a stream may make up for */ };

void pace_start(struct pace *p, double rate)
{
	*p = (struct pace){.rate = rate, .started = clock_monotonic()};
}

static int64_t due(const struct pace *p, uint64_t record)
{
	return p->started + (int64_t)((double)record / p->rate * 1e6);
}

int64_t pace_wait(struct pace *p)
{
	int64_t now, at;

	if (p->rate <= 0 || p->sent < p->allowed) {
		p->sent++;
		return 0;
	}
	now = clock_monotonic();
	at = due(p, p->sent);
	if (at > now)
		return at - now;
	if (now - at > PATIENCE)
		p->started += now - at - PATIENCE;
	p->allowed = (uint64_t)((double)(now - p->started) / 1e6 * p->rate) + 1;
	if (p->allowed <= p->sent)
		p->allowed = p->sent + 1; /* rounding */
	p->sent++;
	return 0;
}

bool pace_sleep(int64_t microseconds, int fd)
{
	struct pollfd wait[2] = {{.fd = fd}, {.fd = sig_fd(), .events = POLLIN}};
	struct timespec time = {.tv_sec = microseconds / 1000000, .tv_nsec = microseconds % 1000000 * 1000};

	if (ppoll(wait, 2, &time, NULL) <= 0)
		return false; /* time is up, or a signal: the caller looks */
	return (wait[0].revents & (POLLERR | POLLHUP | POLLNVAL)) != 0;
}
