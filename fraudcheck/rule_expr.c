/* Expressions, by recursive descent: or, and, not, comparison, sum, product, sign, value. */
#include <stdlib.h>

#include "rule_parser.h"

enum { DEPTH_MAX = 200, ARGS_MAX = 10000 };

/* A list of expressions while its length is not known yet. */
struct exprs {
	struct expr **item;
	size_t count, cap;
};

static const char *const reserved[] = {"and", "or", "not", "in", "is", "null", "true", "false"};

void parser_advance(struct parser *p)
{
	p->token = lex_next(&p->lexer);
}

bool parser_is_word(const struct parser *p, const char *word)
{
	return p->token.type == TOKEN_NAME && span_eq(p->token.at, span_of(word));
}

bool parser_is_reserved(struct span name)
{
	for (size_t i = 0; i < sizeof reserved / sizeof reserved[0]; i++)
		if (span_eq(name, span_of(reserved[i])))
			return true;
	return false;
}

void *parser_expected(struct parser *p, const char *what)
{
	if (p->token.type == TOKEN_BAD)
		return NULL;
	if (p->token.type == TOKEN_END || p->token.type == TOKEN_NEWLINE)
		rule_error(p->source, (struct span){p->token.at.p, 0}, "expected %s, but the line ends", what);
	else if (p->token.type == TOKEN_ASSIGN)
		rule_error(p->source, p->token.at, "expected %s; to compare, write ==", what);
	else
		rule_error(p->source, p->token.at, "expected %s, found '%.*s'", what, SPAN_ARG(p->token.at));
	return NULL;
}

bool parser_accept(struct parser *p, enum token_type type)
{
	if (p->token.type != type)
		return false;
	parser_advance(p);
	return true;
}

/* From the beginning of `from` to the end of `to`. */
static struct span reach(struct span from, struct span to)
{
	return (struct span){from.p, (size_t)(to.p + to.n - from.p)};
}

struct expr *parser_node(struct parser *p, enum expr_kind kind, struct span at, size_t count)
{
	struct expr *e = pool_zero(p->pool, 1, sizeof *e);

	e->kind = kind;
	e->at = at;
	e->count = count;
	e->arg = count > 0 ? pool_zero(p->pool, count, sizeof(struct expr *)) : NULL;
	return e;
}

/* Put the arguments in. NULL when one is missing (reported) or when it gets too deep for the functions that walk it. */
static struct expr *expr_fill(struct parser *p, struct expr *e, struct expr *const *arg)
{
	for (size_t i = 0; i < e->count; i++) {
		if (arg[i] == NULL)
			return NULL;
		e->arg[i] = arg[i];
		if (arg[i]->depth >= e->depth)
			e->depth = arg[i]->depth + 1;
	}
	if (e->depth > DEPTH_MAX) {
		rule_error(p->source, e->at, "this is nested too deeply: name parts of it with let");
		return NULL;
	}
	return e;
}

static struct expr *unary(struct parser *p, enum expr_kind kind, struct span at, struct expr *arg)
{
	return arg != NULL ? expr_fill(p, parser_node(p, kind, reach(at, arg->at), 1), &arg) : NULL;
}

static struct expr *binary(struct parser *p, enum expr_kind kind, enum token_type op, struct expr *a, struct expr *b)
{
	struct expr *arg[2] = {a, b}, *e;

	if (a == NULL || b == NULL)
		return NULL;
	e = parser_node(p, kind, reach(a->at, b->at), 2);
	e->op = op;
	return expr_fill(p, e, arg);
}

/* Takes over `item`; -1 when it is NULL or one too many. */
static int exprs_add(struct parser *p, struct exprs *list, struct expr *item)
{
	if (item == NULL)
		return -1;
	if (list->count >= ARGS_MAX)
		return rule_error(p->source, item->at, "more than %d of them", ARGS_MAX);
	if (list->count == list->cap) {
		list->cap = list->cap > 0 ? 2 * list->cap : 8;
		list->item = xrealloc(list->item, list->cap * sizeof(struct expr *));
	}
	list->item[list->count++] = item;
	return 0;
}

static struct expr *exprs_finish(struct parser *p, struct exprs *list, enum expr_kind kind, struct span at)
{
	struct expr *e = expr_fill(p, parser_node(p, kind, at, list->count), list->item);

	free(list->item);
	return e;
}

static struct expr *exprs_fail(struct exprs *list)
{
	free(list->item);
	return NULL;
}

/* The ) that belongs to the ( at `open`; on success *end is its place. */
static int close_paren(struct parser *p, struct span open, struct span *end)
{
	*end = p->token.at;
	if (parser_accept(p, TOKEN_CLOSE))
		return 0;
	if (p->token.type == TOKEN_END || memchr(open.p, '\n', (size_t)(p->token.at.p - open.p)) != NULL)
		return rule_error(p->source, open, "this ( is not closed");
	parser_expected(p, ", or )");
	return -1;
}

