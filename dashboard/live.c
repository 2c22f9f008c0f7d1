#include "live.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>

#include "grid.h"
#include "json.h"
#include "metrics.h"
#include "rfc3339.h"

void live_add_point(struct live *l, struct point p)
{
	while (l->points > 0 && l->point[l->points - 1].at >= p.at)
		l->points--; /* the clock was set back */
	if (l->points == LIVE_POINTS)
		memmove(l->point, l->point + 1, --l->points * sizeof *l->point);
	l->point[l->points++] = p;
}

static const char *cell(const PGresult *r, int row, const char *column)
{
	int c = PQfnumber(r, column);

	return c < 0 || PQgetisnull(r, row, c) ? NULL : PQgetvalue(r, row, c);
}

static int64_t number(const PGresult *r, int row, const char *column)
{
	const char *text = cell(r, row, column);

	return text == NULL ? 0 : strtoll(text, NULL, 10);
}

double live_total(const struct live *l, const char *column)
{
	double total = 0;

	for (int i = 0; i < PQntuples(l->positions); i++)
		total += (double)number(l->positions, i, column);
	return total;
}

static int64_t lag_of(const struct live *l, int row)
{
	int64_t next = number(l->positions, row, "next_offset");

	return l->end[row] < 0 ? -1 : l->end[row] > next ? l->end[row] - next : 0;
}

double live_lag(const struct live *l)
{
	double total = 0;
	bool known = false;

	for (int i = 0; i < PQntuples(l->positions); i++) {
		if (l->end[i] < 0)
			continue;
		known = true;
		total += (double)lag_of(l, i);
	}
	return known ? total : NAN;
}

double live_ends(const struct live *l)
{
	double total = 0;

	for (int i = 0; i < PQntuples(l->positions); i++) {
		if (l->end[i] < 0)
			return NAN;
		total += number(l->positions, i, "nth") == 1 ? (double)l->end[i] : 0;
	}
	return PQntuples(l->positions) > 0 ? total : NAN;
}

/* --- JSON -------------------------------------------------------------------------------------------------------- */

static void add_number(struct buf *to, double v)
{
	if (isfinite(v))
		buf_addf(to, "%.12g", v);
	else
		buf_add_text(to, "null");
}

static void add_time(struct buf *to, int64_t us)
{
	buf_add_char(to, '"');
	rfc3339_write(to, us / 1000 * 1000);
	buf_add_char(to, '"');
}

static void add_state(struct buf *to, const char *name, bool known, bool up, int64_t since, const char *words)
{
	buf_addf(to, ",\"%s\":{\"known\":%s,\"up\":%s,\"since\":", name, known ? "true" : "false", up ? "true" : "false");
	add_time(to, since);
	buf_add_text(to, ",\"words\":");
	json_quote_any(to, span_of(words));
	buf_add_char(to, '}');
}

static void add_grid(struct buf *to, const char *name, const PGresult *r)
{
	buf_addf(to, ",\"%s\":", name);
	if (r == NULL) {
		buf_add_text(to, "null");
		return;
	}
	buf_add_char(to, '{');
	grid_json(to, r);
	buf_add_char(to, '}');
}

/* The columns of the table of partitions; log_end and lag are not PostgreSQL's. */
static const struct {
	const char *name, *type;
} columns[] = {
	{"stream", "text"}, {"target", "text"}, {"topic", "text"}, {"partition", "number"}, {"log_end", "number"}, {"next_offset", "number"},
	{"lag", "number"}, {"rows", "number"}, {"duplicates", "number"}, {"dead_letters", "number"}, {"labels", "number"}, {"holes", "number"},
	{"unaccounted", "number"}, {"updated_at", "time"}, {"broken_at", "time"},
};

enum { COLUMNS = sizeof columns / sizeof columns[0] };

/* A cell of that table, or NULL; `own` has room for what is counted here. */
static const char *partition_cell(const struct live *l, int row, size_t column, char own[32])
{
	const char *name = columns[column].name;
	int64_t value;

	if (strcmp(name, "log_end") != 0 && strcmp(name, "lag") != 0)
		return cell(l->positions, row, name);
	value = name[1] == 'o' ? l->end[row] : lag_of(l, row);
	snprintf(own, 32, "%" PRId64, value);
	return value < 0 ? NULL : own;
}

void live_partitions_json(struct buf *to, const struct live *l)
{
	char own[32];

	buf_add_text(to, "\"columns\":[");
	for (size_t c = 0; c < COLUMNS; c++)
		buf_addf(to, "%s{\"name\":\"%s\",\"type\":\"%s\"}", c > 0 ? "," : "", columns[c].name, columns[c].type);
	buf_add_text(to, "],\"rows\":[");
	for (int row = 0; row < PQntuples(l->positions); row++) {
		buf_add_text(to, row > 0 ? ",[" : "[");
		for (size_t c = 0; c < COLUMNS; c++) {
			const char *value = partition_cell(l, row, c, own);

			if (c > 0)
				buf_add_char(to, ',');
			if (value == NULL)
				buf_add_text(to, "null");
			else if (columns[c].type[0] == 'n')
				buf_add_text(to, value);
			else if (columns[c].type[1] == 'i')
				grid_json_time(to, value);
			else
				json_quote_any(to, span_of(value));
		}
		buf_add_char(to, ']');
	}
	buf_add_char(to, ']');
}

