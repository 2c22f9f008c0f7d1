#include "web.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "address.h"
#include "clock.h"
#include "log.h"
#include "page.h"
#include "scrape.h"

enum {
	CONNECTIONS_MAX = 800, IDLE_S = 30, REQUEST_US = 15000000, MEMORY = 24576,
	CLOSE_TRIES = 200, CLOSE_US = 10000
};

static const char policy[] = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
                             "base-uri 'none'; form-action 'self'; frame-ancestors 'none'";

/* A connection that has not told its whole request yet. */
struct visitor {
	int fd;
	int64_t since; /* 0: a request is being answered */
	struct visitor *before, *after;
};

struct web {
	struct MHD_Daemon *daemon;
	struct web_parts part;
	char address[128], host[128]; /* where we listen, with the port and without */
	int fd;
	pthread_mutex_t mutex; /* of the visitors, and of the requests' answers */
	struct visitor *first;
};

/* What happens to a request between the calls of libmicrohttpd. */
struct request {
	struct web *web;
	struct MHD_Connection *connection;
	struct answer *answer;
	bool asked, suspended;
};

/* --- answers ----------------------------------------------------------------------------------------------------- */

static enum MHD_Result send_response(struct MHD_Connection *c, unsigned status, struct MHD_Response *r, const char *type, const char *cache)
{
	enum MHD_Result result;

	if (r == NULL)
		return MHD_NO;
	MHD_add_response_header(r, "Content-Type", type);
	MHD_add_response_header(r, "Cache-Control", cache);
	MHD_add_response_header(r, "Content-Security-Policy", policy);
	MHD_add_response_header(r, "X-Content-Type-Options", "nosniff");
	MHD_add_response_header(r, "X-Frame-Options", "DENY");
	MHD_add_response_header(r, "Referrer-Policy", "no-referrer");
	MHD_add_response_header(r, "Cross-Origin-Resource-Policy", "same-origin");
	if (status == MHD_HTTP_METHOD_NOT_ALLOWED)
		MHD_add_response_header(r, "Allow", "GET, HEAD");
	if (status == MHD_HTTP_UNAUTHORIZED)
		MHD_add_response_header(r, "WWW-Authenticate", "Basic realm=\"txdash\", charset=\"UTF-8\"");
	if (status == MHD_HTTP_SERVICE_UNAVAILABLE || status == MHD_HTTP_TOO_MANY_REQUESTS)
		MHD_add_response_header(r, "Retry-After", "1");
	result = MHD_queue_response(c, status, r);
	MHD_destroy_response(r);
	return result;
}

static void drop_answer(void *answer)
{
	answer_drop(answer);
}

static ssize_t read_answer(void *arg, uint64_t position, char *to, size_t room)
{
	const struct answer *a = arg;
	size_t left = a->body.n - (size_t)position;

	if (left > room)
		left = room;
	memcpy(to, a->body.p + position, left);
	return (ssize_t)left;
}

/* Takes over the answer, which is sent from where it lies. */
static enum MHD_Result send_answer(struct MHD_Connection *c, struct answer *a)
{
	struct MHD_Response *r;

	if (a->body.n == 0) {
		r = MHD_create_response_from_buffer(0, "", MHD_RESPMEM_PERSISTENT);
		answer_drop(a);
		return send_response(c, MHD_HTTP_OK, r, "text/plain", "no-store");
	}
	r = MHD_create_response_from_callback(a->body.n, 32768, read_answer, a, drop_answer);
	if (r == NULL)
		answer_drop(a);
	return send_response(c, a->status, r, a->type, "no-store");
}

static enum MHD_Result send_words(struct MHD_Connection *c, unsigned status, const char *words)
{
	struct buf text = {0};

	buf_addf(&text, "%s\n", words);
	return send_answer(c, answer_new(status, "text/plain; charset=utf-8", text));
}

static enum MHD_Result send_file(struct MHD_Connection *c, const struct page_file *file)
{
	const char *have = MHD_lookup_connection_value(c, MHD_HEADER_KIND, "If-None-Match");
	bool same = have != NULL && strcmp(have, file->etag) == 0;
	struct MHD_Response *r = MHD_create_response_from_buffer(same ? 0 : file->text.n, (void *)(uintptr_t)file->text.p, MHD_RESPMEM_PERSISTENT);

	if (r != NULL)
		MHD_add_response_header(r, "ETag", file->etag);
	return send_response(c, same ? MHD_HTTP_NOT_MODIFIED : MHD_HTTP_OK, r, file->type, "no-cache");
}

/* --- questions that take their time ------------------------------------------------------------------------------ */

