/*
 * From checked rules to the instructions of a program: what program.c (statements), compile_expr.c and compile_feature.c share. Mistakes that only
 * show here are told by rule_error().
 */
#ifndef FRAUDCHECK_COMPILE_H
#define FRAUDCHECK_COMPILE_H

#include "program.h"

/* An expression that a feature reads, and its register. */
struct input {
	struct span text;
	uint16_t reg;
	struct input *next;
};

struct compiler {
	struct program *p;
	struct rule_source *source;
	size_t code_cap, start_cap;
	int base_amount; /* its register, or -1 */
	const struct scope *scope;
	struct input *inputs;
};

/* A register that begins as `start`. */
uint16_t compile_register(struct compiler *c, struct value start);

/* Append an instruction that writes a register of its own, and return that. */
uint16_t compile_emit(struct compiler *c, enum op op, uint16_t a, uint16_t b, uint16_t third, uint16_t d);

/* Append the code for `e`, or for a name; the register that holds its value. */
uint16_t compile_expr(struct compiler *c, const struct expr *e);
uint16_t compile_name(struct compiler *c, struct symbol *y);

/* Everything that features read is computed first, then they are, all at once; `keys` has room for one each. */
void compile_features(struct compiler *c, const struct statement *first, struct plan_group *keys);

#endif
