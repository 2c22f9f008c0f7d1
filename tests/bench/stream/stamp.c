/*
 * stamp RATE [COUNT]: lines of stdin to stdout, RATE a second, each at its own moment and with that moment as its transaction_ts, to the
 * microsecond, in one write(2): what `visible` measures from.
 */
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static int64_t nanoseconds(struct timespec t)
{
	return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static void wait_until(int64_t at)
{
	struct timespec t = {.tv_sec = (time_t)(at / 1000000000), .tv_nsec = (long)(at % 1000000000)};

	while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &t, NULL) == EINTR)
		;
}

/* The line with the value of "transaction_ts" replaced by now. */
static size_t stamped(char *to, size_t room, const char *line)
{
	static const char name[] = "\"transaction_ts\":\"";
	const char *at = strstr(line, name), *end;
	char date[32];
	struct timespec now;
	struct tm utc;
	int n;

	if (at == NULL || (end = strchr(at += sizeof name - 1, '"')) == NULL) {
		fputs("stamp: error: a line without transaction_ts\n", stderr);
		exit(65);
	}
	clock_gettime(CLOCK_REALTIME, &now);
	gmtime_r(&now.tv_sec, &utc);
	strftime(date, sizeof date, "%Y-%m-%dT%H:%M:%S", &utc);
	n = snprintf(to, room, "%.*s%s.%06ldZ%s", (int)(at - line), line, date, now.tv_nsec / 1000, end);
	return n > 0 && (size_t)n < room ? (size_t)n : 0;
}

int main(int argc, char **argv)
{
	double rate = argc > 1 ? strtod(argv[1], NULL) : 0;
	unsigned long count = argc > 2 ? strtoul(argv[2], NULL, 10) : 0, done = 0;
	static char out[1 << 16];
	struct timespec start;
	char *line = NULL;
	size_t cap = 0;

	if (!(rate > 0)) {
		fputs("usage: stamp RATE [COUNT] <LINES\n", stderr);
		return 2;
	}
	clock_gettime(CLOCK_MONOTONIC, &start);
	while ((count == 0 || done < count) && getline(&line, &cap, stdin) > 0) {
		size_t n;

		wait_until(nanoseconds(start) + (int64_t)((double)done++ * 1e9 / rate));
		n = stamped(out, sizeof out, line);
		if (n == 0 || write(STDOUT_FILENO, out, n) != (ssize_t)n) {
			perror("stamp: error: stdout");
			return 74;
		}
	}
	free(line);
	return 0;
}
