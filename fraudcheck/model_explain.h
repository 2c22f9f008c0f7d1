/* Why a model says what it says (--explain). */
#ifndef FRAUDCHECK_MODEL_EXPLAIN_H
#define FRAUDCHECK_MODEL_EXPLAIN_H

#include "vm.h"

/* Inputs that are shown of a model. */
enum { MODEL_REASONS = 5 };

/*
 * Append `,"models":{"p":{"value":…,"model":HASH,"base":…,"because":[{"input":…,"value":…,"adds":…},…]},…}` about the record that `vm` (vm_keep_reasons()) ran last:
 * the inputs that contribute most to the margin (the log of the odds), the largest contribution first. The margin of a record of which
 * nothing is known is `base`; all contributions and it are the margin of this one.
 */
void model_explain(const struct program *p, const struct vm *vm, struct buf *to);

/* The same of one model for people (--why), with all of its inputs. */
void model_tell(const struct program_model *m, const struct vm *vm, struct buf *to);

#endif
