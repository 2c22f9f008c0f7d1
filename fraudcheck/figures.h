/*
 * Figures of a ranking: how well a score puts fraud on top. Each is exact where scores are equal: what is equal is taken together, never
 * in the order in which it came.
 */
#ifndef FRAUDCHECK_FIGURES_H
#define FRAUDCHECK_FIGURES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct rank {
	bool above; /* over all that are not, whatever their scores */
	double score;
};

/* > 0 if a ranks above b, 0 if they are equal. */
static inline int rank_compare(struct rank a, struct rank b)
{
	if (a.above != b.above)
		return a.above ? 1 : -1;
	return (a.score > b.score) - (a.score < b.score);
}

struct ranked {
	struct rank rank;
	bool fraud;
};

/* Highest rank first. */
void figures_sort(struct ranked *r, size_t n);

/* Of sorted ones: the share of pairs of a fraud and a record that is none in which the fraud ranks higher; equal ranks count
 * half. NAN without both kinds. */
double figures_auc(const struct ranked *r, size_t n);

/* Of sorted ones: the sum over distinct ranks, highest first, of precision there times the gain in recall. NAN without frauds. This is
 * average_precision_score of scikit-learn. */
double figures_average_precision(const struct ranked *r, size_t n);

/* A record of a card on a day. Cards are numbered in the order of their names, which decides between equal ranks. */
struct card_record {
	int32_t day;
	uint32_t card;
	struct rank rank;
	bool fraud;
};

struct card_day {
	int32_t day;
	size_t cards, compromised, found; /* of those found earlier none counts any more */
};

/*
 * Each day the k cards with the highest rank are looked at, a card's rank being that of its highest record; those of them with a fraud
 * on that day are found, and leave the days that follow. Sorts `r`. *days (malloc'd, the caller's): a day each, in order.
 * The mean over the days of found / k; NAN without days.
 */
double figures_card_precision(struct card_record *r, size_t n, size_t k, struct card_day **days, size_t *count);

#endif
