/*
 * A rule file as it was written: statements and expressions. rule_parse() makes it, rule_check() gives every expression
 * its type and every name its meaning, program_compile() turns it into a flat program. All of it lives in one pool.
 */
#ifndef FRAUDCHECK_RULE_AST_H
#define FRAUDCHECK_RULE_AST_H

#include "model.h"
#include "rule_lex.h"
#include "value.h"

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
	EXPR_IN_SET,   /* arg[0] in the list called `text` */
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
	struct span text; /* of EXPR_STRING; the name of EXPR_NAME and EXPR_CALL; the list's of EXPR_IN_SET */
	struct expr **arg;
	size_t count;
	/* set by rule_check(): */
	struct type *type;
	struct symbol *symbol;         /* of EXPR_NAME and EXPR_IN_SET */
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
	STATEMENT_BANDS,
	STATEMENT_LIST,
	STATEMENT_TABLE,
	STATEMENT_FEATURE,
	STATEMENT_MODEL
};

enum aggregate {
	AGGREGATE_COUNT,
	AGGREGATE_SUM,
	AGGREGATE_AVG,
	AGGREGATE_MIN,
	AGGREGATE_MAX,
	AGGREGATE_STDDEV,
	AGGREGATE_DISTINCT,
	AGGREGATE_SHARE,
	AGGREGATE_AGE,
	AGGREGATE_SINCE_LAST,
	AGGREGATE_LAST,
	AGGREGATE_GEO_SPEED
};

enum { FEATURE_KEYS_MAX = 4 };

/* feature NAME = AGGREGATE(arg) by key over w before delay d min n when condition */
struct feature_clauses {
	enum aggregate aggregate;
	struct span at;         /* the name of the aggregate */
	struct expr **arg;      /* `args` of them: none, one, or the two of geo_speed */
	size_t args;
	bool label;             /* share(label) */
	struct expr *key[FEATURE_KEYS_MAX];
	size_t keys;
	struct expr *when;      /* or NULL */
	int64_t over, delay;    /* microseconds */
	struct span delay_at;   /* empty without `delay` */
	bool before;
	int64_t min;            /* the feature is null in a window with fewer records; 0 without `min` */
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
	struct expr *value;    /* the condition, or what a let stands for; of model a call, whose arguments are the inputs */
	struct expr *points;   /* of rule and shadow, or NULL */
	enum value_type type;  /* of field */
	struct message_part *part;
	size_t parts; /* 0: no message */
	struct band *band;
	size_t bands;
	struct feature_clauses *feature; /* of feature */
	enum model_kind model; /* of model */
	struct span file;      /* of list, table and model: the path as it is written; of a list also empty, then `value` holds the items */
	struct span file_at;
	struct span by;        /* of table: the member that is the key */
	struct symbol *symbol; /* of let, feature and model; set by rule_check() */
	struct statement *next;
};

/* Parse the source. The first statement (NULL for an empty file); errors are in `source` (source->errors). */
struct statement *rule_parse(struct rule_source *source, struct pool *pool);

/* The default of `over`. */
#define FEATURE_OVER_DEFAULT (30 * INT64_C(86400000000))

/* "count", "sum", ... */
const char *aggregate_name(enum aggregate a);

/* "flag", "rule", ... */
const char *statement_name(enum statement_kind kind);

/* "number", "string", "boolean", "time", "any". */
const char *type_name(enum value_type type);

#endif