struct expr *parser_call(struct parser *p, struct span name)
{
	struct exprs list = {0};
	struct span open = p->token.at, end;
	struct expr *e;

	parser_advance(p);
	if (p->token.type != TOKEN_CLOSE) {
		do {
			if (exprs_add(p, &list, parser_expr(p)) < 0)
				return exprs_fail(&list);
		} while (parser_accept(p, TOKEN_COMMA));
	}
	if (close_paren(p, open, &end) < 0)
		return exprs_fail(&list);
	e = exprs_finish(p, &list, EXPR_CALL, reach(name, end));
	if (e != NULL)
		e->text = name;
	return e;
}

static struct expr *parse_word(struct parser *p)
{
	struct span name = p->token.at;
	struct expr *e;

	if (parser_is_word(p, "true") || parser_is_word(p, "false")) {
		e = parser_node(p, EXPR_BOOL, name, 0);
		e->truth = name.n == 4;
		parser_advance(p);
		return e;
	}
	if (parser_is_word(p, "null")) {
		rule_error(p->source, name,
		           "null is not a value to compare with: write `x is null` or `x is not null`");
		return NULL;
	}
	if (parser_is_reserved(name))
		return parser_expected(p, "a value");
	parser_advance(p);
	if (p->token.type == TOKEN_OPEN)
		return parser_call(p, name);
	e = parser_node(p, EXPR_NAME, name, 0);
	e->text = name;
	return e;
}

static struct expr *parse_paren(struct parser *p)
{
	struct span open = p->token.at, end;
	struct expr *e;

	parser_advance(p);
	e = parser_expr(p);
	if (e == NULL || close_paren(p, open, &end) < 0)
		return NULL;
	e->at = reach(open, end);
	return e;
}

static struct expr *parse_primary(struct parser *p)
{
	struct token t = p->token;
	struct expr *e;

	switch (t.type) {
	case TOKEN_NUMBER:
		e = parser_node(p, EXPR_NUMBER, t.at, 0);
		e->number = t.number;
		break;
	case TOKEN_STRING:
		e = parser_node(p, EXPR_STRING, t.at, 0);
		e->text = t.string;
		break;
	case TOKEN_NAME:
		return parse_word(p);
	case TOKEN_OPEN:
		return parse_paren(p);
	case TOKEN_DURATION:
		rule_error(p->source, t.at, "a duration stands only behind over and delay; times differ in seconds");
		return NULL;
	default:
		return parser_expected(p, "a value");
	}
	parser_advance(p);
	return e;
}

struct expr *parser_unary(struct parser *p)
{
	struct span at = p->token.at;
	struct expr *e;

	if (p->token.type == TOKEN_PLUS || p->token.type == TOKEN_MINUS) {
		bool minus = p->token.type == TOKEN_MINUS;

		if (++p->depth > DEPTH_MAX) {
			rule_error(p->source, at, "this is nested too deeply");
			return NULL;
		}
		parser_advance(p);
		e = parser_unary(p);
		p->depth--;
		if (e != NULL && minus && e->kind == EXPR_NUMBER) {
			e->number = -e->number;
			e->at = reach(at, e->at);
			return e;
		}
		return minus ? unary(p, EXPR_NEGATE, at, e) : e;
	}
	return parse_primary(p);
}

static struct expr *parse_product(struct parser *p)
{
	struct expr *e = parser_unary(p);

	while (e != NULL && (p->token.type == TOKEN_TIMES || p->token.type == TOKEN_DIVIDE)) {
		enum token_type op = p->token.type;

		parser_advance(p);
		e = binary(p, EXPR_ARITHMETIC, op, e, parser_unary(p));
	}
	return e;
}

static struct expr *parse_sum(struct parser *p)
{
	struct expr *e = parse_product(p);

	while (e != NULL && (p->token.type == TOKEN_PLUS || p->token.type == TOKEN_MINUS)) {
		enum token_type op = p->token.type;

		parser_advance(p);
		e = binary(p, EXPR_ARITHMETIC, op, e, parse_product(p));
	}
	return e;
}

/* Behind `x in (`: literals. */
struct expr *parser_items(struct parser *p, struct expr *x)
{
	struct exprs list = {0};
	struct span open = p->token.at, end;

