/*
 * Questions about a cluster that need no consumer: metadata (-L), offsets (-Q), and how far a stream's stored positions are behind (--lag).
 * Each prints on stdout and returns an exit status, with a message if it is not EXIT_DONE.
 */
#ifndef TXPIPE_QUERY_H
#define TXPIPE_QUERY_H

#include <stdbool.h>
#include <stddef.h>

#include "kafka.h"

/* Brokers, topics, partitions, leaders; of these topics, or of all. As text like kcat's, or one JSON object with `json`. */
int query_metadata(const struct kafka_options *k, char **topics, size_t count, bool json);

/*
 * Offsets. Each topic is TOPIC, TOPIC:PARTITION, or kcat's TOPIC:PARTITION:TIME (ms since 1970, RFC 3339, beginning or end). Without a time
 * the log's first offset and its end.
 */
int query_offsets(const struct kafka_options *k, char **topics, size_t count, bool json);

/* Per partition what is stored, the log's ends, and the difference: one JSON object a line. `command` prints the positions. */
int query_lag(const struct kafka_options *k, char **topics, size_t count, const char *stream, const char *command);

#endif
