/*
 * feed CUSTOMERS RECORDS                 as many records of each of so many customers to stdout
 * feed CUSTOMERS RECORDS 0 COMMAND...    to COMMAND, as fast as it reads: its records a second, processor time and largest memory
 * feed CUSTOMERS RECORDS RATE COMMAND... paced: each record's time from when it was due to when its verdict had come back
 *
 * The last two end with a line of JSON on stdout; COMMAND's output goes nowhere else.
 *
 * The records lie evenly over 30 days of event time ($FEED_DAYS), customers in an order that looks like chance (so that no cache helps) and is the same each
 * time. RATE is records a second. COMMAND must answer each line by one line, in order: the n-th answer is that of the n-th record, so nothing
 * need be added to the records. A record is due at n / RATE after the start, whether or not what is before it was taken: time in queues counts.
 * Quantiles are in microseconds, of all records but those of the first second.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { ROOM = 1 << 16, LINE = 512 };

static uint64_t customers, per_customer, days = 30;
static char (*date)[11]; /* of each day */

static void die(const char *what)
{
	fprintf(stderr, "feed: %s: %s\n", what, strerror(errno));
	exit(1);
}

static int64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

/* --- records ---------------------------------------------------------------------------------------------------- */

static const char template[] =
	"{\"transaction_id\":\"00000000-0000-4000-8000-000000000000\",\"transaction_ts\":\"2026-01-00T00:00:00.000Z\","
	"\"customer_id\":\"c0000000-0000-4000-8000-000000000000\",\"merchant_id\":\"d0000000-0000-4000-8000-000000000000\","
	"\"amount\":0000.00,\"currency\":\"EUR\",\"latitude\":50.00000,\"longitude\":4.00000,\"device_id\":\"dev-1\","
	"\"payment_method\":\"credit_card\",\"is_foreign\":false}\n";

struct places {
	size_t id, time, customer, merchant, amount, latitude, longitude;
};

static struct places place;

static size_t behind(const char *name)
{
	return (size_t)(strstr(template, name) - template) + strlen(name);
}

static void find_places(void)
{
	place.id = behind("\"transaction_id\":\"") + 24;
	place.time = behind("\"transaction_ts\":\"");
	place.customer = behind("\"customer_id\":\"") + 24;
	place.merchant = behind("\"merchant_id\":\"") + 24;
	place.amount = behind("\"amount\":");
	place.latitude = behind("\"latitude\":50.");
	place.longitude = behind("\"longitude\":4.");
	if ((date = calloc(days + 1, sizeof *date)) == NULL)
		die("dates");
	for (uint64_t i = 0; i <= days; i++) {
		time_t t = 1767225600 + (time_t)i * 86400;

		strftime(date[i], sizeof *date, "%F", gmtime(&t));
	}
}

static void digits(char *to, uint64_t value, int n)
{
	while (n-- > 0) {
		to[n] = (char)('0' + value % 10);
		value /= 10;
	}
}

