/*
 * What the parts of the checker share: rule_check.c (statements), rule_check_stateful.c (list, table, feature), rule_model.c
 * (model), rule_check_expr.c (expressions), rule_names.c and rule_types.c.
 */
#ifndef FRAUDCHECK_RULE_CHECKER_H
#define FRAUDCHECK_RULE_CHECKER_H

#include "rule_check.h"

/* --- types; what returns an int returns 0, or -1 after having reported an error ------------------------------------ */

/* `because`: the place that decides it. */
struct type *checker_type_new(struct scope *s, enum value_type known, struct span because);

/* Of types that were made equal, the one that stands for all. */
struct type *checker_root(struct type *t);

/* "a number", "a time", ... */
const char *checker_article(enum value_type t);

/* The expression must be of that type. */
int checker_require(struct scope *s, struct expr *e, enum value_type want);

/* Both must be of one type from now on. */
int checker_unify(struct scope *s, struct expr *a, struct expr *b);

/* --- names --------------------------------------------------------------------------------------------------------- */

/* What a name stands for in an expression, or NULL. */
struct symbol *checker_find(const struct scope *s, struct span name);

struct symbol *checker_define(struct scope *s, enum symbol_kind kind, struct span name, struct type *type);

/* May rules read that member? */
int checker_readable(struct scope *s, struct span path);

/* A declared member, or one of those that every transaction has; NULL for any other. `at`: where it is used. */
struct symbol *checker_use_field(struct scope *s, struct span name, struct span at);

/* What a name in an expression means; a member of the record if nothing else. NULL after having reported an error. */
struct symbol *checker_resolve(struct scope *s, struct span name);

/* No rule, let, feature, list or table may have that name; checker_let_name(): nor anything else that expressions can read. */
int checker_new_name(struct scope *s, struct span name);
int checker_let_name(struct scope *s, struct span name);

/* --- expressions --------------------------------------------------------------------------------------------------- */

int checker_expr(struct scope *s, struct expr *e);

/* An EXPR_NAME alone; it does not count as used. */
int checker_name(struct scope *s, struct expr *e);

/* The part of the expression that is a feature or computed from one, or NULL. */
const struct expr *checker_remembering(const struct expr *e);

/* --- statements that bring in more than the record ------------------------------------------------------------------ */

void checker_list(struct scope *s, struct statement *t);
void checker_table(struct scope *s, struct statement *t);
void checker_feature(struct scope *s, struct statement *t);
void checker_model(struct scope *s, struct statement *t);

#endif
