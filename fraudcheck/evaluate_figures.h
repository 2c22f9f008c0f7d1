/* What an evaluation counts, and how it is written: private to evaluate_*.c. */
#ifndef FRAUDCHECK_EVALUATE_FIGURES_H
#define FRAUDCHECK_EVALUATE_FIGURES_H

#include "evaluate.h"

/* Some of the records. */
struct share {
	uint64_t hits, frauds;
	double value, fraud_value;
};

struct rule_share {
	struct share all;
	struct share unflagged; /* where the verdict is not fraud */
	uint64_t alone;         /* frauds that no other flag or rule hit */
};

struct evaluation_figures {
	struct share all, flagged;
	struct rule_share *rule;
	struct share *band; /* from the highest down; the last one lies below all bands */
	double auc, average_precision, card_precision;
	struct card_day *day;
	size_t days, shadows;
	uint64_t unvalued; /* records without a value */
};

void evaluation_count(const struct evaluation *e, struct evaluation_figures *f);
void evaluation_figures_free(struct evaluation_figures *f);

/* NAN without hits; NAN without frauds. */
double evaluation_precision(const struct share *s);
double evaluation_recall(const struct evaluation_figures *f, const struct share *s);

void evaluation_merge(struct share *to, const struct share *s);

/* Do rules of that kind make verdicts? */
static inline bool evaluation_scores(enum statement_kind kind)
{
	return kind == STATEMENT_FLAG || kind == STATEMENT_RULE;
}

/* Append a date, as 2026-01-31. */
void evaluation_add_day(struct buf *to, int32_t day);

void evaluation_print(const struct evaluation *e, const struct evaluation_figures *f, FILE *out);
void evaluation_print_json(const struct evaluation *e, const struct evaluation_figures *f, FILE *out);

#endif
