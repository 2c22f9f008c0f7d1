/*
 * visible [-s SKIP] [-t SECONDS] [-w MICROSECONDS] COUNT: when do rows of fact_transaction become visible to another session? Asks in a loop, by
 * the snapshot before and the index on xid, what is new, and prints once COUNT rows were seen, tab-separated:
 *
 *     first_us  last_us  p50_ms  p99_ms  max_ms  error_ms
 *
 * the wall-clock times at which the first and the last row were seen; the quantiles of seen - transaction_ts, without the first SKIP rows;
 * and the 99th percentile of the time between two answers, by which a row may have been there before it was seen: the error of all of this is
 * at most that, and always against what is measured. A tight loop and not LISTEN, because not every writer notifies; -w is the pause
 * between two questions (500), so that the looking does not take a processor from what is looked at.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <libpq-fe.h>

struct series {
	double *value;
	size_t count, cap;
};

static void add(struct series *s, double value)
{
	if (s->count == s->cap) {
		s->cap = s->cap > 0 ? 2 * s->cap : 1 << 16;
		if ((s->value = realloc(s->value, s->cap * sizeof *s->value)) == NULL)
			exit(75);
	}
	s->value[s->count++] = value;
}

static int ascending(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static double quantile(const struct series *s, double q)
{
	return s->count > 0 ? s->value[(size_t)(q * (double)(s->count - 1) + 0.5)] : 0;
}

static int64_t now_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_REALTIME, &t);
	return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

static PGresult *ask(PGconn *c, const char *statement, const char *parameter)
{
	PGresult *r = PQexecPrepared(c, statement, 1, &parameter, NULL, NULL, 0);

	if (PQresultStatus(r) != PGRES_TUPLES_OK) {
		fprintf(stderr, "visible: error: %s", PQerrorMessage(c));
		exit(75);
	}
	return r;
}

static PGconn *open_database(void)
{
	PGconn *c = PQconnectdb("application_name=visible");
	PGresult *r;

	if (PQstatus(c) != CONNECTION_OK) {
		fprintf(stderr, "visible: error: %s", PQerrorMessage(c));
		exit(75);
	}
	/* The first column of each row is the snapshot that sees them; the first row has nothing else. */
	r = PQprepare(c, "new",
	              "select pg_current_snapshot(), null union all select null, (extract(epoch from transaction_ts) * 1000000)::bigint from fact_transaction"
	              " where xid >= pg_snapshot_xmin($1::pg_snapshot) and not pg_visible_in_snapshot(xid, $1::pg_snapshot)", 1, NULL);
	if (PQresultStatus(r) != PGRES_COMMAND_OK) {
		fprintf(stderr, "visible: error: %s", PQerrorMessage(c));
		exit(75);
	}
	PQclear(r);
	PQclear(PQexec(c, "set enable_seqscan = off"));
	return c;
}

int main(int argc, char **argv)
{
	struct series delay = {0}, gap = {0};
	int64_t first = 0, last = 0, before, deadline;
	size_t skip = 0, count, seen = 0;
	double seconds = 600;
	useconds_t pause = 500;
	char snapshot[4096] = "1:1:";
	PGconn *c;
	int option;

	while ((option = getopt(argc, argv, "s:t:w:")) != -1) {
		switch (option) {
		case 's': skip = strtoul(optarg, NULL, 10); break;
		case 't': seconds = strtod(optarg, NULL); break;
		case 'w': pause = (useconds_t)strtoul(optarg, NULL, 10); break;
		default: return 2;
		}
	}
	if (optind + 1 != argc || (count = strtoul(argv[optind], NULL, 10)) == 0) {
		fputs("usage: visible [-s SKIP] [-t SECONDS] [-w MICROSECONDS] COUNT\n", stderr);
		return 2;
	}
	c = open_database();
	before = now_us();
	deadline = before + (int64_t)(seconds * 1e6);
	while (seen < count) {
		PGresult *r = ask(c, "new", snapshot);
		int64_t now = now_us();
		int rows = PQntuples(r);

		if (seen > skip)
			add(&gap, (double)(now - before) / 1e3);
		before = now;
		for (int i = 0; i < rows; i++) {
			if (!PQgetisnull(r, i, 0)) {
				snprintf(snapshot, sizeof snapshot, "%s", PQgetvalue(r, i, 0));
				continue;
			}
			first = seen == 0 ? now : first;
			last = now;
			if (seen++ >= skip)
				add(&delay, (double)(now - strtoll(PQgetvalue(r, i, 1), NULL, 10)) / 1e3);
		}
		PQclear(r);
		if (now > deadline) {
			fprintf(stderr, "visible: error: %zu of %zu rows after %.0f s\n", seen, count, seconds);
			return 75;
		}
		usleep(pause);
	}
	PQfinish(c);
	if (seen > count) {
		fprintf(stderr, "visible: error: %zu rows, not %zu\n", seen, count);
		return 65;
	}
	qsort(delay.value, delay.count, sizeof *delay.value, ascending);
	qsort(gap.value, gap.count, sizeof *gap.value, ascending);
	printf("%lld\t%lld\t%.3f\t%.3f\t%.3f\t%.3f\n", (long long)first, (long long)last, quantile(&delay, 0.5), quantile(&delay, 0.99),
	       quantile(&delay, 1), quantile(&gap, 0.99));
	free(delay.value);
	free(gap.value);
	return 0;
}
