/*
 * Where a partition begins: its stored position, or what -o says for partitions that have none. Pure decisions over facts that others have
 * gathered, so that each refusal can be tested without a broker.
 */
#ifndef TXPIPE_START_H
#define TXPIPE_START_H

#include <stddef.h>
#include <stdint.h>

#include "position.h"

enum start_kind {
	START_BEGINNING,
	START_END,
	START_OFFSET, /* value: an offset */
	START_TAIL,   /* value: so many offsets before the end */
	START_TIME    /* value: Kafka time in ms since 1970 */
};

struct start_spec {
	enum start_kind kind;
	int64_t value;
};

/* -o: beginning, end, N, -N, s@TIME. 0, or -1. `stored` is refused: the offset that Kafka keeps for a group is never trusted. */
int start_parse(struct start_spec *spec, const char *text);

/* A time: milliseconds since 1970, or RFC 3339. 0, or -1. */
int start_parse_time(const char *text, int64_t *ms);

struct start_facts {
	const char *topic;
	int32_t partition;
	int64_t low, high;               /* first offset of the log, offset behind the last record */
	int64_t at_time;                 /* first offset at or behind the time of START_TIME; -1: none */
	const struct position *position; /* stored, or NULL */
	int64_t siblings;                /* smallest partition count among the topic's stored positions, -1 if there are none */
	const char *cluster;             /* id of the cluster, "" if unknown */
};

struct start {
	const char *origin; /* resume, beginning, end, time or offset */
	int64_t begin;      /* first offset to emit that is not warm */
	int64_t from;       /* first offset to emit: begin, or less with --rewind */
	int64_t probe;      /* offset whose record must carry probe_ts, or -1; read even if it is not emitted */
	int64_t probe_ts;
};

/* EXIT_DONE, or EXIT_CONFLICT with the reason in words. */
int start_decide(const struct start_spec *spec, const struct start_facts *facts, struct start *start, char *why, size_t room);

#endif
