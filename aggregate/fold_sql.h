/* The SQL of a fold. */
#ifndef AGGREGATE_FOLD_SQL_H
#define AGGREGATE_FOLD_SQL_H

#include "build.h"
#include "changes.h"
#include "fold.h"

/* The model's query over everything, as the table keeps it: a sum without rows is 0. */
void fold_whole_sql(const struct build *b, const struct fold *f, struct buf *to);

/* The same for the first build, where every sign is 1: multiplying a million numbers by it takes a third of the time. */
void fold_first_sql(const struct build *b, const struct fold *f, struct buf *to);

/*
 * One statement that folds what the snapshot did not see into the table, and answers (inserted, updated, deleted, groups
 * with a negative count, one of those as text). Its snapshot is b->state's.
 */
void fold_merge_sql(const struct build *b, const struct fold *f, const struct source *source, bool retracted,
                    struct buf *to);

/*
 * A table that can only be made if the expression depends on nothing but the row: the server accepts no clock, no setting
 * of the session such as its time zone, no chance and no other table in a generated column. It bears the source's name
 * in the query, which may stand before the columns.
 */
void fold_proof_sql(const struct fold *f, const struct source *source, const char *type, const char *expression,
                    struct buf *to);

#endif
