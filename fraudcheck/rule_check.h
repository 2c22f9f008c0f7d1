/*
 * Names and types of a parsed rule file. Members of a transaction have known types; the type of any other member follows
 * from its use, or is declared by `field NAME TYPE`.
 */
#ifndef FRAUDCHECK_RULE_CHECK_H
#define FRAUDCHECK_RULE_CHECK_H

#include "files.h"
#include "rule_ast.h"

enum symbol_kind { SYMBOL_FIELD, SYMBOL_LET, SYMBOL_RULE, SYMBOL_BASE_AMOUNT, SYMBOL_FEATURE, SYMBOL_LIST, SYMBOL_TABLE, SYMBOL_CELL, SYMBOL_MODEL };

struct symbol {
	enum symbol_kind kind;
	struct span name;
	struct span at;        /* where it was first seen */
	struct type *type;
	bool declared;         /* a transaction's own member, or by `field` */
	bool used;             /* by an expression */
	bool shown;            /* by a placeholder of a message */
	bool remembers;        /* it is a feature, or computed from one */
	const struct list *list;
	const struct table *table; /* of a table and of a cell of it */
	size_t column;             /* of a cell */
	const struct model *model; /* of a model; NULL if it was not to be read */
	struct symbol *key;        /* of a cell: the field that is the key */
	int slot;              /* its register once it has one, or -1; the compiler's */
	struct symbol *next;
};

struct scope {
	struct rule_source *source;
	struct pool *pool;
	struct symbol *first, **last;
	struct symbol *amount, *currency; /* used by base_amount */
	struct symbol *id, *time; /* used by features; NULL if there are none */
	bool reads_label;         /* by share(label) */
	struct files *files;
};

/* Errors go to `source`; lists and tables are read into `files`. The symbols stay in `scope`, in the order in which they were first seen. */
void rule_check(struct scope *scope, struct statement *first, struct rule_source *source, struct pool *pool, struct files *files);

/* The type that was found, TYPE_ANY if nothing depends on it. */
enum value_type rule_type(const struct type *t);

#endif
