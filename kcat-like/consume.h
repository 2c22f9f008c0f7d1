/*
 * The consumer: one thread that looks at broker and stdout together. What its modules share stands here.
 *
 *   consume.c  the loop: poll callbacks, take records, write, notice signals and a reader that went away
 *   connect.c  before and after it: the client, the topics, joining the group and leaving it
 *   take.c     what becomes of a message, or of an error in its place
 *   assign.c   from the group's assignment to running partitions: positions, log ends, refusals, assign()
 *   commit.c   stored positions to Kafka, for its displays
 */
#ifndef TXPIPE_CONSUME_H
#define TXPIPE_CONSUME_H

#include <stdbool.h>
#include <stdint.h>

#include "commit.h"
#include "emit.h"
#include "facts.h"
#include "kafka.h"
#include "partition.h"
#include "position.h"
#include "progress.h"
#include "rewind.h"
#include "sink.h"
#include "start.h"

struct consume_options {
	struct kafka_options kafka;
	char **topics;
	size_t topic_count;
	int32_t *numbers;        /* -p: these partitions, without a group; NULL: by group */
	size_t number_count;
	const char *group, *stream;
	struct start_spec start; /* for partitions that have no stored position */
	bool start_given;
	int64_t until;           /* Kafka time in ms, or -1 */
	bool exit_at_end;
	int64_t count;           /* stop after so many records; 0: no limit */
	const char *positions;   /* the command that prints positions */
	bool resume;             /* begin there */
	int64_t rewind;          /* emit so many microseconds before `begin` as warm records; 0: none */
	int64_t commit;          /* commit the stored positions to Kafka so often, in microseconds; 0: never */
	const char *instance_id;
	bool show_progress;
};

enum assign_step {
	ASSIGN_NONE,      /* nothing under way */
	ASSIGN_POSITIONS, /* the command runs */
	ASSIGN_RESOLVE,   /* log ends are asked for; repeated while the broker does not answer */
	ASSIGN_REWIND     /* records before `begin` are looked at, to find where --rewind begins */
};

struct assign {
	enum assign_step step;
	rd_kafka_topic_partition_list_t *wanted; /* the assignment that is being prepared */
	struct position_job job;
	struct positions positions;
	struct facts facts;
	struct start *starts;                    /* in the order of `wanted`, for those that do not stay */
	struct rewind rewind;
	int64_t started, retry_at;
	bool warned;
};

enum {
	HAND = 512,                     /* records taken from the queue at a time */
	CONSUME_PENDING_MAX = 256 << 10 /* bytes that wait for the reader: beyond, no record is taken from the queue */
};

struct consume {
	struct kafka_health health; /* first: the client's opaque */
	const struct consume_options *o;
	rd_kafka_t *rk;
	rd_kafka_queue_t *records;  /* all partition queues flow into this one: its size bounds what is fetched ahead */
	rd_kafka_queue_t *events;   /* the consumer's queue: callbacks only */
	int wake[2];                /* a byte arrives when one of the queues is no longer empty */
	rd_kafka_message_t *hand[HAND]; /* taken, and not yet emitted from hand_at on */
	size_t hand_at, hand_count;
	size_t taken, wake_every;   /* bytes taken since the fetchers were woken, and how many make it time to */
	char *username, *password;  /* as configured */
	struct partitions partitions;
	struct assign assign;
	struct commit commit;
	int64_t *first_counts;      /* per topic: its partitions when this process saw it first, 0: not yet */
	bool assigned;              /* an assignment is in force (it may be empty) */
	bool closing;
	int64_t joining;            /* since when we wait for the first assignment; 0 when there was one, or somebody was told */
	char *cluster;              /* id, "" if the broker does not tell */
	struct emit emit;
	struct sink sink;
	struct progress progress;
	bool warned_down;
	int status;                 /* set by callbacks: what to stop with, or -1 */
};

/* Connect, consume until the end, leave the group. Returns the exit status; *rejects counts what was rejected. */
int consume_run(const struct consume_options *o, struct emit emit, uint64_t *rejects);

/* Stop the loop with that status; the first one counts. */
void consume_stop(struct consume *c, int status);

/* As many records as were asked for (-c). */
bool consume_enough(const struct consume *c);

/* Connect, look at the topics, join the group or take the partitions of -p. EXIT_DONE, or the status to end with (message printed); also EXIT_DONE
 * when a signal asked for the end, without c->events. */
int connect_open(struct consume *c);

/* Leave the group, so that others take over at once; a broker that does not answer is not waited for. */
void connect_leave(struct consume *c);

/* EXIT_IO if the reader of stdout is gone: for kafka_health, as long as there is no loop that looks after it. */
int connect_reader_gone(struct kafka_health *health);

/* Records into the buffer, until it is full or none are left. true if the queue may hold more. */
bool take_records(struct consume *c);

/* A message, or an error in its place. EXIT_DONE, or the status to stop with (message printed). */
int take_message(struct consume *c, const rd_kafka_message_t *m);

/* The same for one that came by the consumer's queue: records must come by the partitions' queues, there it may already be overtaken. */
int take_past_queue(struct consume *c, const rd_kafka_message_t *m);

/* Records that were taken from the queue and not emitted are of no use after a revocation. */
void consume_drop_hand(struct consume *c);

/* The group's callback. */
void assign_rebalance(rd_kafka_t *rk, rd_kafka_resp_err_t err, rd_kafka_topic_partition_list_t *list, void *opaque);

/* Prepare this assignment (copied); assign_step() finishes it. */
void assign_begin(struct consume *c, const rd_kafka_topic_partition_list_t *list);

/* Go on preparing, without waiting long. EXIT_DONE, or the status to stop with (message printed). */
int assign_step(struct consume *c);

/* Milliseconds until assign_step() has something to do: -1 for never; *fd is to be polled too, or -1. */
int assign_wait(const struct assign *a, int *fd);

void assign_free(struct assign *a);

#endif
