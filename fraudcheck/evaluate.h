/*
 * Rules against the truth (--evaluate): what was judged is kept in short until the end of the input, since labels may
 * come long after their record; then the figures are made.
 */
#ifndef FRAUDCHECK_EVALUATE_H
#define FRAUDCHECK_EVALUATE_H

#include <stdio.h>

#include "facts.h"
#include "figures.h"
#include "intern.h"
#include "work.h"

struct evaluate_options {
	const char *name;       /* of the let, feature or model that ranks; "": the score */
	int64_t from, until;    /* event times of the records that count, half-open; INT64_MIN, INT64_MAX: no bound */
	const struct list *only; /* transaction_ids that count; NULL: all */
	int64_t top;            /* cards looked at each day */
	bool json;
};

/* A record that was judged. */
struct evaluated {
	uint64_t id;    /* hash, 0 if it has none */
	struct rank rank;
	double value;   /* NAN if not known */
	double score;   /* its own, whatever ranks */
	uint32_t card;  /* UINT32_MAX if it has none */
	int32_t day;    /* since 1970, INT32_MIN if it has no time */
	enum truth truth;
	bool is_fraud;  /* the verdict */
	bool repeated;  /* its id came before */
};

struct evaluated_label {
	uint64_t id;
	bool fraud;
};

struct evaluation {
	const struct judge *judge;
	struct evaluate_options options;
	const struct program_value *ranks; /* NULL: the score */
	struct facts facts;
	struct evaluated *row;
	size_t rows, cap;
	uint64_t *fired;  /* a bit per rule, `words` of them a row */
	size_t words;
	struct evaluated_label *label;
	size_t labels, label_cap;
	struct intern cards;
	uint64_t *refused; /* records that failed a check, per rule */
	uint64_t outside, repeated, unlabelled, unmatched;
	struct observer observer;
};

/* EXIT_DONE; or EXIT_USAGE with a message if nothing of that name can rank. The judge stays the caller's. */
int evaluation_init(struct evaluation *e, const struct judge *judge, const struct evaluate_options *options);
void evaluation_free(struct evaluation *e);

/* At the end of the input: give records their labels. Those that have none, and what came twice, are dropped. EXIT_DONE, or EXIT_DATA with a message
 * if there are no labels. */
int evaluation_close(struct evaluation *e);

static inline bool evaluation_fired(const struct evaluation *e, size_t row, size_t rule)
{
	return (e->fired[row * e->words + rule / 64] >> rule % 64 & 1) != 0;
}

/* The figures of what was kept, as a table or NDJSON. EXIT_DONE or EXIT_IO. */
int evaluation_report(const struct evaluation *e, FILE *f);

#endif
