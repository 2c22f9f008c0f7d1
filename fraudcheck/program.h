/*
 * What a rule file compiles to: a flat list of typed instructions over registers, run once per record from the first to
 * the last. The registers are: a slot per field of the record (filled by bind.h), the constants, then a register per
 * result, each written by exactly one instruction. What later becomes known about a record beside its fields is one more
 * group of slots. Every register can be null.
 */
#ifndef FRAUDCHECK_PROGRAM_H
#define FRAUDCHECK_PROGRAM_H

#include <stdint.h>

#include "files.h"
#include "plan.h"
#include "rule_check.h"
#include "signature.h"

enum op {
	OP_ADD,
	OP_SUBTRACT,
	OP_MULTIPLY,
	OP_DIVIDE,
	OP_NEGATE,
	OP_AND,
	OP_OR,
	OP_NOT,
	OP_IS_NULL,
	OP_IS_NOT_NULL,
	OP_EQ_NUMBER,
	OP_NE_NUMBER,
	OP_LT_NUMBER,
	OP_LE_NUMBER,
	OP_EQ_STRING,
	OP_NE_STRING,
	OP_LT_STRING,
	OP_LE_STRING,
	OP_EQ_TIME,
	OP_NE_TIME,
	OP_LT_TIME,
	OP_LE_TIME,
	OP_EQ_BOOL,
	OP_NE_BOOL,
	OP_WITHIN,     /* number a in the constants b..c */
	OP_NOT_WITHIN,
	OP_IN_NUMBER,  /* a among the c registers from b on */
	OP_IN_STRING,
	OP_IN_TIME,
	OP_COALESCE,
	OP_ABS,
	OP_MIN,
	OP_MAX,
	OP_CLIP,
	OP_FLOOR,
	OP_LOG,
	OP_EXP,
	OP_SQRT,
	OP_HOUR,
	OP_WEEKDAY,
	OP_LOWER,
	OP_LENGTH,
	OP_STARTS_WITH,
	OP_HAVERSINE,
	OP_BASE_AMOUNT, /* amount a in currency b */
	OP_IN_SET,      /* string a in list b */
	OP_CELL,        /* of table b, column c, in the row of the string a */
	OP_MODEL,       /* number a */
	OP_FEATURES     /* fills the registers of all features; every register that they read is filled by then */
};

enum { REGISTERS_MAX = 60000 };

struct instruction {
	uint16_t op, to, a, b, c, d;
	uint16_t strict; /* the result is null if one of so many operands is, from a on; 0: the operation knows about null itself */
};

struct program_field {
	struct span path;     /* location.lat */
	enum value_type type; /* TYPE_ANY also if it is only shown in messages */
};

struct program_part {
	struct span literal;
	bool has_value;
	uint16_t value; /* register */
	enum value_type type;
	int field; /* number of the field, whose own bytes are shown, or -1 */
};

/* What a rule file names beside its rules: a let, a feature, a model. */
struct program_value {
	struct span name;
	enum symbol_kind kind;
	enum value_type type;
	uint16_t reg;
};

struct program_rule {
	enum statement_kind kind; /* flag, rule, allow, shadow or check */
	struct span name;
	unsigned line;
	uint16_t when; /* register of the condition */
	bool has_points;
	uint16_t points;
	struct program_part *part;
	size_t parts;
};

struct program_input {
	struct span text; /* of the expression */
	uint16_t reg;
	enum value_type type; /* number or boolean */
};

struct program_model {
	struct span name, file;
	unsigned line;
	enum model_kind kind;
	const struct model *model; /* NULL: without_models */
	uint16_t to;
	struct program_input *input;
	size_t inputs;
	size_t first; /* the inputs of the models before it */
};

struct program {
	struct pool pool;
	struct instruction *code;
	size_t length;
	struct value *start; /* what the registers hold before the first record */
	size_t registers;
	struct program_field *field; /* field i is register i */
	size_t fields;
	struct program_rule *rule; /* in the order of the file */
	size_t rules;
	struct program_value *value; /* in the order of the file */
	size_t values;
	struct band *band; /* ascending */
	size_t bands;
	bool has_block;
	double block; /* the score from which a record is fraud */
	bool uses_currencies;
	struct files files; /* lists, tables, and the bytes they came from */
	struct plan plan;   /* features, in the order of the file */
	struct program_model *model;
	size_t models, model_inputs; /* inputs of all models together */
	char signature[DIGEST_HEX + 1]; /* of the features: signature.h */
	bool remembers_currencies;      /* the currency table belongs to it, too */
};

/*
 * Compile a rule file. `name` is for messages, and the folder in it is where the paths of lists and tables begin. 0; or -1 with everything that is wrong with it appended to `errors`
 * (text of several lines, without the last \n), `p` is then empty.
 */
int program_compile(struct program *p, const char *name, struct span text, struct buf *errors);

/* The same, but models are not read: their value is null. For what trains them. */
int program_compile_untrained(struct program *p, const char *name, struct span text, struct buf *errors);

void program_free(struct program *p);

#endif
