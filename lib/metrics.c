#include "metrics.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "buf.h"
#include "clock.h"
#include "exit.h"
#include "log.h"

enum { WRITE_EVERY_US = 2000000, FRESH_S = 30 };

struct series {
	struct metric metric; /* first: a metric is its series */
	enum metric_type type;
	const char *name, *help;
	char *labels;
	struct series *next;
};

static struct series *first, **last = &first;
static const char *target;
static int64_t written_at;
static bool warned;

struct metric *metric_new(enum metric_type type, const char *name, const char *help, const char *labels)
{
	struct series *s;

	if (labels == NULL)
		labels = "";
	for (s = first; s != NULL; s = s->next)
		if (strcmp(s->name, name) == 0 && strcmp(s->labels, labels) == 0)
			return &s->metric;
	s = xcalloc(1, sizeof *s);
	s->type = type;
	s->name = name;
	s->help = help;
	s->labels = xstrdup(labels);
	*last = s;
	last = &s->next;
	return &s->metric;
}

void metric_label(struct buf *labels, const char *name, struct span value)
{
	if (labels->n > 0)
		buf_add_char(labels, ',');
	buf_addf(labels, "%s=\"", name);
	for (size_t i = 0; i < value.n; i++) {
		char c = value.p[i];

		if (c == '\\' || c == '"')
			buf_add_char(labels, '\\');
		if (c == '\n')
			buf_add_text(labels, "\\n");
		else
			buf_add_char(labels, c);
	}
	buf_add_char(labels, '"');
}

static void print_series(FILE *f, const struct series *s)
{
	if (s->labels[0] != '\0')
		fprintf(f, "%s{%s} %.17g\n", s->name, s->labels, s->metric.value);
	else
		fprintf(f, "%s %.17g\n", s->name, s->metric.value);
}

/* The text format wants the series of one name together: each name is printed where it occurs first. */
static void print_all(FILE *f)
{
	for (const struct series *s = first; s != NULL; s = s->next) {
		const struct series *earlier = first;

		while (earlier != s && strcmp(earlier->name, s->name) != 0)
			earlier = earlier->next;
		if (earlier != s)
			continue;
		fprintf(f, "# HELP %s %s\n# TYPE %s %s\n", s->name, s->help, s->name,
		        s->type == METRIC_COUNTER ? "counter" : "gauge");
		for (const struct series *t = s; t != NULL; t = t->next)
			if (strcmp(t->name, s->name) == 0)
				print_series(f, t);
	}
}

static int write_file(void)
{
	struct buf temporary = {0};
	int status = -1;
	FILE *f;

	buf_addf(&temporary, "%s.tmp.%ld", target, (long)getpid());
	f = fopen(buf_text(&temporary), "we");
	if (f != NULL) {
		print_all(f);
		status = ferror(f) ? -1 : 0;
		if (fclose(f) != 0 || status < 0 || rename(temporary.p, target) < 0) {
			int saved = errno;

			unlink(temporary.p);
			errno = saved;
			status = -1;
		}
	}
	buf_free(&temporary);
	return status;
}

int metrics_start(const char *path)
{
	struct stat st;

	target = path;
	if (target == NULL)
		return EXIT_DONE;
	if (stat(path, &st) == 0 && !S_ISREG(st.st_mode)) {
		log_error("--metrics %s is no file: it would be replaced by one", path);
		target = NULL;
		return EXIT_USAGE;
	}
	metric_set(metric_new(METRIC_GAUGE, "txpipe_start_time_seconds", "Unix time at which the tool started", NULL),
	           (double)time(NULL));
	written_at = clock_monotonic();
	if (write_file() < 0) {
		log_error("cannot write metrics to %s: %s", target, strerror(errno));
		return EXIT_IO;
	}
	return EXIT_DONE;
}

void metrics_tick(void)
{
	bool failed;
	int64_t now;

	if (target == NULL)
		return;
	now = clock_monotonic();
	if (now - written_at < WRITE_EVERY_US)
		return;
	written_at = now;
	failed = write_file() < 0;
	if (failed && !warned)
		log_warn("cannot write metrics to %s: %s", target, strerror(errno));
	else if (!failed && warned)
		log_notice("metrics are written to %s again", target);
	warned = failed;
}

int metrics_finish(void)
{
	if (target == NULL || write_file() == 0)
		return EXIT_DONE;
	log_error("cannot write metrics to %s: %s; what is there tells of an earlier moment", target, strerror(errno));
	return EXIT_IO;
}

int metrics_health(const char *path)
{
	struct stat st;
	long long age;

	if (stat(path, &st) < 0) {
		log_error("%s: %s", path, strerror(errno));
		return EXIT_DATA;
	}
	age = (long long)(time(NULL) - st.st_mtime);
	if (age > FRESH_S) {
		log_error("%s was last written %lld s ago: the tool that should keep it fresh hangs or is gone", path, age);
		return EXIT_DATA;
	}
	return EXIT_DONE;
}
