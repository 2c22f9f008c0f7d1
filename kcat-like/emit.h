/*
 * A message as a line: envelope, then the producer's own bytes. What is not one well-formed object leaves as a reject; nothing is dropped.
 */
#ifndef TXPIPE_EMIT_H
#define TXPIPE_EMIT_H

#include <librdkafka/rdkafka.h>

#include "buf.h"
#include "intake.h"
#include "partition.h"

struct emit {
	bool plain;         /* no envelope, no control lines */
	bool key, headers;  /* put them into the envelope */
	int64_t max_message; /* bytes of payload, and of key and headers that go out */
	uint64_t records, rejects, warm; /* warm ones are neither records nor rejects */
	struct intake intake;
	struct buf envelope; /* of a reject */
	struct buf source;
};

/* Append the message's line to `to`. */
void emit_message(struct emit *e, struct buf *to, const struct partition *p, const rd_kafka_message_t *m);

/* Control lines. `cluster` may be "". */
void emit_assigned(const struct emit *e, struct buf *to, const struct partition *p, int64_t low, const char *cluster);
void emit_end(const struct emit *e, struct buf *to, const struct partition *p);
void emit_revoked(const struct emit *e, struct buf *to, const struct partition *p);

void emit_free(struct emit *e);

#endif
