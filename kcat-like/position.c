#include "position.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "clock.h"
#include "exit.h"
#include "json.h"
#include "log.h"
#include "parse.h"
#include "rfc3339.h"

enum { TIMEOUT_S = 30, TEXT_MAX = 64 << 20, BLOCK = 64 << 10 };

/* --- reading ------------------------------------------------------------------------------------------------------- */

void positions_free(struct positions *p)
{
	for (size_t i = 0; i < p->count; i++) {
		free(p->item[i].topic);
		free(p->item[i].cluster_id);
	}
	free(p->item);
	*p = (struct positions){0};
}

static struct position *find(const struct positions *p, struct span topic, int32_t partition)
{
	for (size_t i = 0; i < p->count; i++)
		if (p->item[i].partition == partition && span_eq(span_of(p->item[i].topic), topic))
			return &p->item[i];
	return NULL;
}

const struct position *positions_find(const struct positions *p, const char *topic, int32_t partition)
{
	return find(p, span_of(topic), partition);
}

int64_t positions_siblings(const struct positions *p, const char *topic)
{
	int64_t least = -1;

	for (size_t i = 0; i < p->count; i++)
		if (strcmp(p->item[i].topic, topic) == 0 && p->item[i].partitions >= 0 &&
		    (least < 0 || p->item[i].partitions < least))
			least = p->item[i].partitions;
	return least;
}

/* A whole number, or `null` (then -1) where that is allowed. */
static int read_number(const struct json_object *o, struct span name, bool may_be_null, int64_t *to)
{
	const struct json_member *m = json_find(o, name);

	*to = -1;
	if (m == NULL || m->type == JSON_NULL)
		return may_be_null ? 0 : -1;
	if (m->type != JSON_NUMBER || parse_int(m->value, to) < 0)
		return -1;
	return *to >= 0 ? 0 : -1;
}

static int read_text(const struct json_object *o, struct span name, bool may_be_null, struct buf *to)
{
	const struct json_member *m = json_find(o, name);

	buf_clear(to);
	if (m == NULL || m->type == JSON_NULL)
		return may_be_null ? 0 : -1;
	return m->type == JSON_STRING ? json_unescape(to, m->value) : -1;
}

/* The Kafka time: milliseconds, or a timestamp as text. */
static int read_time(const struct json_object *o, int64_t *ms)
{
	const struct json_member *m = json_find(o, SPAN("last_ts"));
	int64_t us;

	if (m == NULL || m->type != JSON_STRING)
		return read_number(o, SPAN("last_ts"), true, ms);
	if (rfc3339_read(m->value, &us) < 0)
		return -1;
	*ms = us / 1000;
	return 0;
}

static void keep(struct positions *p, struct span topic, const struct position *row, struct span cluster)
{
	struct position *at = find(p, topic, row->partition);

	if (at != NULL && at->next_offset <= row->next_offset)
		return;
	if (at != NULL) {
		free(at->topic);
		free(at->cluster_id);
	} else {
		if (p->count == p->cap) {
			p->cap = p->cap > 0 ? 2 * p->cap : 16;
			p->item = xrealloc(p->item, p->cap * sizeof *p->item);
		}
		at = &p->item[p->count++];
	}
	*at = *row;
	at->topic = xstrndup(topic.p, topic.n);
	at->cluster_id = xstrndup(cluster.p, cluster.n);
}

static int not_understood(const struct position_job *job, struct span line)
{
	log_at(job->level, "%s: the command printed no position: %.*s", job->option, (int)(line.n < 200 ? line.n : 200), line.p);
	return EXIT_RETRY;
}

struct row {
	const struct position_job *job;
	struct json_object object;
	struct buf stream, topic, cluster;
};

