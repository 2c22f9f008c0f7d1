/* Amounts: log-normal by category, in prices that the currency knows. */
#ifndef TXPIPE_GEN_AMOUNTS_H
#define TXPIPE_GEN_AMOUNTS_H

#include "gen_record.h"
#include "gen_shops.h"

/* The threshold of the seed rule high_amount, in the base currency; ordinary amounts stay clearly below it, so that the
 * user's --rate-of high_amount alone says how many lie above. */
#define AMOUNT_THRESHOLD 3000

/* What the person spends in that shop, times `factor`, in the base currency. */
double amount_ordinary(struct random *r, const struct person *p, const struct shop *s, double factor);

/* Uniform between two bounds, in the base currency. */
double amount_between(struct random *r, double low, double high);

/* A price in minor units: at least the smallest step; some prices are round or end in 99. */
int64_t amount_price(struct random *r, const struct currency *c, double base);

/* An amount above the threshold (by at least 1 %, mostly below the tenfold). */
int64_t amount_high(struct random *r, const struct currency *c);

/* The threshold itself in that currency, or the nearest amount above or below it. */
int64_t amount_boundary(struct random *r, const struct currency *c);

#endif
