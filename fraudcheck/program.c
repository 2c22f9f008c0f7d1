#include "program.h"

#include <stdlib.h>

#include "builtin.h"
#include "json.h"

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

static uint16_t new_register(struct compiler *c, struct value start)
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

static struct value null_value(void)
{
	return (struct value){.null = true};
}

/* Append an instruction that writes a register of its own, and return that. */
static uint16_t emit(struct compiler *c, enum op op, uint16_t a, uint16_t b, uint16_t third, uint16_t d)
{
	struct program *p = c->p;

	if (p->length == c->code_cap) {
		c->code_cap = c->code_cap > 0 ? 2 * c->code_cap : 64;
		p->code = xrealloc(p->code, c->code_cap * sizeof *p->code);
	}
	p->code[p->length] = (struct instruction){(uint16_t)op, new_register(c, null_value()), a, b, third, d};
	return p->code[p->length++].to;
}

static uint16_t compile(struct compiler *c, const struct expr *e);

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
	return new_register(c, v);
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

static uint16_t compile_name(struct compiler *c, struct symbol *y)
{
	if (y->kind == SYMBOL_CELL && y->slot < 0)
		y->slot = emit(c, OP_CELL, (uint16_t)y->key->slot, (uint16_t)number_of_table(c, y->table), (uint16_t)y->column, 0);
	if (y->kind != SYMBOL_BASE_AMOUNT)
		return (uint16_t)y->slot;
	if (c->base_amount < 0)
		c->base_amount = emit(c, OP_BASE_AMOUNT, (uint16_t)c->scope->amount->slot,
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
		return emit(c, (enum op)first, a, b, 0, 0);
	case TOKEN_NE:
		return emit(c, (enum op)(first + 1), a, b, 0, 0);
	case TOKEN_LT:
		return emit(c, (enum op)(first + 2), a, b, 0, 0);
	case TOKEN_LE:
		return emit(c, (enum op)(first + 3), a, b, 0, 0);
	case TOKEN_GT:
		return emit(c, (enum op)(first + 2), b, a, 0, 0);
	default:
		return emit(c, (enum op)(first + 3), b, a, 0, 0);
	}
}

static uint16_t compile_range(struct compiler *c, const struct expr *e)
{
	enum value_type type = rule_type(e->arg[0]->type);
	uint16_t x = compile(c, e->arg[0]), low = compile(c, e->arg[1]), high = compile(c, e->arg[2]);
	uint16_t both;

	if (type == TYPE_NUMBER && e->arg[1]->kind == EXPR_NUMBER && e->arg[2]->kind == EXPR_NUMBER)
		return emit(c, e->negated ? OP_NOT_WITHIN : OP_WITHIN, x, low, high, 0);
	both = emit(c, OP_AND, compare(c, TOKEN_LE, type, low, x), compare(c, TOKEN_LE, type, x, high), 0, 0);
	return e->negated ? emit(c, OP_NOT, both, 0, 0, 0) : both;
}

/* The literals go into registers one after the other. */
static uint16_t compile_list(struct compiler *c, const struct expr *e)
{
	enum value_type type = rule_type(e->arg[0]->type);
	enum op op = type == TYPE_STRING ? OP_IN_STRING : type == TYPE_TIME ? OP_IN_TIME : OP_IN_NUMBER;
	uint16_t x = compile(c, e->arg[0]), first = (uint16_t)c->p->registers, found;

	for (size_t i = 1; i < e->count; i++)
		constant(c, e->arg[i]);
	found = emit(c, op, x, first, (uint16_t)(e->count - 1), 0);
	return e->negated ? emit(c, OP_NOT, found, 0, 0, 0) : found;
}

static uint16_t compile_chain(struct compiler *c, enum op op, const struct expr *e)
{
	uint16_t result = compile(c, e->arg[0]);

	for (size_t i = 1; i < e->count; i++)
		result = emit(c, op, result, compile(c, e->arg[i]), 0, 0);
	return result;
}

static uint16_t compile_call(struct compiler *c, const struct expr *e)
{
	uint16_t arg[4] = {0};

	if (e->builtin->more)
		return compile_chain(c, (enum op)e->builtin->op, e);
	for (size_t i = 0; i < e->count; i++)
		arg[i] = compile(c, e->arg[i]);
	return emit(c, (enum op)e->builtin->op, arg[0], arg[1], arg[2], arg[3]);
}

