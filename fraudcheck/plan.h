/*
 * What the features of a rule file need to be remembered, and how it is laid out. Features over the same key form a group: they
 * share the keys and, per key, a ring of the records of their windows, with columns for what the features read of a record and
 * a bit for each condition. Windows of the same width and delay are one window, with the totals that features read of it.
 *
 * Words (places, strings) take eight bytes of each record, and are often wanted for a short time only: they stay as long as the
 * longest window that reads them, not as long as the record.
 */
#ifndef FRAUDCHECK_PLAN_H
#define FRAUDCHECK_PLAN_H

#include "pool.h"
#include "rule_ast.h"

enum { PLAN_COLUMNS_MAX = 16, PLAN_BITS_MAX = 31 };

/* The bit of a record that is known to be fraud. */
#define PLAN_LABEL UINT32_C(1)

enum word_kind {
	WORD_HASH,   /* of any value: two are equal or they are not */
	WORD_NUMBER,
	WORD_TIME,
	WORD_BOOL,
	WORD_STRING, /* its number among the strings that are kept */
	WORD_PLACE   /* latitude and longitude in 1e-7 degrees */
};

struct plan_word {
	enum word_kind kind;
	enum value_type type; /* of what is hashed */
	uint16_t a, b;        /* registers; b only of a place */
};

enum total_kind {
	TOTAL_COUNT,    /* of the records with all bits of the mask */
	TOTAL_SUM,      /* and how many values: struct total_sum */
	TOTAL_SQUARES,  /* the same with the sum of squares: struct total_squares */
	TOTAL_LEAST,    /* struct total_extreme */
	TOTAL_MOST,
	TOTAL_DISTINCT  /* struct multiset */
};

struct plan_total {
	enum total_kind kind;
	uint32_t mask;
	unsigned column;
	size_t at; /* where it lies in the state of a ring */
};

struct plan_window {
	int64_t over, delay;
	struct plan_total *total;
	size_t totals;
	size_t at; /* of its struct window in the state of a ring */
};

struct plan_ring {
	int64_t keep, keep_words; /* the largest over + delay, of all windows and of those that read words */
	uint16_t fixed[PLAN_COLUMNS_MAX]; /* registers of exact numbers */
	unsigned fixed_count;
	struct plan_word word[PLAN_COLUMNS_MAX];
	unsigned word_count;
	uint16_t bit[PLAN_BITS_MAX + 1]; /* registers of the conditions; bit 0 is the label */
	unsigned bits;        /* used, with the label's */
	unsigned flag_bytes;  /* of a record: 0, 1, 2 or 4 */
	bool labelled;        /* bit 0 is used */
	bool has_strings;
	struct plan_window *window;
	size_t windows;
	size_t state_size;    /* of the windows and their totals */
};

struct plan_group {
	uint16_t key[FEATURE_KEYS_MAX]; /* registers */
	enum value_type type[FEATURE_KEYS_MAX];
	struct span name[FEATURE_KEYS_MAX];
	size_t keys;
	struct plan_ring ring;
};

struct plan_feature {
	struct span name;
	unsigned line;
	const struct feature_clauses *clauses;
	uint16_t to; /* the register of its value */
	uint16_t arg[2];
	enum value_type arg_type;
	uint16_t when; /* register; UINT16_MAX: none */
	struct plan_group *group;
	struct plan_window *window;
	uint32_t mask;  /* of `when` */
	unsigned column;
	uint32_t share; /* the mask of share's numerator */
	const struct plan_total *total, *share_total; /* NULL where the aggregate needs none */
};

struct plan {
	struct plan_feature *feature;
	size_t features;
	struct plan_group *group;
	size_t groups;
	uint16_t id, time; /* registers of transaction_id and transaction_ts */
	int64_t longest;   /* the largest over + delay of all */
	bool labelled;
};

/*
 * Lay out the features, whose name to arg_type and when are set, as are the keys (register, type and name, `keys` of them) of feature
 * i in key[i]. NULL, or what there is too much of: then *at is the feature.
 */
const char *plan_make(struct plan *p, struct pool *pool, const struct plan_group *key, size_t *at);

static inline enum value_type plan_feature_type(const struct plan_feature *f)
{
	return f->clauses->aggregate == AGGREGATE_LAST ? f->arg_type : TYPE_NUMBER;
}

/* Does the partition of a topic keyed by `member` hold all records of a key of this group? */
bool plan_group_is_whole(const struct plan_group *g, struct span member);

#endif
