/*
 * iofault.so: preloaded into a tool, it makes reading and writing fail as full disks, broken ones and signals do.
 *
 *   IOFAULT="TOOL TARGET FAULT [AFTER]; ..."   TARGET: stdin, stdout, or a pattern for the path of a file (fnmatch)
 *   IOFAULT_RELIEF=FILE                        nothing fails while FILE exists
 *   IOFAULT_TOLD=FILE                          each failure is appended to it: `TOOL TARGET FAULT`
 *   IOFAULT_SEED=N                             of what is drawn; the process id is added
 *
 * FAULT: enospc, eio (once AFTER bytes went through: the call that reaches there is cut short, every later one fails); short (few bytes a call),
 * eintr, eagain (every other call), flaky (these three); close, rename (fail with EIO). AFTER may be ~N: drawn from 0..N-1.
 *
 * Only calls that go through the dynamic linker are seen: stdio's own are not, but for files opened with fopen(), which get a stream of ours.
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

enum { RULES_MAX = 8, FILES_MAX = 1024 };

static struct rule {
	char target[256], fault[16];
	size_t left;     /* bytes until it fails */
	unsigned failed; /* calls that were refused in turn */
} rules[RULES_MAX];
static size_t rule_count;
static struct rule *rule_of[FILES_MAX]; /* by descriptor */
static uint64_t state;
static bool ready;

static ssize_t (*real_write)(int, const void *, size_t);
static ssize_t (*real_read)(int, void *, size_t);
static int (*real_open)(const char *, int, ...);
static int (*real_close)(int);
static int (*real_rename)(const char *, const char *);

static uint64_t draw(uint64_t n)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return n == 0 ? 0 : state % n;
}

static void *find(const char *name)
{
	void *p = dlsym(RTLD_NEXT, name);

	if (p == NULL)
		abort();
	return p;
}

static void add_rule(char *text)
{
	struct rule *r = &rules[rule_count];
	char tool[32], after[32] = "0";

	if (rule_count == RULES_MAX || sscanf(text, " %31s %255s %15s %31s", tool, r->target, r->fault, after) < 3) {
		fprintf(stderr, "iofault: '%s' is no rule\n", text);
		abort();
	}
	if (strcmp(tool, program_invocation_short_name) != 0)
		return;
	r->left = after[0] == '~' ? (size_t)draw(strtoull(after + 1, NULL, 10)) : (size_t)strtoull(after, NULL, 10);
	if (strcmp(r->target, "stdin") == 0)
		rule_of[0] = r;
	if (strcmp(r->target, "stdout") == 0)
		rule_of[1] = r;
	rule_count++;
}

__attribute__((constructor)) static void start(void)
{
	const char *seed = getenv("IOFAULT_SEED"), *text = getenv("IOFAULT");
	char *copy, *at, *rule;

	if (ready)
		return;
	ready = true;
	*(void **)&real_write = find("write");
	*(void **)&real_read = find("read");
	*(void **)&real_open = find("open");
	*(void **)&real_close = find("close");
	*(void **)&real_rename = find("rename");
	state = ((uint64_t)(seed != NULL ? strtoul(seed, NULL, 10) : 1) * 2654435761u + (uint64_t)getpid()) * 0x9e3779b97f4a7c15u | 1;
	for (int i = 0; i < 20; i++)
		(void)draw(2);
	if (text == NULL)
		return;
	at = copy = strdup(text);
	while ((rule = strsep(&at, ";")) != NULL)
		add_rule(rule);
	free(copy);
}

static bool relieved(void)
{
	const char *file = getenv("IOFAULT_RELIEF");
	int saved = errno;
	bool there = file != NULL && access(file, F_OK) == 0;

	errno = saved;
	return there;
}