/* Called from the thread that knows. */
static void answered(void *arg, struct answer *a)
{
	struct request *q = arg;
	bool suspended;

	pthread_mutex_lock(&q->web->mutex);
	q->answer = a;
	suspended = q->suspended;
	q->suspended = false;
	pthread_mutex_unlock(&q->web->mutex);
	if (suspended)
		MHD_resume_connection(q->connection);
}

/* After the question was put: wait for the answer without holding up anybody. */
static enum MHD_Result wait_for_answer(struct request *q)
{
	struct answer *a;

	pthread_mutex_lock(&q->web->mutex);
	a = q->answer;
	q->answer = NULL;
	if (a == NULL) {
		MHD_suspend_connection(q->connection);
		q->suspended = true;
	}
	pthread_mutex_unlock(&q->web->mutex);
	return a == NULL ? MHD_YES : send_answer(q->connection, a);
}

struct taken {
	struct params params;
	const char *topic;
	const char *wrong;
};

static enum MHD_Result take_parameter(void *arg, enum MHD_ValueKind kind, const char *name, const char *value)
{
	struct taken *t = arg;

	(void)kind;
	if (t->wrong == NULL && strcmp(name, "topic") == 0 && t->topic == NULL)
		t->topic = value;
	else if (t->wrong == NULL)
		t->wrong = params_set(&t->params, name, value);
	return t->wrong == NULL ? MHD_YES : MHD_NO;
}

static enum MHD_Result ask(struct request *q, struct span name, bool csv)
{
	struct taken t = {0};
	const struct endpoint *e = endpoint_find(name);
	struct broker *b = q->web->part.broker;
	enum MHD_Result result = MHD_YES;

	MHD_get_connection_values(q->connection, MHD_GET_ARGUMENT_KIND, take_parameter, &t);
	q->asked = true;
	if (t.wrong != NULL) {
		result = send_answer(q->connection, answer_error(MHD_HTTP_BAD_REQUEST, t.wrong));
	} else if (span_eq(name, SPAN("live")) && !csv) {
		result = send_answer(q->connection, watch_text(q->web->part.watch, WATCH_LIVE));
	} else if (span_eq(name, SPAN("partitions"))) {
		result = send_answer(q->connection, watch_text(q->web->part.watch, csv ? WATCH_PARTITIONS_CSV : WATCH_PARTITIONS));
	} else if (span_eq(name, SPAN("series"))) {
		result = send_answer(q->connection, watch_text(q->web->part.watch, csv ? WATCH_SERIES_CSV : WATCH_SERIES));
	} else if (span_eq(name, SPAN("topics"))) {
		broker_topics(b, csv, answered, q);
		result = wait_for_answer(q);
	} else if (span_eq(name, SPAN("messages"))) {
		if (t.topic == NULL || !broker_topic_name(t.topic)) {
			result = send_answer(q->connection, answer_error(MHD_HTTP_BAD_REQUEST, "topic: give the name of a topic"));
		} else {
			broker_messages(b, t.topic, csv, answered, q);
			result = wait_for_answer(q);
		}
	} else if (e != NULL) {
		struct answer *a = asker_ask(q->web->part.asker, e, &t.params, csv, answered, q);

		result = a != NULL ? send_answer(q->connection, a) : wait_for_answer(q);
	} else {
		result = send_answer(q->connection, answer_error(MHD_HTTP_NOT_FOUND, "there is no such figure"));
	}
	params_free(&t.params);
	return result;
}

static enum MHD_Result open_stream(struct request *q)
{
	struct answer *begin = watch_text(q->web->part.watch, WATCH_LIVE);
	struct MHD_Response *r = hub_stream(q->web->part.hub, q->connection, begin);

	answer_drop(begin);
	if (r == NULL)
		return send_words(q->connection, MHD_HTTP_SERVICE_UNAVAILABLE, "too many pages are open");
	MHD_add_response_header(r, "X-Accel-Buffering", "no");
	return send_response(q->connection, MHD_HTTP_OK, r, "text/event-stream", "no-store");
}

static enum MHD_Result send_metrics(struct request *q)
{
	struct answer *own = watch_text(q->web->part.watch, WATCH_METRICS);
	struct buf text = {0};

	buf_add_span(&text, buf_span(&own->body));
	scrape_add(&text);
	struct answer *all = answer_new(MHD_HTTP_OK, own->type, text);

	answer_drop(own);
	return send_answer(q->connection, all);
}

/* Yes or no; the reason only for those who may see the page. */
static enum MHD_Result send_readiness(struct request *q, bool admitted)
{
	char words[600];

	if (watch_ready(q->web->part.watch, words, sizeof words))
		return send_words(q->connection, MHD_HTTP_OK, "ready");
	return send_words(q->connection, MHD_HTTP_SERVICE_UNAVAILABLE, admitted ? words : "not ready");
}

