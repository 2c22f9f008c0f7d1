/* The latest messages of a topic, by a consumer that joins no group and commits nothing. One thread uses it. */
#ifndef TXDASH_TAIL_H
#define TXDASH_TAIL_H

#include "answer.h"
#include "kafka.h"

struct tail;

struct tail *tail_new(const struct kafka_options *options);
void tail_free(struct tail *t); /* NULL is legal */

/* At most 60 messages of all partitions, newest first, as a table. */
struct answer *tail_answer(struct tail *t, const char *topic, bool csv);

#endif
