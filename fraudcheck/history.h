/*
 * What fraudcheck remembers of earlier records: per partition, the keys of each group of features with their windows. A partition's
 * memory belongs to a run of it: `assigned` and a new run clear it, warm records build it up again, `revoked` frees it. Input
 * without envelopes is one partition, or those that its customer_id would have in a topic of `partitions`.
 *
 * Time is event time. A record that lies further behind the newest one learned than `lateness`, or further ahead of its Kafka
 * time than `max_ahead`, is judged but not learned; nothing older than lateness and a window is ever looked at, whether it is
 * still there or not. So what is remembered depends on the log alone.
 */
#ifndef FRAUDCHECK_HISTORY_H
#define FRAUDCHECK_HISTORY_H

#include "envelope.h"
#include "keys.h"

struct history_options {
	int64_t lateness, max_ahead; /* microseconds */
	uint32_t max_keys;           /* of each group, per partition */
	uint32_t partitions;         /* for input without envelopes */
	bool cold;                   /* judge although windows may lack records */
};

#define HISTORY_DEFAULTS                                                                                              \
	((struct history_options){.lateness = INT64_C(2) * 86400000000, .max_ahead = INT64_C(3600000000),                \
	                          .max_keys = 5000000, .partitions = 1})

struct history_partition {
	char *topic, *run; /* NULL without envelopes */
	int64_t number;
	struct keys *keys; /* per group */
	struct intern strings;
	bool any;          /* something was learned, at the latest at: */
	int64_t newest;

	/* are the windows known to be whole? */
	bool whole;        /* the run began with the log, or it was checked */
	bool begun;        /* a record of the run came; its Kafka time in microseconds, or -1: */
	int64_t first_ts;
};

/* A key of the record at hand, and what is remembered of it. */
struct history_group {
	bool has_key;
	struct key_name name;
	struct key *key; /* NULL: nothing */
	struct ring_view view;
	struct entry self;  /* the record at hand as it would be put in */
	uint32_t row;       /* and where */
	bool repeated;      /* it is there already: it was taken out, to be put back as: */
	struct entry taken;
};

struct history_counts {
	uint64_t learned, late, ahead, repeated, untimed, evicted, labels, labels_unmatched;
};

struct history {
	const struct plan *plan;
	struct history_options options;
	struct history_partition **partition;
	size_t partitions;

	/* the record at hand: */
	struct history_partition *at;
	int64_t ts;    /* Kafka time in microseconds, or -1 */
	bool is_warm;
	bool evaluated;
	bool late, ahead, repeated;
	int64_t time;
	struct history_group *group;

	struct history_counts counts;
	struct buf text;
};

void history_init(struct history *h, const struct plan *plan, const struct history_options *options);
void history_free(struct history *h);

/* Go on with what `from` remembers, whose plan lays it out in the same way; `from` is left with nothing. Between two records. */
void history_take_over(struct history *h, struct history *from);

/* The line at hand has this envelope (records and control lines). */
void history_enter(struct history *h, const struct envelope *e);

/* The record at hand has none; `key` is its customer_id, or empty. */
void history_enter_plain(struct history *h, struct span key);

/*
 * May the record at hand, of that event time, be judged? -1 if records that its windows need were not read: `why` (a buffer) says
 * which, and what to do.
 */
int history_check_cover(struct history *h, int64_t time, struct buf *why);

/* A window that reaches `keep` back never sees what is as old as this or older. */
int64_t history_horizon(const struct history *h, const struct history_partition *p, int64_t keep);

size_t history_keys(const struct history *h);

#endif
