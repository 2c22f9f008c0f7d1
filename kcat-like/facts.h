/*
 * What the broker knows about the partitions of an assignment, in the order of its list: log ends, offsets at the times of -o and --until,
 * partition counts.
 */
#ifndef TXPIPE_FACTS_H
#define TXPIPE_FACTS_H

#include <librdkafka/rdkafka.h>
#include <stdbool.h>
#include <stdint.h>

struct consume_options;

struct facts {
	rd_kafka_topic_partition_list_t *low, *high, *at_time, *until; /* the latter two only where the options ask for them */
	int64_t *counts;                                               /* partitions of each of the options' topics */
};

/* Ask. false if the broker did not answer everything within about a second a question: free them, and ask again later. */
bool facts_gather(struct facts *f, rd_kafka_t *rk, const struct consume_options *o, const rd_kafka_topic_partition_list_t *wanted);

/* Zero after it. */
void facts_free(struct facts *f);

/* The topic's partition count; never less than makes sense for the partition at hand. */
int64_t facts_count(const struct facts *f, const struct consume_options *o, const rd_kafka_topic_partition_t *tp);

#endif
