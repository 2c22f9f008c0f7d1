/* Purchases: who buys what, where, how. */
#ifndef TXPIPE_GEN_PURCHASE_H
#define TXPIPE_GEN_PURCHASE_H

#include "gen_amounts.h"
#include "gen_shares.h"

struct purchase {
	const struct person *person;
	struct shop shop;
	int64_t time;
	bool remote;  /* not at the merchant's place: web shop, booking, bill */
	double base;  /* amount in the base currency */
};

/* The transaction of a purchase: with the person's own device, at the merchant's place or (remote) at the person's. */
void purchase_record(const struct world *w, struct random *r, const struct purchase *b, struct record *to);

/*
 * What the person does in ordinary life at that time, amounts times `factor`. `foreign` is the share of purchases
 * abroad or from abroad, or SHARE_LIFE. SHOP_DURABLE asks for a shop where large purchases happen, anything else
 * leaves it open.
 */
void purchase_ordinary(const struct world *w, struct random *r, const struct person *p, int64_t t, double foreign,
                       enum shop_kind kind, double factor, struct record *to);

/* The ordinary purchase, as one of the cases for the seed rules: by the shares of `s`, each divided by `among`. */
void purchase_case(const struct world *w, const struct shares *s, double among, struct random *r,
                   const struct person *p, int64_t t, struct record *to);

#endif
