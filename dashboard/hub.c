#include "hub.h"

#include <pthread.h>
#include <stdlib.h>

enum { KEPT = 64, BLOCK = 16384 };

struct event {
	struct answer *text;
	uint64_t number; /* from 1; 0: none here */
};

struct stream {
	struct hub *hub;
	struct MHD_Connection *connection;
	struct answer *now; /* being sent, from `at` on; NULL: look for the next */
	size_t at;
	uint64_t next;
	bool suspended;
	struct stream *before, *after;
};

struct hub {
	pthread_mutex_t mutex;
	struct event event[KEPT];
	uint64_t last;
	struct stream *first;
	size_t streams;
	bool closing;
};

static struct answer *as_event(const char *event, struct span data, const char *before)
{
	struct buf text = {0};

	buf_addf(&text, "%sevent: %s\ndata: ", before, event);
	buf_add_span(&text, data);
	buf_add_text(&text, "\n\n");
	return answer_new(200, "text/event-stream", text);
}

struct hub *hub_new(void)
{
	struct hub *h = xcalloc(1, sizeof *h);

	pthread_mutex_init(&h->mutex, NULL);
	return h;
}

void hub_free(struct hub *h)
{
	for (size_t i = 0; i < KEPT; i++)
		answer_drop(h->event[i].text);
	pthread_mutex_destroy(&h->mutex);
	free(h);
}

/* Under the mutex. */
static void wake_all(struct hub *h)
{
	for (struct stream *s = h->first; s != NULL; s = s->after) {
		if (!s->suspended)
			continue;
		s->suspended = false;
		MHD_resume_connection(s->connection);
	}
}

void hub_publish(struct hub *h, const char *event, struct span data)
{
	struct answer *text = as_event(event, data, "");

	pthread_mutex_lock(&h->mutex);
	h->last++;
	answer_drop(h->event[h->last % KEPT].text);
	h->event[h->last % KEPT] = (struct event){text, h->last};
	wake_all(h);
	pthread_mutex_unlock(&h->mutex);
}

/* The next event, or none. */
static struct answer *take_next(struct stream *s)
{
	struct hub *h = s->hub;

	if (s->next > h->last)
		return NULL;
	if (h->last - s->next >= KEPT) {
		s->next = h->last;
		return as_event("missed", SPAN("{}"), "");
	}
	return answer_keep(h->event[s->next++ % KEPT].text);
}

static ssize_t read_stream(void *arg, uint64_t position, char *to, size_t room)
{
	struct stream *s = arg;
	ssize_t n = 0;

	(void)position;
	pthread_mutex_lock(&s->hub->mutex);
	if (s->now == NULL) {
		s->now = take_next(s);
		s->at = 0;
	}
	if (s->hub->closing) {
		n = MHD_CONTENT_READER_END_OF_STREAM;
	} else if (s->now == NULL) {
		s->suspended = true;
		MHD_suspend_connection(s->connection);
	} else {
		size_t left = s->now->body.n - s->at;

		n = (ssize_t)(left < room ? left : room);
		memcpy(to, s->now->body.p + s->at, (size_t)n);
		s->at += (size_t)n;
		if (s->at == s->now->body.n) {
			answer_drop(s->now);
			s->now = NULL;
		}
	}
	pthread_mutex_unlock(&s->hub->mutex);
	return n;
}

static void end_stream(void *arg)
{
	struct stream *s = arg;
	struct hub *h = s->hub;

	pthread_mutex_lock(&h->mutex);
	if (s->before != NULL)
		s->before->after = s->after;
	else
		h->first = s->after;
	if (s->after != NULL)
		s->after->before = s->before;
	h->streams--;
	pthread_mutex_unlock(&h->mutex);
	answer_drop(s->now);
	free(s);
}

struct MHD_Response *hub_stream(struct hub *h, struct MHD_Connection *c, struct answer *begin)
{
	struct stream *s = NULL;
	struct MHD_Response *r;

	pthread_mutex_lock(&h->mutex);
	if (h->streams < HUB_STREAMS_MAX && !h->closing) {
		s = xcalloc(1, sizeof *s);
		/* A browser whose stream broke tries again after a second. */
		*s = (struct stream){.hub = h, .connection = c, .next = h->last + 1, .after = h->first,
		                     .now = as_event("live", buf_span(&begin->body), "retry: 1000\n\n")};
		if (h->first != NULL)
			h->first->before = s;
		h->first = s;
		h->streams++;
	}
	pthread_mutex_unlock(&h->mutex);
	if (s == NULL)
		return NULL;
	r = MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, BLOCK, read_stream, s, end_stream);
	if (r == NULL)
		end_stream(s);
	return r;
}

bool hub_close(struct hub *h)
{
	bool none;

	pthread_mutex_lock(&h->mutex);
	h->closing = true;
	wake_all(h);
	none = h->streams == 0;
	pthread_mutex_unlock(&h->mutex);
	return none;
}

size_t hub_streams(struct hub *h)
{
	size_t n;

	pthread_mutex_lock(&h->mutex);
	n = h->streams;
	pthread_mutex_unlock(&h->mutex);
	return n;
}