static int read_row(struct positions *p, struct row *r, struct span line, const char *stream)
{
	struct position row = {0};
	const struct json_member *broken;
	int64_t partition;
	size_t at;

	if (json_scan(&r->object, line, &at) != JSON_OK || read_text(&r->object, SPAN("stream"), false, &r->stream) < 0)
		return not_understood(r->job, line);
	if (!span_eq(buf_span(&r->stream), span_of(stream))) {
		log_at(r->job->level, "%s: the command printed positions of stream %s, this is stream %s (see --stream)", r->job->option,
		       buf_text(&r->stream), stream);
		return EXIT_USAGE;
	}
	if (read_text(&r->object, SPAN("topic"), false, &r->topic) < 0 ||
	    read_number(&r->object, SPAN("partition"), false, &partition) < 0 || partition > INT32_MAX ||
	    read_number(&r->object, SPAN("next_offset"), false, &row.next_offset) < 0 ||
	    read_number(&r->object, SPAN("last_offset"), true, &row.last_offset) < 0 || read_time(&r->object, &row.last_ts) < 0 ||
	    read_number(&r->object, SPAN("partitions"), true, &row.partitions) < 0 ||
	    read_text(&r->object, SPAN("cluster_id"), true, &r->cluster) < 0)
		return not_understood(r->job, line);
	broken = json_find(&r->object, SPAN("broken_at"));
	if (broken != NULL && broken->type != JSON_NULL) {
		log_at(r->job->level, "stream %s is marked broken at %s/%" PRId64 ": records arrived out of order; repair with pgload --reset-stream",
		       stream, buf_text(&r->topic), partition);
		return EXIT_CONFLICT;
	}
	row.partition = (int32_t)partition;
	keep(p, buf_span(&r->topic), &row, buf_span(&r->cluster));
	return EXIT_DONE;
}

int positions_read(struct positions *p, const struct position_job *job, const char *stream)
{
	const char *at = job->text.p, *end = at + job->text.n;
	struct row r = {.job = job};
	int status = EXIT_DONE;

	while (status == EXIT_DONE && at < end) {
		const char *newline = memchr(at, '\n', (size_t)(end - at));
		struct span line = {at, (size_t)((newline != NULL ? newline : end) - at)};

		if (newline == NULL)
			status = not_understood(job, line); /* torn: the command died while it printed */
		else if (line.n > 0)
			status = read_row(p, &r, line, stream);
		at += line.n + 1;
	}
	json_object_free(&r.object);
	buf_free(&r.stream);
	buf_free(&r.topic);
	buf_free(&r.cluster);
	return status;
}

/* --- the command --------------------------------------------------------------------------------------------------- */

/* So that `pgload` is found beside kconsume where the suite is not installed. */
static void extend_path(void)
{
	static bool done;
	const char *path = getenv("PATH");
	char self[4096];
	ssize_t n = done ? -1 : readlink("/proc/self/exe", self, sizeof self - 1);
	struct buf longer = {0};
	char *slash;

	done = true;
	if (n <= 0)
		return;
	self[n] = '\0';
	slash = strrchr(self, '/');
	if (slash == NULL)
		return;
	*slash = '\0';
	buf_addf(&longer, "%s:%s", path != NULL ? path : "/usr/local/bin:/usr/bin:/bin", self);
	setenv("PATH", buf_text(&longer), 1);
	buf_free(&longer);
}

static int spawn(struct position_job *job, int output)
{
	char *argv[] = {(char *)(uintptr_t)"sh", (char *)(uintptr_t)"-c", (char *)(uintptr_t)job->command, NULL};
	posix_spawn_file_actions_t files;
	posix_spawnattr_t attributes;
	sigset_t defaults;
	int error;

	sigemptyset(&defaults);
	sigaddset(&defaults, SIGPIPE);
	posix_spawn_file_actions_init(&files);
	posix_spawn_file_actions_addopen(&files, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
	posix_spawn_file_actions_adddup2(&files, output, STDOUT_FILENO);
	posix_spawnattr_init(&attributes);
	/* a group of its own: a timeout ends the command with all that it started */
	posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGDEF);
	posix_spawnattr_setpgroup(&attributes, 0);
	posix_spawnattr_setsigdefault(&attributes, &defaults);
	error = posix_spawn(&job->pid, "/bin/sh", &files, &attributes, argv, environ);
	posix_spawnattr_destroy(&attributes);
	posix_spawn_file_actions_destroy(&files);
	return error;
}

