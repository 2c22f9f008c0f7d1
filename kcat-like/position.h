/*
 * Stored positions, as a command prints them: one JSON object a line with stream, topic, partition, next_offset, last_offset, last_ts
 * (Kafka time in ms), cluster_id, partitions, broken_at. The command runs beside the consumer, which goes on polling.
 */
#ifndef TXPIPE_POSITION_H
#define TXPIPE_POSITION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "buf.h"
#include "log.h"
#include "span.h"

struct position {
	char *topic;
	int32_t partition;
	int64_t next_offset;
	int64_t last_offset; /* -1: null */
	int64_t last_ts;     /* -1: null */
	int64_t partitions;  /* of the topic when the row was made; -1: unknown */
	char *cluster_id;    /* "" if null */
};

struct positions {
	struct position *item;
	size_t count, cap;
};

void positions_free(struct positions *p);

/* The stored position of a partition, or NULL. */
const struct position *positions_find(const struct positions *p, const char *topic, int32_t partition);

/* The smallest `partitions` among the topic's rows; -1 if it has none. */
int64_t positions_siblings(const struct positions *p, const char *topic);

/*
 * Read what the command printed. Of several rows for a partition the one with the smallest next_offset counts. EXIT_DONE, or with a
 * message: EXIT_USAGE (another stream), EXIT_CONFLICT (the stream is marked broken), EXIT_RETRY (not understood).
 */
struct position_job;
int positions_read(struct positions *p, const struct position_job *job, const char *stream);

/* The command while it runs. Zero but for the first two. */
struct position_job {
	const char *option;   /* that asked for it: stands in messages */
	enum log_level level; /* of messages */
	pid_t pid; /* 0: none */
	int fd;    /* its stdout, or -1 at the end of it */
	int64_t started;
	struct buf text;
	const char *command;
};

/* Start `command` by /bin/sh. The folder of this program is the last one in its PATH. EXIT_DONE, or EXIT_RETRY with a message. */
int position_start(struct position_job *job, const char *command);

/* Look after it, without waiting: true when it is over, with *status EXIT_DONE (job->text is its output) or EXIT_RETRY or, if the command
 * said so, EXIT_CONFLICT; messages are printed. */
bool position_over(struct position_job *job, int *status);

/* End it, if it runs. */
void position_stop(struct position_job *job);
void position_free(struct position_job *job);

#endif