void live_partitions_csv(struct buf *to, const struct live *l)
{
	char own[32];

	for (size_t c = 0; c < COLUMNS; c++)
		buf_addf(to, "%s\"%s\"", c > 0 ? "," : "", columns[c].name);
	buf_add_text(to, "\r\n");
	for (int row = 0; row < PQntuples(l->positions); row++) {
		for (size_t c = 0; c < COLUMNS; c++) {
			const char *value = partition_cell(l, row, c, own);

			if (c > 0)
				buf_add_char(to, ',');
			if (value != NULL && columns[c].type[0] == 'n')
				buf_add_text(to, value);
			else if (value != NULL)
				grid_csv_text(to, span_of(value));
		}
		buf_add_text(to, "\r\n");
	}
}

static void add_point(struct buf *to, const struct point *p)
{
	const double value[] = {p->at, p->stored, p->in, p->flagged, p->p50, p->p95, p->lag};

	buf_add_char(to, '[');
	for (size_t i = 0; i < sizeof value / sizeof value[0]; i++) {
		buf_add_text(to, i > 0 ? "," : "");
		add_number(to, value[i]);
	}
	buf_add_char(to, ']');
}

static const char *const series[] = {"at", "stored", "in", "flagged_rate", "p50", "p95", "lag"}; /* as add_point() has them */

enum { SERIES = sizeof series / sizeof series[0] };

static void add_points(struct buf *to, const struct live *l)
{
	buf_add_char(to, '[');
	for (size_t i = 0; i < l->points; i++) {
		buf_add_text(to, i > 0 ? "," : "");
		add_point(to, &l->point[i]);
	}
	buf_add_char(to, ']');
}

void live_series_json(struct buf *to, const struct live *l)
{
	buf_add_text(to, "\"columns\":[");
	for (size_t i = 0; i < SERIES; i++)
		buf_addf(to, "%s{\"name\":\"%s\",\"type\":\"number\"}", i > 0 ? "," : "", series[i]);
	buf_add_text(to, "],\"rows\":");
	add_points(to, l);
}

void live_series_csv(struct buf *to, const struct live *l)
{
	for (size_t i = 0; i < SERIES; i++)
		buf_addf(to, "%s\"%s\"", i > 0 ? "," : "", series[i]);
	buf_add_text(to, "\r\n");
	for (size_t i = 0; i < l->points; i++) {
		const struct point *p = &l->point[i];
		const double value[] = {p->stored, p->in, p->flagged, p->p50, p->p95, p->lag};

		add_time(to, (int64_t)(p->at * 1e6));
		for (size_t c = 0; c < sizeof value / sizeof value[0]; c++) {
			buf_add_char(to, ',');
			if (isfinite(value[c]))
				buf_addf(to, "%.12g", value[c]);
		}
		buf_add_text(to, "\r\n");
	}
}

static void add_totals(struct buf *to, const struct live *l)
{
	static const char *const name[] = {"rows", "duplicates", "dead_letters", "labels", "holes"};

	buf_add_text(to, ",\"last_at\":");
	add_number(to, l->last_at);
	buf_add_text(to, ",\"lag\":");
	add_number(to, live_lag(l));
	buf_add_text(to, ",\"records_minute\":");
	add_number(to, l->records_minute);
	buf_add_text(to, ",\"flagged_minute\":");
	add_number(to, l->flagged_minute);
	for (size_t i = 0; i < sizeof name / sizeof name[0]; i++) {
		buf_addf(to, ",\"%s\":", name[i]);
		add_number(to, live_total(l, name[i]));
	}
}

void live_json(struct buf *to, const struct live *l, bool with_series)
{
	buf_add_text(to, "{\"as_of\":");
	add_time(to, l->points > 0 ? (int64_t)(l->point[l->points - 1].at * 1e6) : l->started);
	buf_add_text(to, ",\"started\":");
	add_time(to, l->started);
	add_state(to, "postgres", l->looked, l->up, l->since, l->words);
	buf_addf(to, ",\"lacks_tables\":%s", l->lacks_tables ? "true" : "false");
	add_state(to, "kafka", l->broker.asked, l->broker.up, l->broker.since, l->broker.words);
	add_totals(to, l);
	buf_add_text(to, ",\"partitions\":{");
	live_partitions_json(to, l);
	buf_add_char(to, '}');
	add_grid(to, "dead_by_reason", l->dead.result);
	add_grid(to, "books", l->books.result);
	buf_add_text(to, ",\"books_at\":");
	add_time(to, l->books.at);
	buf_add_text(to, ",\"books_words\":");
	json_quote_any(to, span_of(l->books.words));
	add_grid(to, "runs", l->runs.result);
	if (with_series) {
		buf_add_text(to, ",\"series\":");
		add_points(to, l);
	} else if (l->points > 0) {
		buf_add_text(to, ",\"point\":");
		add_point(to, &l->point[l->points - 1]);
	}
	buf_add_char(to, '}');
}

