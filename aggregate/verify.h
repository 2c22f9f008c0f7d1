/* Is what a model has gathered what a count of everything gives? */
#ifndef AGGREGATE_VERIFY_H
#define AGGREGATE_VERIFY_H

#include "outcome.h"
#include "session.h"

/* A model whose table is brought up to date step by step, so that something can be checked? */
bool verify_concerns(const struct node *n);

/*
 * Compare the model's table, which was just brought up to date in this transaction, with its query over everything. The
 * outcome becomes pass or fail: rows of the table, failures the rows that only one side has, of which the first are kept.
 */
void verify_model(struct session *s, const struct project *p, const struct node *n, struct outcome *o);

#endif