static void tell(const struct rule *r)
{
	const char *file = getenv("IOFAULT_TOLD");
	char line[400];
	int n, fd, saved = errno;

	if (file == NULL)
		return;
	fd = real_open(file, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
	n = snprintf(line, sizeof line, "%s %s %s\n", program_invocation_short_name, r->target, r->fault);
	if (fd < 0 || real_write(fd, line, (size_t)n) != n)
		abort();
	real_close(fd);
	errno = saved;
}

static int fail(const struct rule *r, int error)
{
	tell(r);
	errno = error;
	return -1;
}

static bool is(const struct rule *r, const char *fault)
{
	return strcmp(r->fault, fault) == 0;
}

static struct rule *rule_for(int fd)
{
	struct rule *r = fd >= 0 && fd < FILES_MAX ? rule_of[fd] : NULL;

	return r != NULL && !relieved() ? r : NULL;
}

/* 0 with *n perhaps smaller: go on; -1 with errno: the call fails. */
static int meddle(struct rule *r, size_t *n)
{
	bool flaky = is(r, "flaky");

	if (*n == 0)
		return 0;
	if (is(r, "enospc") || is(r, "eio")) {
		if (r->left == 0)
			return fail(r, is(r, "eio") ? EIO : ENOSPC);
		if (*n > r->left)
			*n = r->left;
		return 0;
	}
	if ((is(r, "eintr") && ++r->failed % 2 == 1) || (flaky && draw(4) == 0))
		return fail(r, EINTR);
	if ((is(r, "eagain") && ++r->failed % 2 == 1) || (flaky && draw(4) == 0))
		return fail(r, EAGAIN);
	if (is(r, "short") || flaky) {
		size_t most = draw(3) == 0 ? 3 : *n;

		*n = 1 + (size_t)draw(most < *n ? most : *n);
		tell(r);
	}
	return 0;
}

static void went_through(struct rule *r, ssize_t n)
{
	if (n > 0 && r->left > 0)
		r->left -= (size_t)n;
}

ssize_t write(int fd, const void *p, size_t n)
{
	struct rule *r;
	ssize_t done;

	start();
	r = rule_for(fd);
	if (r == NULL)
		return real_write(fd, p, n);
	if (meddle(r, &n) < 0)
		return -1;
	done = real_write(fd, p, n);
	went_through(r, done);
	return done;
}

ssize_t read(int fd, void *p, size_t n)
{
	struct rule *r;
	ssize_t done;

	start();
	r = fd == STDIN_FILENO ? rule_for(fd) : NULL;
	if (r == NULL)
		return real_read(fd, p, n);
	if (meddle(r, &n) < 0)
		return -1;
	done = real_read(fd, p, n);
	went_through(r, done);
	return done;
}

static struct rule *rule_of_path(const char *path)
{
	if (strcmp(path, "/proc/self/fd/1") == 0)
		return rule_of[1];
	for (size_t i = 0; i < rule_count; i++)
		if (fnmatch(rules[i].target, path, 0) == 0)
			return &rules[i];
	return NULL;
}

static int opened(int fd, const char *path)
{
	if (fd >= 0 && fd < FILES_MAX)
		rule_of[fd] = rule_of_path(path);
	return fd;
}

int open(const char *path, int flags, ...)
{
	va_list args;
	mode_t mode;

	start();
	va_start(args, flags);
	mode = (flags & O_CREAT) != 0 ? va_arg(args, mode_t) : 0;
	va_end(args);
	return opened(real_open(path, flags, mode), path);
}

int close(int fd)
{
	struct rule *r;

	start();
	r = rule_for(fd);
	if (fd > STDERR_FILENO && fd < FILES_MAX)
		rule_of[fd] = NULL;
	if (r != NULL && is(r, "close")) {
		(void)real_close(fd);
		return fail(r, EIO);
	}
	return real_close(fd);
}

int rename(const char *from, const char *to)
{
	struct rule *r;

	start();
	r = rule_of_path(to);
	if (r != NULL && is(r, "rename") && !relieved())
		return fail(r, EIO);
	return real_rename(from, to);
}

/* --- stdio's files ------------------------------------------------------------------------------------------------ */

static ssize_t stream_write(void *cookie, const char *p, size_t n)
{
	size_t done = 0;

	while (done < n) { /* stdio goes on after a short write, a stream of ours would not */
		ssize_t some = write((int)(intptr_t)cookie, p + done, n - done);

		if (some < 0)
			return 0;
		done += (size_t)some;
	}
	return (ssize_t)n;
}

static int stream_close(void *cookie)
{
	return close((int)(intptr_t)cookie);
}

FILE *fopen(const char *path, const char *mode)
{
	static FILE *(*real_fopen)(const char *, const char *);
	const cookie_io_functions_t calls = {.write = stream_write, .close = stream_close};
	int fd;

	start();
	if (real_fopen == NULL)
		*(void **)&real_fopen = find("fopen");
	if (mode[0] != 'w' || rule_of_path(path) == NULL)
		return real_fopen(path, mode);
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
	return fd < 0 ? NULL : fopencookie((void *)(intptr_t)fd, "w", calls);
}
