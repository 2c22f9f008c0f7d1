/*
 * What the parts of feature.h share: feature.c (evaluating a record, learning from it, labels), feature_entry.c (the record as
 * windows keep it), feature_open.c (finding its keys, moving their windows) and feature_value.c (reading a feature's value).
 */
#ifndef FRAUDCHECK_FEATURE_PARTS_H
#define FRAUDCHECK_FEATURE_PARTS_H

#include "history.h"

/* The key of the record in that group. false if a part of it is null: then the record belongs to none. */
bool feature_key(const struct plan_group *g, const struct value *reg, struct key_name *name);

/* The fingerprint of a transaction_id, never 0. */
uint32_t feature_print(struct span id);

/* The record as the group's ring would hold it, but for strings, which get their number only when they are learned. */
void feature_fill(const struct plan_ring *plan, const struct value *reg, int64_t time, uint32_t print, struct entry *e);

/* From one half of a WORD_PLACE to degrees. */
double feature_degrees(uint32_t packed);

/* How many records have an event time of at most `time`. */
uint32_t feature_row_behind(const struct ring_view *v, int64_t time);

/* The row of the record with that print among those of that time, which end before `behind`; or UINT32_MAX. */
uint32_t feature_find_print(const struct ring_view *v, uint32_t behind, int64_t time, uint32_t print);

/* Fill history->group for the record at hand, whose time is known: its keys, its place in their rings, their windows at its time. */
void feature_open(struct history *h, const struct value *reg, uint32_t print);

/* A feature, and the window that it reads; without a key there is nothing in it. */
struct feature_look {
	const struct plan_feature *feature;
	const struct feature_clauses *clauses;
	const struct history_group *group;
	void *state;
	uint32_t tail, head; /* rows */
	bool self;           /* the record at hand counts, too */
};

struct feature_look feature_look_at(struct history *h, const struct plan_feature *f);

/* Does the record in that row count for the feature? */
bool feature_meets(const struct feature_look *l, uint32_t row);

/* The value of a feature of which the record at hand has the key. */
void feature_value(struct history *h, const struct plan_feature *f, struct value *to);

#endif
