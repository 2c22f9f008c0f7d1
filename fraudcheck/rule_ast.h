/*
 * A rule file as it was written: statements and expressions. rule_parse() makes it, rule_check() gives every expression
 * its type and every name its meaning, program_compile() turns it into a flat program. All of it lives in one pool.
 */
#ifndef FRAUDCHECK_RULE_AST_H
#define FRAUDCHECK_RULE_AST_H

#include "rule_lex.h"

enum value_type {
	TYPE_ANY, /* only looked at as a whole: is null, coalesce, placeholders */
	TYPE_NUMBER,
	TYPE_STRING,
	TYPE_BOOL,
	TYPE_TIME
};

/* What an expression yields. Unknown until its use tells; two that must agree point to the same one. */
struct type {
	enum value_type known;
	struct type *same;  /* the type that this one was made equal to, or NULL */
	struct span because; /* the place that decided `known` */
	bool compared, ordered; /* by == and != or by < and its like: decides what nothing else decides */
};

enum expr_kind {
	EXPR_NUMBER,
	EXPR_STRING,
	EXPR_BOOL,
	EXPR_TIME, /* a string literal that stands beside a time */
	EXPR_NAME,
	EXPR_CALL,
	EXPR_NEGATE,
	EXPR_NOT,
	EXPR_AND, /* of two or more */
	EXPR_OR,
	EXPR_COMPARE,
	EXPR_ARITHMETIC,
	EXPR_IN_LIST,  /* arg[0] in the literals arg[1..] */
	EXPR_IN_RANGE, /* arg[0] in arg[1]..arg[2] */
	EXPR_IS_NULL
};

struct symbol;
struct builtin;

struct expr {
	enum expr_kind kind;
	enum token_type op; /* of EXPR_COMPARE and EXPR_ARITHMETIC */
	bool negated;       /* not in, is not null */
	bool truth;         /* of EXPR_BOOL */
	unsigned depth;
	struct span at;
	double number;    /* of EXPR_NUMBER */
	int64_t time;     /* of EXPR_TIME */
	struct span text; /* of EXPR_STRING; the name of EXPR_NAME and EXPR_CALL */
	struct expr **arg;
	size_t count;
	/* set by rule_check(): */
	struct type *type;
	struct symbol *symbol;         /* of EXPR_NAME */
	const struct builtin *builtin; /* of EXPR_CALL */
};

enum statement_kind {
	STATEMENT_FLAG,
	STATEMENT_RULE,
	STATEMENT_ALLOW,
	STATEMENT_SHADOW,
	STATEMENT_CHECK,
	STATEMENT_LET,
	STATEMENT_FIELD,
	STATEMENT_BANDS
};

struct message_part {
	struct span literal; /* goes before the value */
	struct expr *value;  /* an EXPR_NAME, or NULL in the last part */
};

struct band {
	struct span at, name;
	double from;
};

struct statement {
	enum statement_kind kind;
	struct span at;        /* the keyword */
	struct span name;      /* empty for bands */
	struct expr *value;    /* the condition, or what a let stands for */
	struct expr *points;   /* of rule and shadow, or NULL */
	enum value_type type;  /* of field */
	struct message_part *part;
	size_t parts; /* 0: no message */
	struct band *band;
	size_t bands;
	struct symbol *symbol; /* of let; set by rule_check() */
	struct statement *next;
};

/* Parse the source. The first statement (NULL for an empty file); errors are in `source` (source->errors). */
struct statement *rule_parse(struct rule_source *source, struct pool *pool);

/* "flag", "rule", ... */
const char *statement_name(enum statement_kind kind);

/* "number", "string", "boolean", "time", "any". */
const char *type_name(enum value_type type);

#endif