/* --- Prometheus -------------------------------------------------------------------------------------------------- */

static void add_metric(struct buf *to, const char *name, const char *type, const char *help, double value)
{
	if (isfinite(value))
		buf_addf(to, "# HELP %s %s\n# TYPE %s %s\n%s %.15g\n", name, help, name, type, name, value);
}

/* One series a partition. */
static void add_partitions(struct buf *to, const struct live *l, const char *name, const char *type, const char *help, const char *column)
{
	static const char *const label[] = {"stream", "target", "topic", "partition"};
	bool first = true;
	char own[32];
	size_t c = 0;

	while (strcmp(columns[c].name, column) != 0)
		c++;
	for (int row = 0; row < PQntuples(l->positions); row++) {
		struct buf labels = {0};
		const char *value = partition_cell(l, row, c, own);

		if (value == NULL)
			continue;
		for (size_t i = 0; i < sizeof label / sizeof label[0]; i++)
			metric_label(&labels, label[i], span_of(cell(l->positions, row, label[i])));
		if (first)
			buf_addf(to, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
		first = false;
		buf_addf(to, "%s{%s} %s\n", name, buf_text(&labels), value);
		buf_free(&labels);
	}
}

static void add_delays(struct buf *to, const struct live *l)
{
	const struct point *p = l->points > 0 ? &l->point[l->points - 1] : NULL;

	if (p == NULL || !isfinite(p->p50) || !isfinite(p->p95))
		return;
	buf_addf(to, "# HELP txpipe_delay_seconds From a transaction's own time to its row, of what the last look found new\n"
	             "# TYPE txpipe_delay_seconds summary\n"
	             "txpipe_delay_seconds{quantile=\"0.5\"} %.6g\ntxpipe_delay_seconds{quantile=\"0.95\"} %.6g\n", p->p50, p->p95);
}

static void add_books(struct buf *to, const struct live *l)
{
	const PGresult *r = l->books.result;
	double wrong = 0;

	if (r == NULL)
		return;
	for (int i = 0; i < PQntuples(r); i++)
		wrong += cell(r, i, "wrong")[0] != '\0';
	add_metric(to, "txpipe_books_wrong", "gauge", "Target tables whose rows, dead letters and offsets do not add up", wrong);
}

static void add_runs(struct buf *to, const struct live *l)
{
	const PGresult *r = l->runs.result;
	const char *success;

	if (r == NULL || PQntuples(r) == 0)
		return;
	success = cell(r, 0, "last_success");
	add_metric(to, "txpipe_aggregate_last_success_timestamp_seconds", "gauge", "When a build was published last",
	           success == NULL ? 0 : strtod(success, NULL));
	add_metric(to, "txpipe_aggregate_failing_tests", "gauge", "Data tests that failed in the last build or test run",
	           (double)number(r, 0, "failing_tests"));
}

void live_metrics(struct buf *to, const struct live *l, size_t streams)
{
	add_metric(to, "txpipe_dash_up", "gauge", "The page can ask PostgreSQL", l->up);
	add_metric(to, "txpipe_dash_kafka_up", "gauge", "The page can ask Kafka", l->broker.up);
	add_metric(to, "txpipe_dash_streams", "gauge", "Pages that are open", (double)streams);
	add_metric(to, "txpipe_dash_start_time_seconds", "gauge", "Unix time at which the page's server started", (double)l->started / 1e6);
	add_metric(to, "txpipe_seen_records_total", "counter", "Rows that came since the page's server started", (double)l->seen);
	add_metric(to, "txpipe_seen_flagged_total", "counter", "Flagged ones among them", (double)l->seen_flagged);
	add_metric(to, "txpipe_last_record_timestamp_seconds", "gauge", "When the newest row was stored", l->last_at);
	add_delays(to, l);
	add_partitions(to, l, "txpipe_stream_lag_records", "gauge", "Offsets between what is stored and the end of the log", "lag");
	add_partitions(to, l, "txpipe_stream_next_offset", "gauge", "The offset up to which everything is stored", "next_offset");
	add_partitions(to, l, "txpipe_stream_rows_total", "counter", "Records stored as rows", "rows");
	add_partitions(to, l, "txpipe_stream_duplicates_total", "counter", "Records that were there already", "duplicates");
	add_partitions(to, l, "txpipe_stream_dead_letters_total", "counter", "Records that could not be stored", "dead_letters");
	add_partitions(to, l, "txpipe_stream_labels_total", "counter", "Labels stored", "labels");
	add_partitions(to, l, "txpipe_stream_unaccounted_offsets", "gauge", "Offsets that became nothing: a loss", "unaccounted");
	add_books(to, l);
	add_runs(to, l);
}
