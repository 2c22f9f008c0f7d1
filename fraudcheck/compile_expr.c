#include "compile.h"

#include "builtin.h"

uint16_t compile_register(struct compiler *c, struct value start)
{
	struct program *p = c->p;

	if (p->registers == REGISTERS_MAX) {
		rule_error(c->source, (struct span){c->source->text.p, 0},
		           "the rules are too large: more than %d values",
		           REGISTERS_MAX);
		return 0;
	}
	if (p->registers == c->start_cap) {
		c->start_cap = c->start_cap > 0 ? 2 * c->start_cap : 64;
		p->start = xrealloc(p->start, c->start_cap * sizeof *p->start);
	}
	p->start[p->registers] = start;
	return (uint16_t)p->registers++;
}

/* How many registers among the operands, from the first on, make the result null by being null. Those that follow are constants (of
 * WITHIN, IN) or numbers of something else (IN_SET, CELL). */
static uint16_t strict_operands(enum op op)
{
	switch (op) {
	case OP_AND:
	case OP_OR:
	case OP_IS_NULL:
	case OP_IS_NOT_NULL:
	case OP_COALESCE:
	case OP_MODEL:
	case OP_FEATURES:
		return 0;
	case OP_HAVERSINE:
		return 4;
	case OP_CLIP:
		return 3;
	case OP_NEGATE:
	case OP_NOT:
	case OP_WITHIN:
	case OP_NOT_WITHIN:
	case OP_IN_NUMBER:
	case OP_IN_STRING:
	case OP_IN_TIME:
	case OP_ABS:
	case OP_FLOOR:
	case OP_LOG:
	case OP_EXP:
	case OP_SQRT:
	case OP_HOUR:
	case OP_WEEKDAY:
	case OP_LOWER:
	case OP_LENGTH:
	case OP_IN_SET:
	case OP_CELL:
		return 1;
	default: /* two numbers, strings or times */
		return 2;
	}
}

uint16_t compile_emit(struct compiler *c, enum op op, uint16_t a, uint16_t b, uint16_t third, uint16_t d)
{
	struct program *p = c->p;

	if (p->length == c->code_cap) {
		c->code_cap = c->code_cap > 0 ? 2 * c->code_cap : 64;
		p->code = xrealloc(p->code, c->code_cap * sizeof *p->code);
	}
	p->code[p->length] = (struct instruction){
		.op = (uint16_t)op,
		.to = compile_register(c, (struct value){.null = true}),
		.a = a,
		.b = b,
		.c = third,
		.d = d,
		.strict = strict_operands(op),
	};
	return p->code[p->length++].to;
}

static uint16_t constant(struct compiler *c, const struct expr *e)
{
	struct value v = {.null = false};

	switch (e->kind) {
	case EXPR_NUMBER:
		v.number = e->number;
		break;
	case EXPR_BOOL:
		v.truth = e->truth;
		break;
	case EXPR_TIME:
		v.time = e->time;
		break;
	default:
		v.string = e->text;
		break;
	}
	return compile_register(c, v);
}

static size_t number_of_list(const struct compiler *c, const struct list *list)
{
	size_t i = 0;

	while (c->p->files.list[i] != list)
		i++;
	return i;
}

static size_t number_of_table(const struct compiler *c, const struct table *table)
{
	size_t i = 0;

	while (c->p->files.table[i] != table)
		i++;
	return i;
}

uint16_t compile_name(struct compiler *c, struct symbol *y)
{
	if (y->kind == SYMBOL_CELL && y->slot < 0)
		y->slot = compile_emit(c, OP_CELL, (uint16_t)y->key->slot, (uint16_t)number_of_table(c, y->table), (uint16_t)y->column, 0);
	if (y->kind != SYMBOL_BASE_AMOUNT)
		return (uint16_t)y->slot;
	if (c->base_amount < 0)
		c->base_amount = compile_emit(c, OP_BASE_AMOUNT, (uint16_t)c->scope->amount->slot,
		                      (uint16_t)c->scope->currency->slot, 0, 0);
	return (uint16_t)c->base_amount;
}

/* The four comparisons that exist per type are EQ, NE, LT, LE, in this order; > and >= swap their operands. */
static uint16_t compare(struct compiler *c, enum token_type op, enum value_type type, uint16_t a, uint16_t b)
{
	static const enum op equals[] = {
		[TYPE_ANY] = OP_EQ_STRING, [TYPE_NUMBER] = OP_EQ_NUMBER, [TYPE_STRING] = OP_EQ_STRING,
		[TYPE_BOOL] = OP_EQ_BOOL,  [TYPE_TIME] = OP_EQ_TIME,
	};
	const int first = (int)equals[type];

	switch (op) {
	case TOKEN_EQ:
		return compile_emit(c, (enum op)first, a, b, 0, 0);
	case TOKEN_NE:
		return compile_emit(c, (enum op)(first + 1), a, b, 0, 0);
	case TOKEN_LT:
		return compile_emit(c, (enum op)(first + 2), a, b, 0, 0);
	case TOKEN_LE:
		return compile_emit(c, (enum op)(first + 3), a, b, 0, 0);
	case TOKEN_GT:
		return compile_emit(c, (enum op)(first + 2), b, a, 0, 0);
	default:
		return compile_emit(c, (enum op)(first + 3), b, a, 0, 0);
	}
}

