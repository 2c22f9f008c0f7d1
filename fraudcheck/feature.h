/* Features of a record: their values from the windows, and learning from the record. */
#ifndef FRAUDCHECK_FEATURE_H
#define FRAUDCHECK_FEATURE_H

#include "history.h"

/* Fill the registers of the features for the record at hand (history_enter*()), whose other registers are filled. */
void features_evaluate(struct history *h, struct value *reg);

/*
 * Once for every record that was evaluated: remember it (`accept`), or leave everything as it was before (a failed check). `fraud`: it
 * is known to be fraud already.
 */
void features_learn(struct history *h, const struct value *reg, bool accept, bool fraud);

/* A label: the record of that transaction_id, with its event time and keys in the registers, is fraud or is not. */
void features_label(struct history *h, const struct value *reg, struct span id, bool fraud);

#endif
