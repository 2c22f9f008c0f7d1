/* The state of the pipeline as it was last seen, and how it goes out: as JSON for pages, as text for Prometheus. */
#ifndef TXDASH_LIVE_H
#define TXDASH_LIVE_H

#include <libpq-fe.h>

#include "broker.h"
#include "buf.h"
#include "count.h"

enum { LIVE_POINTS = 300 };

/* A second. NAN: unknown. */
struct point {
	double at; /* Unix time */
	double stored, in, flagged; /* records a second */
	double p50, p95; /* seconds from a transaction's own time to its row */
	double lag; /* records */
};

struct live {
	int64_t started; /* Unix time in microseconds */
	bool looked;     /* at least once, whatever came of it */
	bool up, lacks_tables;
	int64_t since;   /* Unix time from which on `up` is what it is */
	char words[512]; /* what PostgreSQL's trouble is */
	struct broker_state broker;
	PGresult *positions; /* NULL: unknown */
	struct count dead, books, runs;
	int64_t *end; /* of the log, of each position; -1: unknown */
	double last_at; /* when the newest row was stored, Unix time; NAN: there is none */
	double records_minute, flagged_minute;
	uint64_t seen, seen_flagged; /* since the start */
	struct point point[LIVE_POINTS]; /* oldest first */
	size_t points;
};

void live_add_point(struct live *l, struct point p);

/* Sum of a column of the positions. */
double live_total(const struct live *l, const char *column);

/* Sum of lags; NAN: no end is known. */
double live_lag(const struct live *l);

/* Sum of the ends of the logs, each once; NAN: not all are known. */
double live_ends(const struct live *l);

/* With the last five minutes, or without. */
void live_json(struct buf *to, const struct live *l, bool series);

void live_partitions_json(struct buf *to, const struct live *l);
void live_partitions_csv(struct buf *to, const struct live *l);
/* The last five minutes, a row a second. */
void live_series_json(struct buf *to, const struct live *l);
void live_series_csv(struct buf *to, const struct live *l);
void live_metrics(struct buf *to, const struct live *l, size_t streams);

#endif