static enum MHD_Result route(struct request *q, const char *path)
{
	static const char api[] = "/api/", csv[] = ".csv";
	const struct page_file *file = page_find(path);

	if (file != NULL)
		return send_file(q->connection, file);
	if (strncmp(path, api, sizeof api - 1) == 0) {
		struct span name = span_of(path + sizeof api - 1);
		bool is_csv = name.n > 4 && strcmp(name.p + name.n - 4, csv) == 0;

		name.n -= is_csv ? 4 : 0;
		return ask(q, name, is_csv);
	}
	if (strcmp(path, "/events") == 0)
		return open_stream(q);
	if (strcmp(path, "/metrics") == 0)
		return send_metrics(q);
	if (strcmp(path, "/readyz") == 0)
		return send_readiness(q, true);
	return send_words(q->connection, MHD_HTTP_NOT_FOUND, "there is nothing here");
}

/* --- who asks ---------------------------------------------------------------------------------------------------- */

/*
 * A name of this machine, or the address where we listen, with or without a port: another one means that a page from elsewhere has found a way
 * to us.
 */
static bool is_own_name(const struct web *w, const char *host)
{
	const char *own[] = {"localhost", "127.0.0.1", "[::1]", w->host};

	for (size_t i = 0; host != NULL && i < sizeof own / sizeof own[0]; i++) {
		size_t n = strlen(own[i]);

		if (n > 0 && strncasecmp(host, own[i], n) == 0 && (host[n] == '\0' || host[n] == ':'))
			return true;
	}
	return false;
}

static const char *header(struct MHD_Connection *c, const char *name)
{
	return MHD_lookup_connection_value(c, MHD_HEADER_KIND, name);
}

/*
 * Is it another page that asks, out of somebody's browser? Browsers say so. It could not read the answers, but it could tell that we are there, have
 * PostgreSQL work and hold streams open. Whoever follows a link to us, in a tab of its own, is no other page.
 */
static bool is_from_elsewhere(struct MHD_Connection *c)
{
	const char *site = header(c, "Sec-Fetch-Site"), *mode = header(c, "Sec-Fetch-Mode"), *to = header(c, "Sec-Fetch-Dest");
	const char *origin = header(c, "Origin"), *host = header(c, "Host");
	bool follows = mode != NULL && to != NULL && strcmp(mode, "navigate") == 0 && strcmp(to, "document") == 0;

	if (origin != NULL) {
		const char *named = strstr(origin, "://");

		if (named == NULL || host == NULL || strcasecmp(named + 3, host) != 0)
			return true;
	}
	return site != NULL && strcmp(site, "same-origin") != 0 && strcmp(site, "none") != 0 && !follows;
}

static enum MHD_Result admit(struct request *q, const char *path, const char *method)
{
	struct MHD_Connection *c = q->connection;
	enum auth_verdict verdict = AUTH_YES;

	if (strcmp(method, "GET") != 0 && strcmp(method, "HEAD") != 0)
		return send_words(c, MHD_HTTP_METHOD_NOT_ALLOWED, "only GET and HEAD");
	if (strcmp(path, "/healthz") == 0) /* for whoever supervises: it tells nothing */
		return send_words(c, MHD_HTTP_OK, "ok");
	if (q->web->part.loopback && q->web->part.auth == NULL && !is_own_name(q->web, header(c, "Host")))
		return send_words(c, MHD_HTTP_MISDIRECTED_REQUEST, "this server answers to localhost and 127.0.0.1 only");
	if (is_from_elsewhere(c))
		return send_words(c, MHD_HTTP_FORBIDDEN, "this server answers its own page only");
	if (q->web->part.auth != NULL)
		verdict = auth_judge(q->web->part.auth, header(c, "Authorization"));
	if (verdict != AUTH_YES && strcmp(path, "/readyz") == 0) /* for whoever supervises: a probe has no password */
		return send_readiness(q, false);
	if (verdict == AUTH_LATER)
		return send_words(c, MHD_HTTP_TOO_MANY_REQUESTS, "a password was wrong a moment ago; try again");
	if (verdict == AUTH_NO)
		return send_words(c, MHD_HTTP_UNAUTHORIZED, "name and password, please");
	return route(q, path);
}

