/* Changing members of a record without touching the bytes of the others. */
#ifndef FRAUDCHECK_SPLICE_H
#define FRAUDCHECK_SPLICE_H

#include "buf.h"
#include "json.h"

/*
 * Append the record without the members that `cut` picks (NULL: none), `tail` in the place of its closing brace: members
 * that begin without a comma and what ends the line, such as `"a":1}\n`. Everything else keeps its bytes, white space
 * included.
 */
void splice_members(struct buf *to, const struct json_object *record, bool (*cut)(const void *arg, const struct json_member *m),
            const void *arg, struct span tail);

#endif
