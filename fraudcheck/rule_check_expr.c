/* Expressions of a rule file: every part gets its type, every name its meaning. */
#include "rule_checker.h"

#include "builtin.h"

int checker_name(struct scope *s, struct expr *e)
{
	e->symbol = checker_resolve(s, e->text);
	if (e->symbol == NULL)
		return -1;
	e->type = e->symbol->type;
	return 0;
}

static int check_count(struct scope *s, const struct expr *e, const struct builtin *b)
{
	size_t least = strlen(b->args);

	if (e->count < least || (e->count > least && !b->more))
		return rule_error(s->source, e->at, "%s takes %s%zu argument%s: %s", b->name,
		                  b->more ? "at least " : "", least,
		                  least == 1 ? "" : "s", b->usage);
	return 0;
}

static enum value_type type_of_letter(char letter)
{
	switch (letter) {
	case 'n':
		return TYPE_NUMBER;
	case 's':
		return TYPE_STRING;
	case 't':
		return TYPE_TIME;
	case 'b':
		return TYPE_BOOL;
	default:
		return TYPE_ANY;
	}
}

static int unknown_function(struct scope *s, const struct expr *e)
{
	struct suggestion g = suggest_begin(e->text);

	for (enum aggregate a = AGGREGATE_COUNT; a <= AGGREGATE_GEO_SPEED; a++)
		if (span_eq(e->text, span_of(aggregate_name(a))))
			return rule_error(s->source, e->text, "%s looks at earlier records: give it a name first, as in feature x = %s(…) by "
			                  "customer_id over 1d", aggregate_name(a), aggregate_name(a));
	for (size_t i = 0; builtin_at(i) != NULL; i++)
		suggest_offer(&g, span_of(builtin_at(i)->name));
	if (g.best.n > 0)
		return rule_error(s->source, e->text, "unknown function '%.*s'; did you mean %.*s?", SPAN_ARG(e->text),
		                  SPAN_ARG(g.best));
	return rule_error(s->source, e->text, "unknown function '%.*s'", SPAN_ARG(e->text));
}

static int check_call(struct scope *s, struct expr *e)
{
	const struct builtin *b = builtin_find(e->text);
	size_t letters;
	int status = 0;

	if (b == NULL)
		return unknown_function(s, e);
	if (check_count(s, e, b) < 0)
		return -1;
	e->builtin = b;
	letters = strlen(b->args);
	for (size_t i = 0; i < e->count; i++) {
		enum value_type want = type_of_letter(b->args[i < letters ? i : letters - 1]);

		if (want != TYPE_ANY)
			status |= checker_require(s, e->arg[i], want);
		else if (i > 0)
			status |= checker_unify(s, e->arg[0], e->arg[i]);
	}
	e->type = b->result == '*' ? e->arg[0]->type : checker_type_new(s, type_of_letter(b->result), e->at);
	return status;
}

static int check_ordered(struct scope *s, struct expr *e)
{
	struct type *t = checker_root(e->type);

	t->ordered = true;
	if (t->known == TYPE_BOOL)
		return rule_error(s->source, e->at, "a boolean is neither smaller nor larger than another");
	return 0;
}

/* Comparisons, ranges and lists: all of one type. */
static int check_alike(struct scope *s, struct expr *e)
{
	bool ordered = e->kind == EXPR_IN_RANGE || (e->kind == EXPR_COMPARE && e->op != TOKEN_EQ && e->op != TOKEN_NE);

	for (size_t i = 1; i < e->count; i++)
		if (checker_unify(s, e->arg[0], e->arg[i]) < 0)
			return -1;
	checker_root(e->arg[0]->type)->compared = true;
	if (e->kind == EXPR_IN_LIST && checker_root(e->arg[0]->type)->known == TYPE_BOOL)
		return rule_error(s->source, e->at, "a boolean needs no list: write `x` or `not x`");
	return ordered ? check_ordered(s, e->arg[0]) : 0;
}

static int require_all(struct scope *s, struct expr *e, enum value_type want)
{
	int status = 0;

	for (size_t i = 0; i < e->count; i++)
		status |= checker_require(s, e->arg[i], want);
	return status;
}

static enum value_type type_of_kind(enum expr_kind kind)
{
	switch (kind) {
	case EXPR_NUMBER:
	case EXPR_NEGATE:
	case EXPR_ARITHMETIC:
		return TYPE_NUMBER;
	case EXPR_STRING:
		return TYPE_STRING;
	case EXPR_TIME:
		return TYPE_TIME;
	default:
		return TYPE_BOOL;
	}
}

/* x in LIST */
static int check_set(struct scope *s, struct expr *e)
{
	struct suggestion g = suggest_begin(e->text);

	e->symbol = checker_find(s, e->text);
	if (e->symbol != NULL && e->symbol->kind == SYMBOL_LIST)
		return checker_require(s, e->arg[0], TYPE_STRING);
	for (const struct symbol *y = s->first; y != NULL; y = y->next)
		if (y->kind == SYMBOL_LIST)
			suggest_offer(&g, y->name);
	if (g.best.n > 0)
		return rule_error(s->source, e->at, "there is no list %.*s; did you mean %.*s?", SPAN_ARG(e->text), SPAN_ARG(g.best));
	return rule_error(s->source, e->at, "there is no list %.*s: write list %.*s = file \"PATH\" above, or the values as (…)",
	                  SPAN_ARG(e->text), SPAN_ARG(e->text));
}

int checker_expr(struct scope *s, struct expr *e)
{
	int status = 0;

	for (size_t i = 0; i < e->count; i++)
		status |= checker_expr(s, e->arg[i]);
	if (status < 0)
		return -1;
	if (e->kind == EXPR_NAME) {
		if (checker_name(s, e) < 0)
			return -1;
		e->symbol->used = true;
		return 0;
	}
	if (e->kind == EXPR_CALL)
		return check_call(s, e);
	e->type = checker_type_new(s, type_of_kind(e->kind), e->at);
	switch (e->kind) {
	case EXPR_NEGATE:
	case EXPR_ARITHMETIC:
		return require_all(s, e, TYPE_NUMBER);
	case EXPR_NOT:
	case EXPR_AND:
	case EXPR_OR:
		return require_all(s, e, TYPE_BOOL);
	case EXPR_COMPARE:
	case EXPR_IN_LIST:
	case EXPR_IN_RANGE:
		return check_alike(s, e);
	case EXPR_IN_SET:
		return check_set(s, e);
	default:
		return 0;
	}
}

const struct expr *checker_remembering(const struct expr *e)
{
	if (e->kind == EXPR_NAME && e->symbol->remembers)
		return e;
	for (size_t i = 0; i < e->count; i++) {
		const struct expr *found = checker_remembering(e->arg[i]);

		if (found != NULL)
			return found;
	}
	return NULL;
}
