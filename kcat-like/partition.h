/*
 * The partitions that this process reads, each with its run: where it began, what was emitted, and the part of the envelope that is
 * constant for the run.
 */
#ifndef TXPIPE_PARTITION_H
#define TXPIPE_PARTITION_H

#include <librdkafka/rdkafka.h>
#include <stdbool.h>
#include <stdint.h>

#include "buf.h"
#include "metrics.h"
#include "start.h"

struct partition {
	char *topic;
	int32_t number;
	bool mine;        /* in the current assignment */
	bool lost;        /* taken away without our leave: what others did meanwhile is unknown, so it cannot have stayed */
	struct start start;
	int64_t next;     /* everything below (from start.from on) has been emitted, or holds no record */
	int64_t stop;     /* --until: nothing from here on is wanted; INT64_MAX */
	bool probing;     /* no record at or behind the probe has come yet: the first one has to be compared */
	bool ended;       /* with -e or --until: its end was reached */
	struct buf head;  /* {"_kafka":{"stream":…,"begin":40, */
	int64_t committed; /* offset that was committed to Kafka for its lag displays, or -1 */
	struct metric *m_lag;
};

struct partitions {
	struct partition **item;
	size_t count, cap;
	struct partition *last; /* found last: records come in long rows of the same partition */
};

struct partition *partition_find(struct partitions *all, const char *topic, int32_t number);

/* The partition, added if it is new. */
struct partition *partition_get(struct partitions *all, const char *topic, int32_t number);

/* Begin a run of its own. `of` is the topic's partition count. */
void partition_begin(struct partition *p, const struct start *start, int64_t stop, const char *stream, int64_t of);

/* Offset at which reading begins or goes on. */
int64_t partition_read_from(const struct partition *p);

/* Forget one that was revoked. */
void partition_drop(struct partitions *all, struct partition *p);

void partitions_free(struct partitions *all);

/* The partition's lag as last heard from the broker, into its metric. */
void partition_measure(rd_kafka_t *rk, struct partition *p);

#endif
