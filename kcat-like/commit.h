/*
 * --commit: the stored positions, as the positions command prints them, go to Kafka as the group's committed offsets, so that displays which
 * know only those show the lag. Nobody here ever reads them back; what goes wrong is said and changes nothing else.
 */
#ifndef TXPIPE_COMMIT_H
#define TXPIPE_COMMIT_H

#include <librdkafka/rdkafka.h>
#include <stdbool.h>
#include <stdint.h>

#include "position.h"

struct consume;

struct commit {
	struct position_job job;
	int64_t next; /* when to ask for the positions again */
	bool failing; /* said so already */
};

/* Go on, without waiting. */
void commit_step(struct consume *c);

/* Milliseconds until commit_step() has something to do: -1 for never; *fd is to be polled too, or -1. */
int commit_wait(const struct commit *commit, int *fd);

/* Kafka's answer: the client's callback. */
void commit_answer(rd_kafka_t *rk, rd_kafka_resp_err_t err, rd_kafka_topic_partition_list_t *list, void *opaque);

void commit_free(struct commit *commit);

#endif