static uint16_t compile_range(struct compiler *c, const struct expr *e)
{
	enum value_type type = rule_type(e->arg[0]->type);
	uint16_t x = compile_expr(c, e->arg[0]), low = compile_expr(c, e->arg[1]), high = compile_expr(c, e->arg[2]);
	uint16_t both;

	if (type == TYPE_NUMBER && e->arg[1]->kind == EXPR_NUMBER && e->arg[2]->kind == EXPR_NUMBER)
		return compile_emit(c, e->negated ? OP_NOT_WITHIN : OP_WITHIN, x, low, high, 0);
	both = compile_emit(c, OP_AND, compare(c, TOKEN_LE, type, low, x), compare(c, TOKEN_LE, type, x, high), 0, 0);
	return e->negated ? compile_emit(c, OP_NOT, both, 0, 0, 0) : both;
}

/* The literals go into registers one after the other. */
static uint16_t compile_list(struct compiler *c, const struct expr *e)
{
	enum value_type type = rule_type(e->arg[0]->type);
	enum op op = type == TYPE_STRING ? OP_IN_STRING : type == TYPE_TIME ? OP_IN_TIME : OP_IN_NUMBER;
	uint16_t x = compile_expr(c, e->arg[0]), first = (uint16_t)c->p->registers, found;

	for (size_t i = 1; i < e->count; i++)
		constant(c, e->arg[i]);
	found = compile_emit(c, op, x, first, (uint16_t)(e->count - 1), 0);
	return e->negated ? compile_emit(c, OP_NOT, found, 0, 0, 0) : found;
}

static uint16_t compile_chain(struct compiler *c, enum op op, const struct expr *e)
{
	uint16_t result = compile_expr(c, e->arg[0]);

	for (size_t i = 1; i < e->count; i++)
		result = compile_emit(c, op, result, compile_expr(c, e->arg[i]), 0, 0);
	return result;
}

static uint16_t compile_call(struct compiler *c, const struct expr *e)
{
	uint16_t arg[4] = {0};

	if (e->builtin->more)
		return compile_chain(c, (enum op)e->builtin->op, e);
	for (size_t i = 0; i < e->count; i++)
		arg[i] = compile_expr(c, e->arg[i]);
	return compile_emit(c, (enum op)e->builtin->op, arg[0], arg[1], arg[2], arg[3]);
}

static uint16_t compile_arithmetic(struct compiler *c, const struct expr *e)
{
	uint16_t a = compile_expr(c, e->arg[0]), b = compile_expr(c, e->arg[1]);

	switch (e->op) {
	case TOKEN_PLUS:
		return compile_emit(c, OP_ADD, a, b, 0, 0);
	case TOKEN_MINUS:
		return compile_emit(c, OP_SUBTRACT, a, b, 0, 0);
	case TOKEN_TIMES:
		return compile_emit(c, OP_MULTIPLY, a, b, 0, 0);
	default:
		return compile_emit(c, OP_DIVIDE, a, b, 0, 0);
	}
}

static uint16_t compile_set(struct compiler *c, const struct expr *e)
{
	uint16_t found = compile_emit(c, OP_IN_SET, compile_expr(c, e->arg[0]), (uint16_t)number_of_list(c, e->symbol->list), 0, 0);

	return e->negated ? compile_emit(c, OP_NOT, found, 0, 0, 0) : found;
}

uint16_t compile_expr(struct compiler *c, const struct expr *e)
{
	uint16_t a, b;

	switch (e->kind) {
	case EXPR_NUMBER:
	case EXPR_STRING:
	case EXPR_BOOL:
	case EXPR_TIME:
		return constant(c, e);
	case EXPR_NAME:
		return compile_name(c, e->symbol);
	case EXPR_CALL:
		return compile_call(c, e);
	case EXPR_NEGATE:
		return compile_emit(c, OP_NEGATE, compile_expr(c, e->arg[0]), 0, 0, 0);
	case EXPR_NOT:
		return compile_emit(c, OP_NOT, compile_expr(c, e->arg[0]), 0, 0, 0);
	case EXPR_AND:
		return compile_chain(c, OP_AND, e);
	case EXPR_OR:
		return compile_chain(c, OP_OR, e);
	case EXPR_COMPARE:
		a = compile_expr(c, e->arg[0]);
		b = compile_expr(c, e->arg[1]);
		return compare(c, e->op, rule_type(e->arg[0]->type), a, b);
	case EXPR_ARITHMETIC:
		return compile_arithmetic(c, e);
	case EXPR_IN_LIST:
		return compile_list(c, e);
	case EXPR_IN_RANGE:
		return compile_range(c, e);
	case EXPR_IN_SET:
		return compile_set(c, e);
	case EXPR_IS_NULL:
		return compile_emit(c, e->negated ? OP_IS_NOT_NULL : OP_IS_NULL, compile_expr(c, e->arg[0]), 0, 0, 0);
	}
	return 0;
}
