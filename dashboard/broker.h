/*
 * What Kafka knows: where the logs end, which topics there are, what their latest messages say. A thread of its own asks, so that a broker
 * that does not answer keeps nobody waiting.
 */
#ifndef TXDASH_BROKER_H
#define TXDASH_BROKER_H

#include "answer.h"
#include "kafka.h"

struct broker;

struct broker_state {
	bool asked;       /* at least once, whatever came of it */
	bool up;
	int64_t since;    /* Unix time in microseconds from which on `up` is what it is */
	char words[512];  /* why not */
	int64_t seen_at;  /* when the ends were seen last, clock_monotonic(); 0: never */
};

struct broker *broker_start(const struct kafka_options *options);

/* Answers what is still waiting, and whatever is asked from now on, with 503. */
void broker_stop(struct broker *b);

/* Once nobody can ask any more. */
void broker_free(struct broker *b);

/* Watch the end of a partition's log from now on. The end as it was last seen, or -1. */
int64_t broker_end(struct broker *b, const char *topic, int partition);

void broker_state(struct broker *b, struct broker_state *to);

typedef void broker_done(void *arg, struct answer *a);

/* The topics, as a table; the latest messages of a topic, newest first. `done` follows, from the broker's thread; a refusal may come at once. */
void broker_topics(struct broker *b, bool csv, broker_done *done, void *arg);
void broker_messages(struct broker *b, const char *topic, bool csv, broker_done *done, void *arg);

/* Is it the name of a topic? */
bool broker_topic_name(const char *text);

#endif
