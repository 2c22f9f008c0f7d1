/*
 * The way into the topic: an idempotent producer with acks=all whose every delivery is counted. Memory is bounded by librdkafka's queue; when
 * it is full, deliver_send() waits, and with it the pipe.
 */
#ifndef TXPIPE_DELIVER_H
#define TXPIPE_DELIVER_H

#include <stdint.h>

#include "kafka.h"
#include "span.h"

struct deliver_options {
	const char *topic;
	int64_t partition;        /* -1: by key */
	const char *compression;  /* NULL: none */
	struct opt_list headers;  /* name=value, put on every message */
	int64_t max_message;      /* bytes of payload, key and headers */
	const char *rejects;      /* file for what the broker refuses, or NULL */
	const char *profile;      /* "latency" or "throughput" */
	const char *transactional; /* transactional.id: all of the input becomes visible at once or not at all; or NULL */
};

struct deliver;

/* Connect, check the topic, open the rejects file. NULL with a message and *status on failure. `o` must outlive it. */
struct deliver *deliver_open(const struct kafka_options *k, const struct deliver_options *o, int *status);

/* Hand one message over (the bytes are copied); `key.p` NULL is a null key; `line` is its line in the input. EXIT_DONE, or the status to
 * stop with: the cluster is out of reach for good, or a signal's grace is over. */
int deliver_send(struct deliver *d, struct span payload, struct span key, uint64_t line);

/* What cannot be sent at all goes to the rejects file. `whole` is the length of a line of which `head` is the
 * beginning, `sha256` its hash; 0 and NULL if `head` is everything. EXIT_DONE, or EXIT_IO if the file cannot be written. */
int deliver_refuse(struct deliver *d, struct span head, uint64_t whole, const char *sha256, uint64_t line, const char *reason,
                   const char *detail);

/* A line that goes to the rejects file as it is. */
int deliver_refuse_line(struct deliver *d, struct span text, uint64_t line, const char *detail);

/* Serve delivery reports; never blocks. */
void deliver_poll(struct deliver *d);

/*
 * Wait for the rest, commit, say what is missing, and free. `status` is what the input ended with: a transaction is
 * committed only for EXIT_DONE. Returns it, or what delivering adds: EXIT_RETRY (not delivered, try again), EXIT_DATA
 * (refused, and no file to keep them), EXIT_USAGE, EXIT_IO.
 */
int deliver_close(struct deliver *d, int status);

uint64_t deliver_sent(const struct deliver *d);
uint64_t deliver_rejected(const struct deliver *d);

#endif