static uint16_t compile_arithmetic(struct compiler *c, const struct expr *e)
{
	uint16_t a = compile(c, e->arg[0]), b = compile(c, e->arg[1]);

	switch (e->op) {
	case TOKEN_PLUS:
		return emit(c, OP_ADD, a, b, 0, 0);
	case TOKEN_MINUS:
		return emit(c, OP_SUBTRACT, a, b, 0, 0);
	case TOKEN_TIMES:
		return emit(c, OP_MULTIPLY, a, b, 0, 0);
	default:
		return emit(c, OP_DIVIDE, a, b, 0, 0);
	}
}

static uint16_t compile_set(struct compiler *c, const struct expr *e)
{
	uint16_t found = emit(c, OP_IN_SET, compile(c, e->arg[0]), (uint16_t)number_of_list(c, e->symbol->list), 0, 0);

	return e->negated ? emit(c, OP_NOT, found, 0, 0, 0) : found;
}

/* Appends the code for `e`; the register that holds its value. */
static uint16_t compile(struct compiler *c, const struct expr *e)
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
		return emit(c, OP_NEGATE, compile(c, e->arg[0]), 0, 0, 0);
	case EXPR_NOT:
		return emit(c, OP_NOT, compile(c, e->arg[0]), 0, 0, 0);
	case EXPR_AND:
		return compile_chain(c, OP_AND, e);
	case EXPR_OR:
		return compile_chain(c, OP_OR, e);
	case EXPR_COMPARE:
		a = compile(c, e->arg[0]);
		b = compile(c, e->arg[1]);
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
		return emit(c, e->negated ? OP_IS_NOT_NULL : OP_IS_NULL, compile(c, e->arg[0]), 0, 0, 0);
	}
	return 0;
}

/* Field i is register i: they come first. */
static void compile_fields(struct compiler *c)
{
	struct program *p = c->p;
	size_t count = 0;

	for (const struct symbol *y = c->scope->first; y != NULL; y = y->next)
		count += y->kind == SYMBOL_FIELD && (y->used || y->shown);
	p->field = pool_zero(&p->pool, count, sizeof *p->field);
	for (struct symbol *y = c->scope->first; y != NULL; y = y->next) {
		if (y->kind != SYMBOL_FIELD || (!y->used && !y->shown))
			continue;
		y->slot = new_register(c, null_value());
		p->field[p->fields++] = (struct program_field){y->name, y->used ? rule_type(y->type) : TYPE_ANY};
	}
}

static void compile_parts(struct compiler *c, struct program_rule *r, const struct statement *t)
{
	r->parts = t->parts;
	r->part = pool_zero(&c->p->pool, t->parts, sizeof *r->part);
	for (size_t i = 0; i < t->parts; i++) {
		const struct expr *value = t->part[i].value;
		struct program_part *part = &r->part[i];

		part->literal = t->part[i].literal;
		part->field = -1;
		if (value == NULL)
			continue;
		part->has_value = true;
		part->value = compile_name(c, value->symbol);
		part->type = rule_type(value->type);
		if (value->symbol->kind == SYMBOL_FIELD)
			part->field = value->symbol->slot;
	}
}

static void compile_rule(struct compiler *c, struct program_rule *r, const struct statement *t)
{
	r->kind = t->kind;
	r->name = t->name;
	r->line = rule_line(c->source, t->at);
	r->when = compile(c, t->value);
	if (t->points != NULL) {
		r->has_points = true;
		r->points = compile(c, t->points);
	}
	compile_parts(c, r, t);
}

static void compile_bands(struct program *p, const struct statement *t)
{
	p->band = t->band;
	p->bands = t->bands;
	for (size_t i = 0; i < t->bands; i++) {
		if (span_eq(t->band[i].name, SPAN("block"))) {
			p->has_block = true;
			p->block = t->band[i].from;
		}
	}
}

/* --- models -------------------------------------------------------------------------------------------------------- */

