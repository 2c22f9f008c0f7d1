/* What a record looks like to a model, for training (--features). */
#ifndef FRAUDCHECK_VECTOR_H
#define FRAUDCHECK_VECTOR_H

#include "judge.h"

/*
 * Append, as a line, `{"transaction_id":…,"transaction_ts":…,"label":…,"features":{…},"lets":{…},"models":{"p":{EXPRESSION:…,…},…}}`
 * about the record judged last: the values of features, of lets, and of the inputs of each model, in the order of the rule file.
 * `label` is there if --label told it; the first two are those of the record.
 */
void vector_add(const struct judge *j, const struct json_object *record, struct buf *to);

#endif
