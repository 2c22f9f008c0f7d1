/* Values as text, and the messages of rules. */
#ifndef FRAUDCHECK_RENDER_H
#define FRAUDCHECK_RENDER_H

#include "bind.h"
#include "mask.h"
#include "vm.h"

/* Append as a JSON value: what `explain` and --features show. What has no type of its own is there as it came. */
void render_json(struct buf *to, enum value_type type, const struct value *v);

enum { RENDER_SHOWN_MAX = 256 };

/*
 * Append the message of a rule for the record that was judged last. A member appears with its own bytes (amounts keep
 * their digits), strings without quotes; computed numbers are rounded to what people read; null as null. Of each value
 * at most RENDER_SHOWN_MAX bytes are shown: a line must not outgrow what the next stage reads.
 *
 * With a mask (or NULL) a masked member shows as its stand-in, and so does every string that the rules made: it may repeat one. Numbers that they
 * made are shown.
 */
void render_message(struct buf *to, const struct program_rule *rule, const struct binder *binder, const struct vm *vm, struct mask *mask);

#endif
