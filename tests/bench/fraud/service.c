/*
 * A preload library for `feed`: hands a filter its standard input line by line, and measures the processor time that it spends from one line to the
 * next (reading, judging, writing, page faults, freeing). Unlike time on a wall clock that does not depend on what else the machine does.
 *
 * At the end FILE ($BENCH_SERVICE) gets members of a JSON object: quantiles of these times, and of the time that a record would take from its
 * arrival to its end if records came at $BENCH_RATE a second to a processor of its own: each waits for those before it (Lindley's recursion).
 * Microseconds.
 */
#include <dlfcn.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { ROOM = 1 << 18, MOST = 100000000 };

static struct {
	char room[ROOM];
	size_t from, to;
	uint32_t *took; /* nanoseconds */
	size_t count, cap;
	int64_t began;
	ssize_t (*real)(int, void *, size_t);
} in;

static int64_t used_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static void keep(int64_t ns)
{
	if (in.count == in.cap) {
		in.cap = in.cap > 0 ? 2 * in.cap : 1 << 22;
		in.took = in.cap <= MOST ? realloc(in.took, in.cap * sizeof *in.took) : NULL;
		if (in.took == NULL)
			abort();
	}
	in.took[in.count++] = ns < UINT32_MAX ? (uint32_t)ns : UINT32_MAX;
}

ssize_t read(int fd, void *to, size_t n)
{
	const char *end;
	size_t part;
	ssize_t got;

	if (in.real == NULL) {
		void *next = dlsym(RTLD_NEXT, "read");

		memcpy(&in.real, &next, sizeof next);
	}
	if (fd != 0)
		return in.real(fd, to, n);
	if (in.began != 0)
		keep(used_ns() - in.began);
	/* whole lines only: a line that came in two parts is one record */
	while ((end = memchr(in.room + in.from, '\n', in.to - in.from)) == NULL) {
		memmove(in.room, in.room + in.from, in.to - in.from);
		in.to -= in.from;
		in.from = 0;
		if ((got = in.real(0, in.room + in.to, ROOM - in.to)) <= 0)
			return got;
		in.to += (size_t)got;
	}
	part = (size_t)(end + 1 - in.room) - in.from;
	if (part > n)
		part = n;
	memcpy(to, in.room + in.from, part);
	in.from += part;
	in.began = used_ns();
	return (ssize_t)part;
}

static int ascending(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return x < y ? -1 : x > y;
}

static void print(FILE *f, const char *name, uint32_t *times, size_t n)
{
	static const double q[] = {.5, .99, .999, .9999};
	static const char *const label[] = {"p50", "p99", "p99.9", "p99.99"};
	size_t longest = 0;

	for (size_t i = 0; i < n; i++)
		if (times[i] > times[longest])
			longest = i;
	fprintf(f, "\"%s\":{\"longest\":%.1f,\"longest_at\":%zu", name, times[longest] / 1e3, longest);
	qsort(times, n, sizeof *times, ascending);
	for (unsigned k = 0; k < 4; k++)
		fprintf(f, ",\"%s\":%.1f", label[k], times[(size_t)(q[k] * (double)n)] / 1e3);
	fputs("}", f);
}

__attribute__((destructor)) static void report(void)
{
	const char *file = getenv("BENCH_SERVICE"), *rate = getenv("BENCH_RATE");
	FILE *f = file != NULL && in.count > 0 ? fopen(file, "w") : NULL;
	uint32_t *waited = calloc(in.count + 1, sizeof *waited);
	double left = 0, gap = 1e9 / (rate != NULL ? atof(rate) : 50000);

	if (f == NULL || waited == NULL)
		return;
	for (size_t i = 0; i < in.count; i++) {
		left = (left > gap ? left - gap : 0) + in.took[i];
		waited[i] = left < UINT32_MAX ? (uint32_t)left : UINT32_MAX;
	}
	print(f, "processor", in.took, in.count);
	fputs(",", f);
	print(f, "queued", waited, in.count);
	fclose(f);
}
