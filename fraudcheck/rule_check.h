/*
 * Names and types of a parsed rule file. Members of a transaction have known types; the type of any other member follows
 * from its use, or is declared by `field NAME TYPE`.
 */
#ifndef FRAUDCHECK_RULE_CHECK_H
#define FRAUDCHECK_RULE_CHECK_H

#include "rule_ast.h"

enum symbol_kind { SYMBOL_FIELD, SYMBOL_LET, SYMBOL_RULE, SYMBOL_BASE_AMOUNT };

struct symbol {
	enum symbol_kind kind;
	struct span name;
	struct span at;        /* where it was first seen */
	struct type *type;
	bool declared;         /* a transaction's own member, or by `field` */
	bool used;             /* by an expression */
	bool shown;            /* by a placeholder of a message */
	int slot;              /* its register once it has one, or -1; program.c's */
	struct symbol *next;
};

struct scope {
	struct rule_source *source;
	struct pool *pool;
	struct symbol *first, **last;
	struct symbol *amount, *currency; /* used by base_amount */
};

/* Errors go to `source`. The symbols stay in `scope`, in the order in which they were first seen. */
void rule_check(struct scope *scope, struct statement *first, struct rule_source *source, struct pool *pool);

/* The type that was found, TYPE_ANY if nothing depends on it. */
enum value_type rule_type(const struct type *t);

#endif