static uint64_t mixed(uint64_t x)
{
	x = (x ^ x >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	x = (x ^ x >> 27) * UINT64_C(0x94d049bb133111eb);
	return x ^ x >> 31;
}

/* Record n: in each round every customer once, in steps of a number that has no factor in common with theirs. */
static size_t record(char *to, uint64_t n)
{
	uint64_t total = customers * per_customer, round = n / customers;
	uint64_t customer = (n % customers * UINT64_C(2654435761) + round * 7919) % customers;
	uint64_t ms = (uint64_t)((double)n / (double)total * (double)days * 86400000), chance = mixed(n);
	uint64_t whole = 1 + chance % 300; /* no leading zero: JSON has none */

	memcpy(to, template, sizeof template - 1);
	digits(to + place.id, n, 12);
	memcpy(to + place.time, date[ms / 86400000], 10);
	digits(to + place.time + 11, ms / 3600000 % 24, 2);
	digits(to + place.time + 14, ms / 60000 % 60, 2);
	digits(to + place.time + 17, ms / 1000 % 60, 2);
	digits(to + place.time + 20, ms % 1000, 3);
	digits(to + place.customer, customer, 12);
	digits(to + place.merchant, chance >> 20 & 0xfff, 12);
	digits(to + place.amount, 1000 + whole, 4);
	digits(to + place.amount + 5, chance >> 32 & 63, 2);
	digits(to + place.latitude, chance >> 40 & 0xffff, 5);
	digits(to + place.longitude, chance >> 24 & 0xffff, 5);
	return sizeof template - 1;
}

static int write_all(int fd, const char *p, size_t n)
{
	while (n > 0) {
		ssize_t w = write(fd, p, n);

		if (w < 0 && errno != EINTR)
			return -1;
		if (w > 0) {
			p += w;
			n -= (size_t)w;
		}
	}
	return 0;
}

/* --- as fast as they are read ------------------------------------------------------------------------------------- */

static int pour(int fd)
{
	static char room[ROOM + LINE];
	size_t n = 0;

	for (uint64_t i = 0; i < customers * per_customer; i++) {
		n += record(room + n, i);
		if (n >= ROOM) {
			if (write_all(fd, room, n) < 0)
				die("writing records");
			n = 0;
		}
	}
	return write_all(fd, room, n);
}

/* --- paced -------------------------------------------------------------------------------------------------------- */

static struct {
	int fd;
	double rate;
	uint64_t total;
	int64_t start;
	uint32_t *took; /* per record, tenths of a microsecond */
	uint64_t answers;
} paced;

static int64_t due(uint64_t i)
{
	return paced.start + (int64_t)((double)i / paced.rate * 1e9);
}

static void *read_answers(void *unused)
{
	static char room[ROOM * 4];
	ssize_t n;

	(void)unused;
	while ((n = read(paced.fd, room, sizeof room)) != 0) {
		int64_t now = now_ns();

		if (n < 0) {
			if (errno == EINTR)
				continue;
			die("reading answers");
		}
		for (char *p = room; p < room + n && (p = memchr(p, '\n', (size_t)(room + n - p))) != NULL; p++)
			if (paced.answers < paced.total) {
				int64_t took = (now - due(paced.answers)) / 100;

				paced.took[paced.answers++] = took < 0 ? 0 : took < UINT32_MAX ? (uint32_t)took : UINT32_MAX;
			}
	}
	return NULL;
}

/* Whatever is due goes out in one write; then sleep for a fiftieth of a millisecond. */
static void send_paced(int fd)
{
	static char room[ROOM + LINE];
	uint64_t i = 0;

	while (i < paced.total) {
		int64_t now = now_ns();
		size_t n = 0;

		while (i < paced.total && due(i) <= now && n < ROOM)
			n += record(room + n, i++);
		if (n > 0 && write_all(fd, room, n) < 0)
			die("writing records");
		if (n < ROOM)
			nanosleep(&(struct timespec){.tv_nsec = 20000}, NULL);
	}
}

static int ascending(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return x < y ? -1 : x > y;
}

static void print_quantiles(void)
{
	uint64_t skip = (uint64_t)paced.rate < paced.total / 2 ? (uint64_t)paced.rate : 0, n = paced.total - skip, at = 0, late = 0;
	uint32_t *sorted = paced.took + skip;

	for (uint64_t i = 0; i < n; i++) {
		if (sorted[i] > sorted[at])
			at = i;
		late += sorted[i] > 10000;
	}
	printf(",\"rate\":%.0f,\"above_1ms\":%llu,\"longest_at\":%llu", paced.rate, (unsigned long long)late, (unsigned long long)(at + skip));
	qsort(sorted, n, sizeof *sorted, ascending);
	for (unsigned k = 0; k < 4; k++) {
		static const double q[] = {.5, .99, .999, .9999};
		static const char *const name[] = {"p50", "p99", "p99.9", "p99.99"};

		printf(",\"%s\":%.1f", name[k], sorted[(uint64_t)(q[k] * (double)n)] / 10.0);
	}
	printf(",\"longest\":%.1f", sorted[n - 1] / 10.0);
}

static double seconds(struct timeval t)
{
	return (double)t.tv_sec + (double)t.tv_usec / 1e6;
}

static pid_t start(char **command, int *to, int *from)
{
	int in[2], out[2];
	pid_t pid;

	if (pipe(in) < 0 || pipe(out) < 0)
		die("pipe");
	if ((pid = fork()) < 0)
		die("fork");
	if (pid == 0) {
		dup2(in[0], 0);
		dup2(from != NULL ? out[1] : open("/dev/null", O_WRONLY), 1);
		for (int i = 0; i < 2; i++) {
			close(in[i]);
			close(out[i]);
		}
		execvp(command[0], command);
		die(command[0]);
	}
	close(in[0]);
	close(out[1]);
	*to = in[1];
	if (from != NULL)
		*from = out[0];
	usleep(500000); /* the command reads its rules */
	return pid;
}

static int run(double rate, char **command)
{
	pthread_t reader;
	struct rusage used;
	int to, status;
	pid_t pid = start(command, &to, rate > 0 ? &paced.fd : NULL);

	paced.total = customers * per_customer;
	paced.rate = rate;
	paced.start = now_ns();
	if (rate > 0) {
		if ((paced.took = calloc(paced.total, sizeof *paced.took)) == NULL || pthread_create(&reader, NULL, read_answers, NULL) != 0)
			die("starting");
		send_paced(to);
	} else if (pour(to) < 0) {
		die("writing records");
	}
	close(to);
	if (rate > 0)
		pthread_join(reader, NULL);
	if (wait4(pid, &status, 0, &used) < 0 || status != 0 || (rate > 0 && paced.answers != paced.total)) {
		fprintf(stderr, "feed: status %d, %llu answers\n", status, (unsigned long long)paced.answers);
		return 1;
	}
	double wall = (double)(now_ns() - paced.start) / 1e9, cpu = seconds(used.ru_utime) + seconds(used.ru_stime);
	printf("{\"records\":%llu,\"seconds\":%.2f,\"cpu\":%.2f,\"records_per_second\":%.0f,\"records_per_cpu_second\":%.0f,\"memory_mib\":%ld",
	       (unsigned long long)paced.total, wall, cpu, (double)paced.total / wall, (double)paced.total / cpu, used.ru_maxrss / 1024);
	if (rate > 0)
		print_quantiles();
	puts("}");
	return 0;
}

int main(int argc, char **argv)
{
	if (argc != 3 && argc < 5) {
		fputs("usage: feed CUSTOMERS RECORDS [RATE COMMAND...]\n", stderr);
		return 2;
	}
	customers = strtoull(argv[1], NULL, 10);
	per_customer = strtoull(argv[2], NULL, 10);
	if (getenv("FEED_DAYS") != NULL)
		days = strtoull(getenv("FEED_DAYS"), NULL, 10);
	if (customers == 0 || days == 0 || days > 3650 || per_customer == 0 || customers % 2654435761 == 0)
		return 2;
	find_places();
	return argc == 3 ? pour(1) != 0 : run(strtod(argv[3], NULL), argv + 4);
}