static void compile_model(struct compiler *c, const struct statement *t)
{
	struct program *p = c->p;
	struct program_model *m = &p->model[p->models];

	*m = (struct program_model){.name = t->name, .file = t->file, .line = rule_line(c->source, t->at), .kind = t->model,
	                            .model = t->symbol->model, .inputs = t->value->count, .first = p->model_inputs};
	m->input = pool_zero(&p->pool, m->inputs, sizeof *m->input);
	for (size_t i = 0; i < m->inputs; i++) {
		const struct expr *e = t->value->arg[i];

		m->input[i] = (struct program_input){e->at, compile(c, e), rule_type(e->type)};
	}
	m->to = emit(c, OP_MODEL, (uint16_t)p->models, 0, 0, 0);
	t->symbol->slot = m->to;
	p->models++;
	p->model_inputs += m->inputs;
}

/* --- features ------------------------------------------------------------------------------------------------------ */

/* The register of an expression that features read: the same expression has the same one, so that they share a column. */
static uint16_t compile_input(struct compiler *c, const struct expr *e)
{
	struct input *i = c->inputs;

	while (i != NULL && !span_eq(i->text, e->at))
		i = i->next;
	if (i == NULL) {
		i = pool_zero(&c->p->pool, 1, sizeof *i);
		*i = (struct input){e->at, compile(c, e), c->inputs};
		c->inputs = i;
	}
	return i->reg;
}

static void compile_key(struct compiler *c, struct plan_group *key, const struct feature_clauses *f)
{
	for (size_t i = 0; i < f->keys; i++) {
		uint16_t reg = compile_name(c, f->key[i]->symbol);
		size_t at = key->keys++;

		for (; at > 0 && key->key[at - 1] > reg; at--) { /* in the order of the registers: (a, b) is the key (b, a) */
			key->key[at] = key->key[at - 1];
			key->type[at] = key->type[at - 1];
			key->name[at] = key->name[at - 1];
		}
		key->key[at] = reg;
		key->type[at] = rule_type(f->key[i]->type);
		key->name[at] = f->key[i]->text;
	}
}

static void compile_feature(struct compiler *c, struct plan_feature *f, struct plan_group *key, const struct statement *t)
{
	const struct feature_clauses *clauses = t->feature;

	f->name = t->name;
	f->line = rule_line(c->source, t->at);
	f->clauses = clauses;
	compile_key(c, key, clauses);
	for (size_t i = 0; i < clauses->args && !clauses->label; i++) {
		/* (a name that geo_speed() was not told has no place of its own in the file) */
		f->arg[i] = clauses->arg[i]->kind == EXPR_NAME ? compile_name(c, clauses->arg[i]->symbol)
		                                               : compile_input(c, clauses->arg[i]);
		f->arg_type = rule_type(clauses->arg[0]->type);
	}
	f->when = clauses->when != NULL ? compile_input(c, clauses->when) : UINT16_MAX;
}

/* Everything that features read is computed first, then they are, all at once; `keys` has room for one each. */
static void compile_features(struct compiler *c, const struct statement *first, struct plan_group *keys)
{
	struct plan *plan = &c->p->plan;
	const char *why;
	size_t at;

	for (const struct statement *t = first; t != NULL && c->source->errors == 0; t = t->next) {
		if (t->kind == STATEMENT_LET && !t->symbol->remembers)
			t->symbol->slot = compile(c, t->value);
		if (t->kind == STATEMENT_FEATURE) {
			compile_feature(c, &plan->feature[plan->features], &keys[plan->features], t);
			plan->features++;
		}
	}
	if (plan->features == 0 || c->source->errors > 0)
		return;
	plan->id = (uint16_t)c->scope->id->slot;
	plan->time = (uint16_t)c->scope->time->slot;
	why = plan_make(plan, &c->p->pool, keys, &at);
	if (why != NULL)
		rule_error(c->source, plan->feature[at].name, "%s", why);
	emit(c, OP_FEATURES, 0, 0, 0, 0);
	for (const struct statement *t = first; t != NULL; t = t->next)
		if (t->kind == STATEMENT_FEATURE)
			t->symbol->slot = new_register(c, null_value());
	at = 0;
	for (const struct statement *t = first; t != NULL; t = t->next)
		if (t->kind == STATEMENT_FEATURE)
			plan->feature[at++].to = (uint16_t)t->symbol->slot;
}

