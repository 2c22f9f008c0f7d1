/*
 * --rewind: where to begin reading so that the records of a time before `begin` come first, warm.
 *
 * The time is counted back from the Kafka time of the record at `begin`, and reading starts with the last record before that, if there is
 * one: that the first warm record is old enough is how a filter can see that its windows are covered. Both records are looked at by a client
 * of its own, one at a time, since librdkafka loses its way when a running assignment is moved.
 */
#ifndef TXPIPE_REWIND_H
#define TXPIPE_REWIND_H

#include <librdkafka/rdkafka.h>
#include <stdbool.h>
#include <stdint.h>

#include "kafka.h"

/* A partition to be rewound. */
struct rewind_item {
	const char *topic; /* borrowed */
	int32_t partition;
	int64_t low, high, begin;
	int64_t last_ts;   /* Kafka time of the last record that was stored, or -1 */
	int64_t from;      /* the answer: low <= from <= begin */
};

enum rewind_step {
	REWIND_BEGIN,  /* which time has the record at begin? */
	REWIND_LAST,   /* there is none: which time has one before? */
	REWIND_BEFORE  /* which is the last record before the time that is wanted? */
};

struct rewind {
	struct kafka_health health; /* first: the client's opaque */
	rd_kafka_t *rk;
	rd_kafka_queue_t *queue;
	rd_kafka_topic_t *rkt;      /* of the partition that is being looked at, NULL: none is */
	int32_t partition;
	struct rewind_item *item;
	size_t count, cap, at;
	int64_t ms;                 /* how far back */
	enum rewind_step step;
	int64_t target;             /* offset that the record has to lie before, in REWIND_LAST and _BEFORE */
	int64_t back;               /* so far before it the last look began */
	int64_t found, found_ts;    /* last record before it that this look has seen, or -1; its time */
};

/* Begin anew, `ms` back, with no partitions. */
void rewind_start(struct rewind *r, const struct kafka_options *k, int64_t ms);

/* Add a partition, which has records before begin. */
void rewind_add(struct rewind *r, const struct rewind_item *item);

/* Go on, without waiting long: 1 when all items are answered, 0 when not yet, -1 when the broker did not tell (a reason is in r->health). */
int rewind_look(struct rewind *r);

/* The answer for a partition, or -1 if it was not added. */
int64_t rewind_from(const struct rewind *r, const char *topic, int32_t partition);

/* Stop looking; the client goes, too. */
void rewind_free(struct rewind *r);

#endif
