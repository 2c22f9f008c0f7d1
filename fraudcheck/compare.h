/* Two rule files over the same input, record by record (--compare A B): what B would change. */
#ifndef FRAUDCHECK_COMPARE_H
#define FRAUDCHECK_COMPARE_H

#include <stdio.h>

#include "facts.h"
#include "work.h"

/* The gravest one counts. */
enum change {
	CHANGE_FLAGGED,   /* fraud by B only */
	CHANGE_CLEARED,   /* fraud by A only */
	CHANGE_REFUSED,   /* rejected by B only */
	CHANGE_ACCEPTED,  /* rejected by A only */
	CHANGE_HIGHER,    /* the same verdict, the score of B is higher */
	CHANGE_LOWER,
	CHANGE_REASONS,   /* the same score, other rules */
	CHANGES
};

struct compare_count {
	uint64_t records, frauds;
	double value;
};

/* A rule of either file. */
struct compare_rule {
	struct span name;
	int at[2];       /* its number in A and B, or -1 */
	uint64_t hits[2], both;
	uint64_t only[2], only_frauds[2];
};

struct comparison {
	struct judge *judge[2];
	const char *name[2];
	int64_t examples; /* of each change */
	bool json;
	struct facts facts;
	struct buf line;  /* B's, unused */
	struct compare_rule *rule;
	size_t rules;
	bool blind[2];    /* it could not be read: no rule was tried */
	uint64_t records, refused, frauds;
	struct compare_count change[CHANGES], flagged[2];
	struct buf example[CHANGES];
	struct observer observer;
};

/* Both judges stay the caller's; `a` is the one that the work judges by. */
void comparison_init(struct comparison *c, struct judge *a, const char *a_name, struct judge *b, const char *b_name, int64_t examples,
                     bool json);
void comparison_free(struct comparison *c);

/* EXIT_DONE or EXIT_IO. */
int comparison_report(const struct comparison *c, FILE *f);

/* "flagged", "cleared", ... */
const char *change_name(enum change change);

#endif