static size_t count_kind(const struct statement *first, enum statement_kind kind)
{
	size_t count = 0;

	for (; first != NULL; first = first->next)
		count += first->kind == kind;
	return count;
}

static void compile_values(struct program *p, const struct statement *first)
{
	for (const struct statement *t = first; t != NULL; t = t->next)
		p->values += t->symbol != NULL;
	p->value = pool_zero(&p->pool, p->values, sizeof *p->value);
	p->values = 0;
	for (const struct statement *t = first; t != NULL; t = t->next)
		if (t->symbol != NULL)
			p->value[p->values++] = (struct program_value){t->name, t->symbol->kind, rule_type(t->symbol->type),
			                                               (uint16_t)t->symbol->slot};
}

static void compile_all(struct compiler *c, const struct statement *first)
{
	struct program *p = c->p;
	size_t count = 0, features = count_kind(first, STATEMENT_FEATURE);
	struct plan_group *keys = xcalloc(features, sizeof *keys);

	for (const struct statement *t = first; t != NULL; t = t->next)
		count += t->kind <= STATEMENT_CHECK;
	p->rule = pool_zero(&p->pool, count, sizeof *p->rule);
	p->plan.feature = pool_zero(&p->pool, features, sizeof *p->plan.feature);
	p->model = pool_zero(&p->pool, count_kind(first, STATEMENT_MODEL), sizeof *p->model);
	compile_fields(c);
	compile_features(c, first, keys);
	free(keys);
	for (const struct statement *t = first; t != NULL && c->source->errors == 0; t = t->next) {
		if (t->kind <= STATEMENT_CHECK)
			compile_rule(c, &p->rule[p->rules++], t);
		else if (t->kind == STATEMENT_LET && t->symbol->remembers)
			t->symbol->slot = compile(c, t->value);
		else if (t->kind == STATEMENT_MODEL)
			compile_model(c, t);
		else if (t->kind == STATEMENT_BANDS)
			compile_bands(p, t);
	}
	compile_values(p, first);
	p->uses_currencies = c->base_amount >= 0;
	signature_make(first, &p->files, p->signature, &p->remembers_currencies);
}

static int compile_text(struct program *p, const char *name, struct span text, bool without_models, struct buf *errors)
{
	struct rule_source source = {.name = name};
	struct scope scope;
	struct compiler c = {.p = p, .source = &source, .base_amount = -1, .scope = &scope};
	struct statement *first;
	const char *nul;
	int status = 0;

	*p = (struct program){0};
	p->files.pool = &p->pool;
	p->files.without_models = without_models;
	source.text = pool_copy(&p->pool, text);
	nul = text.n > 0 ? memchr(source.text.p, '\0', text.n) : NULL;
	if (!utf8_valid(text)) {
		rule_error(&source, (struct span){source.text.p, 0}, "the file is not UTF-8");
	} else if (nul != NULL) { /* in a message it would go out where PostgreSQL cannot hold it */
		rule_error(&source, (struct span){nul, 1}, "a NUL byte");
	} else {
		first = rule_parse(&source, &p->pool);
		if (source.errors == 0) /* what could not be parsed would be missed as a name further down */
			rule_check(&scope, first, &source, &p->pool, &p->files);
		if (source.errors == 0)
			compile_all(&c, first);
	}
	if (source.errors > 0) {
		buf_add_span(errors, buf_span(&source.messages));
		if (source.errors > RULE_ERRORS_SHOWN)
			buf_addf(errors, "\n(%d more)", source.errors - RULE_ERRORS_SHOWN);
		program_free(p);
		status = -1;
	}
	rule_source_free(&source);
	return status;
}

int program_compile(struct program *p, const char *name, struct span text, struct buf *errors)
{
	return compile_text(p, name, text, false, errors);
}

int program_compile_untrained(struct program *p, const char *name, struct span text, struct buf *errors)
{
	return compile_text(p, name, text, true, errors);
}

void program_free(struct program *p)
{
	files_free(&p->files);
	pool_free(&p->pool);
	free(p->code);
	free(p->start);
	*p = (struct program){0};
}
