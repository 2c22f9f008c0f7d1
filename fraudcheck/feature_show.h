/* A feature of the record at hand, for people: its value, its key, its window and what is in it. */
#ifndef FRAUDCHECK_FEATURE_SHOW_H
#define FRAUDCHECK_FEATURE_SHOW_H

#include "history.h"

enum { FEATURE_SHOWN_MAX = 20 }; /* records of a window, the newest */

/* Between the evaluation of a record and learning from it. Appends lines. */
void feature_show(struct history *h, const struct plan_feature *f, const struct value *reg, struct buf *to);

#endif