static void set_busy(struct web *w, struct MHD_Connection *c, bool busy)
{
	const union MHD_ConnectionInfo *info = MHD_get_connection_info(c, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
	struct visitor *v = info != NULL ? info->socket_context : NULL;

	if (v == NULL)
		return;
	pthread_mutex_lock(&w->mutex);
	v->since = busy ? 0 : clock_monotonic();
	pthread_mutex_unlock(&w->mutex);
}

static enum MHD_Result on_request(void *arg, struct MHD_Connection *c, const char *path, const char *method, const char *version,
                                  const char *upload, size_t *upload_size, void **context)
{
	struct web *w = arg;
	struct request *q = *context;

	(void)version;
	(void)upload;
	if (q == NULL) { /* the headers are there; what is to be said is said when the body was, too */
		q = xcalloc(1, sizeof *q);
		*q = (struct request){.web = w, .connection = c};
		*context = q;
		if (strcmp(method, "GET") != 0 && strcmp(method, "HEAD") != 0)
			return admit(q, path, method); /* at once: a body is not waited for */
		return MHD_YES;
	}
	if (*upload_size > 0) {
		*upload_size = 0;
		return MHD_YES;
	}
	set_busy(w, c, true);
	if (!q->asked)
		return admit(q, path, method);
	return wait_for_answer(q);
}

static void on_completed(void *arg, struct MHD_Connection *c, void **context, enum MHD_RequestTerminationCode why)
{
	struct request *q = *context;

	(void)why;
	set_busy(arg, c, false);
	if (q == NULL)
		return;
	answer_drop(q->answer);
	free(q);
	*context = NULL;
}

static void on_connection(void *arg, struct MHD_Connection *c, void **context, enum MHD_ConnectionNotificationCode what)
{
	struct web *w = arg;
	struct visitor *v = *context;

	pthread_mutex_lock(&w->mutex);
	if (what == MHD_CONNECTION_NOTIFY_STARTED) {
		v = xcalloc(1, sizeof *v);
		*v = (struct visitor){.fd = MHD_get_connection_info(c, MHD_CONNECTION_INFO_CONNECTION_FD)->connect_fd,
		                      .since = clock_monotonic(), .after = w->first};
		if (w->first != NULL)
			w->first->before = v;
		w->first = v;
		*context = v;
	} else if (v != NULL) {
		if (v->before != NULL)
			v->before->after = v->after;
		else
			w->first = v->after;
		if (v->after != NULL)
			v->after->before = v->before;
		free(v);
		*context = NULL;
	}
	pthread_mutex_unlock(&w->mutex);
}

void web_sweep(struct web *w)
{
	int64_t now = clock_monotonic();

	pthread_mutex_lock(&w->mutex);
	for (struct visitor *v = w->first; v != NULL; v = v->after)
		if (v->since != 0 && now - v->since > REQUEST_US)
			shutdown(v->fd, SHUT_RDWR);
	pthread_mutex_unlock(&w->mutex);
}

/* --- life --------------------------------------------------------------------------------------------------------- */

static void on_log(void *arg, const char *format, va_list args)
{
	char text[512];

	(void)arg;
	vsnprintf(text, sizeof text, format, args);
	text[strcspn(text, "\n")] = '\0';
	log_debug("libmicrohttpd: %s", text);
}

struct web *web_start(const char *address, const struct web_parts *parts)
{
	struct web *w = xcalloc(1, sizeof *w);

	w->part = *parts;
	pthread_mutex_init(&w->mutex, NULL);
	w->fd = address_listen(address, w->address, sizeof w->address);
	snprintf(w->host, sizeof w->host, "%.*s", (int)(strrchr(w->address, ':') != NULL ? strrchr(w->address, ':') - w->address : 0), w->address);
	if (w->fd >= 0)
		w->daemon = MHD_start_daemon(MHD_USE_EPOLL_INTERNAL_THREAD | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_ERROR_LOG, 0, NULL, NULL,
			on_request, w,
			MHD_OPTION_EXTERNAL_LOGGER, on_log, NULL,
			MHD_OPTION_LISTEN_SOCKET, w->fd,
			MHD_OPTION_CONNECTION_LIMIT, (unsigned)CONNECTIONS_MAX,
			MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)IDLE_S,
			MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)MEMORY,
			MHD_OPTION_NOTIFY_COMPLETED, on_completed, w,
			MHD_OPTION_NOTIFY_CONNECTION, on_connection, w,
			MHD_OPTION_STRICT_FOR_CLIENT, 1,
			MHD_OPTION_END);
	if (w->daemon != NULL)
		return w;
	if (w->fd >= 0) {
		log_error("the server cannot be started");
		close(w->fd);
	}
	pthread_mutex_destroy(&w->mutex);
	free(w);
	return NULL;
}

const char *web_address(const struct web *w)
{
	return w->address;
}

void web_close(struct web *w)
{
	MHD_quiesce_daemon(w->daemon);
	for (int i = 0; i < CLOSE_TRIES && !hub_close(w->part.hub); i++)
		usleep(CLOSE_US);
}

void web_free(struct web *w)
{
	hub_close(w->part.hub);
	MHD_stop_daemon(w->daemon);
	close(w->fd);
	pthread_mutex_destroy(&w->mutex);
	free(w);
}