int position_start(struct position_job *job, const char *command)
{
	int ends[2], error;

	position_stop(job);
	buf_clear(&job->text);
	job->command = command;
	job->started = clock_monotonic();
	extend_path();
	if (pipe2(ends, O_CLOEXEC) < 0) {
		log_at(job->level, "%s: %s", job->option, strerror(errno));
		return EXIT_RETRY;
	}
	error = spawn(job, ends[1]);
	close(ends[1]);
	if (error != 0) {
		close(ends[0]);
		job->pid = 0;
		log_at(job->level, "%s: cannot run '%s': %s", job->option, command, strerror(error));
		return EXIT_RETRY;
	}
	fcntl(ends[0], F_SETFL, O_NONBLOCK);
	job->fd = ends[0];
	return EXIT_DONE;
}

static void close_output(struct position_job *job)
{
	if (job->fd >= 0)
		close(job->fd);
	job->fd = -1;
}

void position_stop(struct position_job *job)
{
	if (job->pid == 0)
		return;
	kill(-job->pid, SIGKILL);
	while (waitpid(job->pid, NULL, 0) < 0 && errno == EINTR)
		;
	job->pid = 0;
	close_output(job);
}

void position_free(struct position_job *job)
{
	position_stop(job);
	buf_free(&job->text);
}

/* What has been printed so far. 0, or -1 if it cannot be read. */
static int read_output(struct position_job *job)
{
	while (job->fd >= 0) {
		ssize_t n = read(job->fd, buf_room(&job->text, BLOCK), BLOCK);

		if (n > 0)
			job->text.n += (size_t)n;
		else if (n == 0)
			close_output(job);
		else if (errno == EAGAIN)
			return 0;
		else if (errno != EINTR)
			return -1;
		if (job->text.n > TEXT_MAX)
			return -1;
	}
	return 0;
}

static int ended_with(const struct position_job *job, int wait_status)
{
	if (WIFEXITED(wait_status) && WEXITSTATUS(wait_status) == 0)
		return EXIT_DONE;
	if (WIFEXITED(wait_status) && WEXITSTATUS(wait_status) == EXIT_CONFLICT) {
		log_at(job->level, "%s: '%s' refuses the stream (status %d)", job->option, job->command, EXIT_CONFLICT);
		return EXIT_CONFLICT; /* a restart would not cure it */
	}
	if (WIFEXITED(wait_status))
		log_at(job->level, "%s: '%s' failed with status %d", job->option, job->command, WEXITSTATUS(wait_status));
	else
		log_at(job->level, "%s: '%s' was ended by signal %d", job->option, job->command, WTERMSIG(wait_status));
	return EXIT_RETRY;
}

bool position_over(struct position_job *job, int *status)
{
	int wait_status;
	pid_t pid;

	*status = EXIT_RETRY;
	if (read_output(job) < 0) {
		log_at(job->level, "%s: cannot read what '%s' prints", job->option, job->command);
		position_stop(job);
		return true;
	}
	if (clock_monotonic() - job->started > TIMEOUT_S * 1000000LL) {
		log_at(job->level, "%s: '%s' has not ended within %d s", job->option, job->command, TIMEOUT_S);
		position_stop(job);
		return true;
	}
	if (job->fd >= 0)
		return false;
	pid = waitpid(job->pid, &wait_status, WNOHANG);
	if (pid == 0 || (pid < 0 && errno == EINTR))
		return false;
	job->pid = 0;
	*status = pid > 0 ? ended_with(job, wait_status) : EXIT_RETRY;
	return true;
}
