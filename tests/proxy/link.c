#include "link.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "clock.h"

enum { CHUNK = 16 << 10, QUEUED_MAX = 4 << 20 };

void tell(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vprintf(format, args);
	va_end(args);
	putchar('\n');
	fflush(stdout);
}

/* --- ends --------------------------------------------------------------------------------------------------- */

static void flow_init(struct flow *f, int from, int to, bool server, const struct rules *rules)
{
	*f = (struct flow){.from = from, .to = to, .frames = {.server = server, .startup = !server, .opaque = !rules->postgres}};
	f->last = &f->first;
}

static void flow_free(struct flow *f)
{
	while (f->first != NULL) {
		struct chunk *next = f->first->next;

		free(f->first);
		f->first = next;
	}
	f->last = &f->first;
	f->queued = 0;
	buf_free(&f->frames.held);
}

struct link *link_new(unsigned number, int client, int server, struct rules *rules)
{
	struct link *l = xcalloc(1, sizeof *l);

	*l = (struct link){.number = number, .client = client, .server = server, .rules = rules};
	flow_init(&l->up, client, server, false, rules);
	flow_init(&l->down, server, client, true, rules);
	tell("open %u", number);
	return l;
}

/* With a reset, as from a host that knows nothing of the connection. */
static void cut_end(int *fd)
{
	struct linger reset = {.l_onoff = 1, .l_linger = 0};

	if (*fd < 0)
		return;
	setsockopt(*fd, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
	close(*fd);
	*fd = -1;
}

void link_free(struct link *l)
{
	if (l->client >= 0)
		close(l->client);
	if (l->server >= 0)
		close(l->server);
	flow_free(&l->up);
	flow_free(&l->down);
	free(l);
}

void link_cut(struct link *l, const char *why)
{
	if (l->dead)
		return;
	cut_end(&l->client);
	cut_end(&l->server);
	l->dead = true;
	tell("cut %u %s", l->number, why);
}

void link_silence(struct link *l, enum silence silence)
{
	if (l->dead || l->silence != SILENCE_NONE)
		return;
	l->silence = silence;
	cut_end(silence == SILENCE_SERVER ? &l->server : &l->client);
	flow_free(&l->up);
	flow_free(&l->down);
}

void link_relieve(struct link *l)
{
	if (l->silence != SILENCE_NONE || l->mute)
		link_cut(l, "relief");
}

/* --- sending ------------------------------------------------------------------------------------------------ */

static void enqueue(struct flow *f, const char *p, size_t n, const struct rules *rules)
{
	struct chunk *c = xmalloc(sizeof *c + n);
	int64_t now = clock_monotonic();

	if (f->free_at < now)
		f->free_at = now;
	if (rules->rate > 0)
		f->free_at += (int64_t)n * 1000000 / rules->rate;
	*c = (struct chunk){.due = f->free_at + rules->delay, .n = n};
	memcpy(c->bytes, p, n);
	*f->last = c;
	f->last = &c->next;
	f->queued += n;
}

/* Send what is due. -1: the other end is gone. */
static int send_due(struct flow *f, int64_t now)
{
	while (f->first != NULL && f->first->due <= now) {
		struct chunk *c = f->first;
		ssize_t sent = send(f->to, c->bytes + c->sent, c->n - c->sent, MSG_NOSIGNAL);

		if (sent < 0)
			return errno == EAGAIN || errno == EINTR ? 0 : -1;
		c->sent += (size_t)sent;
		f->queued -= (size_t)sent;
		if (c->sent < c->n)
			return 0;
		f->first = c->next;
		if (f->first == NULL)
			f->last = &f->first;
		free(c);
	}
	if (f->ended && f->first == NULL && !f->shut) {
		shutdown(f->to, SHUT_WR);
		f->shut = true;
	}
	return 0;
}

/* --- COMMIT ------------------------------------------------------------------------------------------------- */

static enum commit_action choose(struct rules *r)
{
	if (r->action == COMMIT_PASS || r->skip-- > 0)
		return COMMIT_PASS;
	enum commit_action action = r->action;
	if (--r->count <= 0)
		r->action = COMMIT_PASS;
	return action;
}

/* The client says COMMIT, in the first n bytes held. false: the connection was cut. */
static bool on_commit(struct link *l, size_t n)
{
	enum commit_action action = choose(l->rules);

	tell("commit %u", l->number);
	if (action == COMMIT_BEFORE) {
		link_cut(l, "before");
		return false;
	}
	enqueue(&l->up, l->up.frames.held.p, n, l->rules);
	buf_drop(&l->up.frames.held, n);
	if (action == COMMIT_DURING) {
		send_due(&l->up, INT64_MAX);
		cut_end(&l->client); /* the server shall read what it was sent before it sees the end */
		close(l->server);
		l->server = -1;
		link_cut(l, "during");
		return false;
	}
	l->answer = action;
	return true;
}

/* The server has answered. false: the connection was cut, or its answer is lost. */
static bool on_committed(struct link *l)
{
	enum commit_action action = l->answer;

	l->answer = COMMIT_PASS;
	if (action == COMMIT_AFTER) {
		link_cut(l, "after");
		return false;
	}
	if (action == COMMIT_SILENT) {
		l->mute = true;
		buf_clear(&l->down.frames.held);
		tell("cut %u silent", l->number);
		return false;
	}
	return true;
}

/* Pass on what is known; false: stop, the connection is not what it was. */
static bool take_frames(struct link *l, struct flow *f)
{
	struct buf *held = &f->frames.held;
	size_t n;

	for (;;) {
		switch (frames_next(&f->frames, &n)) {
		case FRAME_WAIT:
			return true;
		case FRAME_COMMIT:
			if (!on_commit(l, n))
				return false;
			continue;
		case FRAME_COMMITTED:
			if (!on_committed(l))
				return false;
			break;
		case FRAME_ENCRYPTION:
			l->down.frames.single++;
			break;
		case FRAME_PASS:
			break;
		}
		enqueue(f, held->p, n, l->rules);
		buf_drop(held, n);
	}
}

/* --- receiving ---------------------------------------------------------------------------------------------- */

/* What nobody hears is read all the same, so that the speaker does not notice. */
static bool lost(const struct link *l, const struct flow *f)
{
	return l->silence != SILENCE_NONE || (l->mute && f == &l->down);
}

static bool frozen(const struct link *l, const struct flow *f)
{
	return l->silence == SILENCE_NONE && (f == &l->up ? l->rules->frozen_up : l->rules->frozen_down);
}

static void receive(struct link *l, struct flow *f)
{
	char bytes[CHUNK];
	ssize_t got = recv(f->from, bytes, sizeof bytes, 0);

	if (got < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (lost(l, f)) {
		if (got <= 0)
			link_cut(l, "silent end");
		return;
	}
	if (got < 0) {
		link_cut(l, f == &l->up ? "client" : "server");
	} else if (got == 0) {
		f->ended = true;
	} else {
		buf_add(&f->frames.held, bytes, (size_t)got);
		take_frames(l, f);
	}
}

static short wanted(const struct link *l, const struct flow *in, const struct flow *out, int64_t now, int64_t *due)
{
	short events = 0;

	if (!in->ended && !frozen(l, in) && in->queued < QUEUED_MAX)
		events |= POLLIN;
	if (out->first != NULL && !frozen(l, out)) {
		if (out->first->due <= now)
			events |= POLLOUT;
		else if (out->first->due < *due)
			*due = out->first->due;
	}
	return events;
}

int64_t link_watch(struct link *l, struct pollfd fds[2])
{
	int64_t due = INT64_MAX, now = clock_monotonic();
	short client = wanted(l, &l->up, &l->down, now, &due), server = wanted(l, &l->down, &l->up, now, &due);

	/* hang-ups are reported even to those who want nothing: not looked at, or we would spin */
	fds[0] = (struct pollfd){.fd = client == 0 ? -1 : l->client, .events = client};
	fds[1] = (struct pollfd){.fd = server == 0 ? -1 : l->server, .events = server};
	return due;
}

void link_run(struct link *l, const struct pollfd fds[2])
{
	int64_t now = clock_monotonic();

	if (!l->dead && fds[0].fd >= 0 && (fds[0].revents & ~POLLOUT) != 0)
		receive(l, &l->up);
	if (!l->dead && fds[1].fd >= 0 && (fds[1].revents & ~POLLOUT) != 0)
		receive(l, &l->down);
	if (l->dead || l->silence != SILENCE_NONE)
		return;
	if (!frozen(l, &l->up) && send_due(&l->up, now) < 0)
		link_cut(l, "server");
	if (!l->dead && !frozen(l, &l->down) && send_due(&l->down, now) < 0)
		link_cut(l, "client");
	if (!l->dead && l->up.shut && l->down.shut) {
		l->dead = true;
		tell("close %u", l->number);
	}
}
