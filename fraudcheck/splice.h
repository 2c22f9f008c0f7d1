/* Changing members of a record without touching the bytes of the others. */
#ifndef FRAUDCHECK_SPLICE_H
#define FRAUDCHECK_SPLICE_H

#include "buf.h"
#include "json.h"

/* Bytes of a record that others stand in for. */
struct splice_edit {
	const char *from, *until;
	size_t at, n; /* in the text of the edits */
};

/* Ascending, none within another. All zero: nothing is edited. */
struct splice_edits {
	const struct splice_edit *edit;
	size_t count;
	const char *text;
};

/*
 * Append the record without the members that `cut` picks (NULL: none), edited, with `tail` in the place of its closing brace: members
 * that begin without a comma and what ends the line, such as `"a":1}\n`. Everything else keeps its bytes, white space
 * included.
 */
void splice_members(struct buf *to, const struct json_object *record, bool (*cut)(const void *arg, const struct json_member *m),
            const void *arg, const struct splice_edits *edits, struct span tail);

/* Append `text`, edited: those edits that lie in it. */
void splice_text(struct buf *to, struct span text, const struct splice_edits *edits);

#endif
