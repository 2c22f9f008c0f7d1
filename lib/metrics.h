/*
 * Prometheus text in a file, by rename, every two seconds and at exit. Names are `txpipe_<tool>_<what>_<unit>`
 * in base units (seconds, bytes), counters end in `_total`. Counting on the hot path is one addition.
 */
#ifndef TXPIPE_METRICS_H
#define TXPIPE_METRICS_H

#include <stdint.h>

#include "span.h"

enum metric_type { METRIC_COUNTER, METRIC_GAUGE };

struct metric {
	double value;
};

/*
 * Register one time series; lives until exit. `name` and `help` are literals. `labels` is NULL or text such
 * as rule="foreign",partition="3" (values by metric_label()). Asking again for the same name and labels
 * returns the same metric. Series of one name must be registered with the same type and help.
 */
struct metric *metric_new(enum metric_type type, const char *name, const char *help, const char *labels);

/* Append name="value" to `labels` (with a comma if needed), escaped as the text format demands. */
struct buf;
void metric_label(struct buf *labels, const char *name, struct span value);

static inline void metric_add(struct metric *m, double n)
{
	m->value += n;
}

static inline void metric_set(struct metric *m, double value)
{
	m->value = value;
}

/* Where to write; NULL: nowhere (counting goes on). Writes once at once, so that a bad path fails early: EXIT_DONE, or
 * with a message EXIT_IO, or EXIT_USAGE for what is there and no file: writing by rename would replace a device. */
int metrics_start(const char *path);

/* Call often: writes if two seconds have passed since the last time. That it fails is said once, and that it works again: work is worth more
 * than its figures. */
void metrics_tick(void);

/* The last write, at exit. EXIT_DONE, or EXIT_IO with a message: the file tells of an earlier moment. */
int metrics_finish(void);

/* --health: EXIT_DONE if the file was written within the last 30 seconds, else EXIT_DATA with a message. */
int metrics_health(const char *path);

#endif