	exprs_add(p, &list, x);
	parser_advance(p);
	do {
		struct expr *item = parser_unary(p);

		if (item != NULL && item->kind != EXPR_NUMBER && item->kind != EXPR_STRING && item->kind != EXPR_BOOL) {
			rule_error(p->source, item->at, "a list holds literals: numbers or strings");
			item = NULL;
		}
		if (exprs_add(p, &list, item) < 0)
			return exprs_fail(&list);
	} while (parser_accept(p, TOKEN_COMMA));
	if (close_paren(p, open, &end) < 0)
		return exprs_fail(&list);
	return exprs_finish(p, &list, EXPR_IN_LIST, reach(x->at, end));
}

/* Behind `x in`: (…) is a list unless a range begins with a parenthesis, which only the .. behind it would show; ranges
 * that need parentheses can be written as comparisons. */
static struct expr *parse_in(struct parser *p, struct expr *x)
{
	struct expr *arg[3] = {x, NULL, NULL};

	if (p->token.type == TOKEN_OPEN)
		return parser_items(p, x);
	arg[1] = parse_sum(p);
	if (arg[1] == NULL)
		return NULL;
	if (p->token.type != TOKEN_RANGE && arg[1]->kind == EXPR_NAME) {
		struct expr *e = unary(p, EXPR_IN_SET, x->at, x);

		if (e != NULL) {
			e->at = reach(x->at, arg[1]->at);
			e->text = arg[1]->text;
		}
		return e;
	}
	if (!parser_accept(p, TOKEN_RANGE))
		return parser_expected(p, "a range such as 1..5, or the name of a list");
	arg[2] = parse_sum(p);
	if (arg[2] == NULL)
		return NULL;
	return expr_fill(p, parser_node(p, EXPR_IN_RANGE, reach(x->at, arg[2]->at), 3), arg);
}

/* Behind `x is`. */
static struct expr *parse_is(struct parser *p, struct expr *x)
{
	struct expr *e;
	bool negated = false;

	if (parser_is_word(p, "not")) {
		negated = true;
		parser_advance(p);
	}
	if (!parser_is_word(p, "null"))
		return parser_expected(p, "null: what is asked for is `is null` or `is not null`");
	e = unary(p, EXPR_IS_NULL, reach(x->at, p->token.at), x);
	parser_advance(p);
	if (e != NULL)
		e->negated = negated;
	return e;
}

static bool is_comparison(enum token_type type)
{
	return type >= TOKEN_EQ && type <= TOKEN_GE;
}

static struct expr *parse_comparison(struct parser *p)
{
	struct expr *e = parse_sum(p);
	bool negated = false;

	if (e == NULL)
		return NULL;
	if (is_comparison(p->token.type)) {
		enum token_type op = p->token.type;

		parser_advance(p);
		e = binary(p, EXPR_COMPARE, op, e, parse_sum(p));
		if (e != NULL && is_comparison(p->token.type)) {
			rule_error(p->source, p->token.at, "comparisons do not chain: join two of them by and");
			return NULL;
		}
		return e;
	}
	if (parser_is_word(p, "is")) {
		parser_advance(p);
		return parse_is(p, e);
	}
	if (parser_is_word(p, "not")) {
		negated = true;
		parser_advance(p);
		if (!parser_is_word(p, "in"))
			return parser_expected(p, "in: what can follow here is `not in`");
	}
	if (!parser_is_word(p, "in"))
		return e;
	parser_advance(p);
	e = parse_in(p, e);
	if (e != NULL)
		e->negated = negated;
	return e;
}

static struct expr *parse_not(struct parser *p)
{
	struct span at = p->token.at;
	struct expr *e;

	if (!parser_is_word(p, "not"))
		return parse_comparison(p);
	if (++p->depth > DEPTH_MAX) {
		rule_error(p->source, at, "this is nested too deeply");
		return NULL;
	}
	parser_advance(p);
	e = unary(p, EXPR_NOT, at, parse_not(p));
	p->depth--;
	return e;
}

static struct expr *parse_joined(struct parser *p, enum expr_kind kind, const char *word,
                                 struct expr *(*part)(struct parser *))
{
	struct expr *first = part(p);
	struct exprs list = {0};

	if (first == NULL || !parser_is_word(p, word))
		return first;
	exprs_add(p, &list, first);
	while (parser_is_word(p, word)) {
		parser_advance(p);
		if (exprs_add(p, &list, part(p)) < 0)
			return exprs_fail(&list);
	}
	return exprs_finish(p, &list, kind, reach(first->at, list.item[list.count - 1]->at));
}

static struct expr *parse_and(struct parser *p)
{
	return parse_joined(p, EXPR_AND, "and", parse_not);
}

struct expr *parser_expr(struct parser *p)
{
	struct expr *e;

	if (++p->depth > DEPTH_MAX) {
		rule_error(p->source, p->token.at, "this is nested too deeply");
		return NULL;
	}
	e = parse_joined(p, EXPR_OR, "or", parse_and);
	p->depth--;
	return e;
}
