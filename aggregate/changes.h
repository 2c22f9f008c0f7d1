/*
 * What changed in a source table since a snapshot, without a watermark.
 *
 * Every row carries the transaction that wrote it (xid8, set by default and by a trigger on update); the images of rows
 * that were updated or deleted stand in TABLE_retracted. What a run did not see is what the snapshot of then did not
 * contain: transactions from its xmax on, and those it lists as in progress. A number that the server gives when a row is
 * written (a serial, a clock) cannot say that: it becomes visible only at commit, after higher ones.
 */
#ifndef AGGREGATE_CHANGES_H
#define AGGREGATE_CHANGES_H

#include "session.h"

/* What a run did not see. */
struct difference {
	bool added, retracted;
	const char *fault; /* or: why the difference cannot be taken, and what to do */
	int exit_status;   /* with a fault */
};

/* What the catalogue says of a table that is to be followed. */
struct source {
	const struct node *node;
	const char *why_not;   /* it cannot be followed: the reason and the remedy; else NULL */
	const char *layout;    /* its files, columns and triggers, in words: another one of what was there is another content */
	const char *columns;   /* quoted, with commas between them */
	const char *retracted; /* the relation of the retracted images */
	bool has_currency;     /* has a column of this name */
	struct asked *asked;   /* the last question of changes_since(), because many models ask the same */
};

/* Look a source up; once a session. 0, or -1 with the error kept. */
int changes_source(struct session *s, const struct node *node, const struct source **to);

/*
 * Since `snapshot`, when the table's layout was `layout` (both NULL: since ever, then only the guards speak). 0, or -1
 * with the error kept. Whatever cannot be told from the difference (rows of another cluster, a truncate, a part that is
 * gone) is a fault.
 */
int changes_since(struct session *s, const struct source *source, const char *snapshot, const char *layout,
                  struct difference *to);

/* Append the rows that the snapshot did not see, with `sign`, as a subquery in parentheses. */
void changes_sql(struct session *s, const struct source *source, const char *snapshot, bool retracted, struct buf *to);

/* Are the tables that were looked up still the same files? Else `moved` names those that are not. 0, or -1 with the error kept. */
int changes_settled(struct session *s, const char **moved);

/* What is kept of several sources in one text: a line `relation layout` each. */
const char *changes_layout(struct session *s, const char *lines, const char *relation);

#endif
