/* Recursive descent, one token ahead; after an error it goes on with the next line, so that one run shows all errors. */
#include <stdlib.h>

#include "rule_parser.h"

static const struct {
	const char *word;
	enum statement_kind kind;
} statements[] = {
	{"flag", STATEMENT_FLAG}, {"rule", STATEMENT_RULE}, {"allow", STATEMENT_ALLOW}, {"shadow", STATEMENT_SHADOW},
	{"check", STATEMENT_CHECK}, {"let", STATEMENT_LET}, {"field", STATEMENT_FIELD}, {"bands", STATEMENT_BANDS},
	{"list", STATEMENT_LIST}, {"table", STATEMENT_TABLE}, {"feature", STATEMENT_FEATURE},
	{"model", STATEMENT_MODEL},
};

const char *statement_name(enum statement_kind kind)
{
	for (size_t i = 0; i < sizeof statements / sizeof statements[0]; i++)
		if (statements[i].kind == kind)
			return statements[i].word;
	return "?";
}

const char *type_name(enum value_type type)
{
	static const char *const names[] = {"any", "number", "string", "boolean", "time"};

	return names[type];
}

/* The points of a rule: a sign and one value. */
static struct expr *parse_points(struct parser *p)
{
	struct expr *e;

	if (p->token.type != TOKEN_PLUS && p->token.type != TOKEN_MINUS)
		return parser_expected(p, "points with their sign, such as +40 or +(10 * x)");
	e = parser_unary(p);
	if (e != NULL && p->token.type != TOKEN_COLON)
		return parser_expected(p, ": behind the points (an expression as points stands in parentheses)");
	return e;
}

struct parts {
	struct message_part *item;
	size_t count;
	struct buf literal;
};

static void parts_add(struct parser *p, struct parts *parts, struct expr *value)
{
	parts->item = xrealloc(parts->item, (parts->count + 1) * sizeof *parts->item);
	parts->item[parts->count++] = (struct message_part){pool_copy(p->pool, buf_span(&parts->literal)), value};
	buf_clear(&parts->literal);
}

/* A {name} in a message; `at` is the {. Returns the }, or NULL. */
static const char *parse_placeholder(struct parser *p, struct parts *parts, const char *at, const char *end)
{
	const char *close = memchr(at, '}', (size_t)(end - at));
	struct span name;
	struct expr *e;

	if (close == NULL) {
		rule_error(p->source, (struct span){at, 1}, "this { is not closed (write {{ for a { in the text)");
		return NULL;
	}
	name = (struct span){at + 1, (size_t)(close - at - 1)};
	if (!lex_is_path(name) || parser_is_reserved(name)) {
		rule_error(p->source, (struct span){at, (size_t)(close - at + 1)},
		           "a placeholder is the name of a member or of a let, such as {amount} (write {{ for a { in the text)");
		return NULL;
	}
	e = parser_node(p, EXPR_NAME, name, 0);
	e->text = name;
	parts_add(p, parts, e);
	return close;
}

/* The message of a rule, from the source text, so that errors can point into it; its escapes are known to be good. */
static int parse_message(struct parser *p, struct statement *s)
{
	const char *at = p->token.at.p + 1, *end = p->token.at.p + p->token.at.n - 1;
	struct parts parts = {0};
	int status = -1;

	for (; at < end; at++) {
		if (*at == '\\') {
			at++;
			buf_add_char(&parts.literal, *at == 'n' ? '\n' : *at == 't' ? '\t' : *at);
		} else if ((*at == '{' || *at == '}') && at + 1 < end && at[1] == *at) {
			buf_add_char(&parts.literal, *at++);
		} else if (*at == '{') {
			at = parse_placeholder(p, &parts, at, end);
			if (at == NULL)
				goto done;
		} else if (*at == '}') {
			rule_error(p->source, (struct span){at, 1},
			           "this } closes nothing (write }} for a } in the text)");
			goto done;
		} else {
			buf_add_char(&parts.literal, *at);
		}
	}
	parts_add(p, &parts, NULL);
	s->parts = parts.count;
	s->part = pool_take(p->pool, parts.count * sizeof *parts.item);
	memcpy(s->part, parts.item, parts.count * sizeof *parts.item);
	parser_advance(p);
	status = 0;
done:
	free(parts.item);
	buf_free(&parts.literal);
	return status;
}

static int parse_name(struct parser *p, struct statement *s)
{
	struct span at = p->token.at;

	if (p->token.type != TOKEN_NAME) {
		parser_expected(p, "a name");
		return -1;
	}
	if (parser_is_reserved(at))
		return rule_error(p->source, at, "'%.*s' is a word of the language, it cannot be a name", SPAN_ARG(at));
	if (s->kind != STATEMENT_FIELD && memchr(at.p, '.', at.n) != NULL)
		return rule_error(p->source, at, "a name is made of letters, digits and _");
	s->name = at;
	parser_advance(p);
	return 0;
}

/* NAME [points] : condition ["message"] */
static int parse_condition(struct parser *p, struct statement *s)
{
	bool points = p->token.type == TOKEN_PLUS || p->token.type == TOKEN_MINUS;

	if (s->kind == STATEMENT_RULE || (s->kind == STATEMENT_SHADOW && points)) {
		s->points = parse_points(p);
		if (s->points == NULL)
			return -1;
	} else if (points) {
		return rule_error(p->source, p->token.at, "only rule and shadow have points; a %s has none",
		                  statement_name(s->kind));
	}
	if (!parser_accept(p, TOKEN_COLON)) {
		parser_expected(p, ": behind the name");
		return -1;
	}
	s->value = parser_expr(p);
	if (s->value == NULL)
		return -1;
	return p->token.type == TOKEN_STRING ? parse_message(p, s) : 0;
}

static int parse_let(struct parser *p, struct statement *s)
{
	if (!parser_accept(p, TOKEN_ASSIGN)) {
		parser_expected(p, "= behind the name");
		return -1;
	}
	s->value = parser_expr(p);
	return s->value != NULL ? 0 : -1;
}

/* NAME type: what a member of that name holds. */
static int parse_field(struct parser *p, struct statement *s)
{
	for (enum value_type t = TYPE_NUMBER; t <= TYPE_TIME; t++) {
		if (parser_is_word(p, type_name(t))) {
			s->type = t;
			parser_advance(p);
			return 0;
		}
	}
	parser_expected(p, "a type: number, string, boolean or time");
	return -1;
}

static int parse_bands(struct parser *p, struct statement *s)
{
	struct band bands[32];

	do {
		struct band *b = &bands[s->bands];
		struct span at = p->token.at;
		struct expr *from;

		if (s->bands == sizeof bands / sizeof bands[0])
			return rule_error(p->source, at, "too many bands");
		if (parse_name(p, s) < 0)
			return -1;
		*b = (struct band){.at = at, .name = s->name};
		from = parser_unary(p);
		if (from == NULL)
			return -1;
		if (from->kind != EXPR_NUMBER)
			return rule_error(p->source, from->at, "a band begins at a number");
		b->from = from->number;
		s->bands++;
	} while (parser_accept(p, TOKEN_COMMA));
	s->name = (struct span){0};
	s->band = pool_take(p->pool, s->bands * sizeof *s->band);
	memcpy(s->band, bands, s->bands * sizeof *s->band);
	return 0;
}

static int unknown_statement(struct parser *p)
{
	struct suggestion g = suggest_begin(p->token.at);

	for (size_t i = 0; i < sizeof statements / sizeof statements[0]; i++)
		suggest_offer(&g, span_of(statements[i].word));
	if (g.best.n > 0)
		return rule_error(p->source, p->token.at, "'%.*s' begins no statement; did you mean %.*s?",
		                  SPAN_ARG(p->token.at), SPAN_ARG(g.best));
	return rule_error(p->source, p->token.at,
	                  "'%.*s' begins no statement: there are flag, rule, allow, shadow, check, let, list, table, feature, model, field and bands",
	                  SPAN_ARG(p->token.at));
}

static int parse_statement(struct parser *p, struct statement *s)
{
	size_t i = 0;

	if (p->token.type == TOKEN_BAD)
		return -1;
	while (i < sizeof statements / sizeof statements[0] && !parser_is_word(p, statements[i].word))
		i++;
	if (i == sizeof statements / sizeof statements[0])
		return unknown_statement(p);
	s->kind = statements[i].kind;
	s->at = p->token.at;
	parser_advance(p);
	if (s->kind == STATEMENT_BANDS)
		return parse_bands(p, s);
	if (parse_name(p, s) < 0)
		return -1;
	if (s->kind == STATEMENT_LET)
		return parse_let(p, s);
	if (s->kind == STATEMENT_FIELD)
		return parse_field(p, s);
	if (s->kind == STATEMENT_LIST)
		return parser_list(p, s);
	if (s->kind == STATEMENT_TABLE)
		return parser_table(p, s);
	if (s->kind == STATEMENT_FEATURE)
		return parser_feature(p, s);
	if (s->kind == STATEMENT_MODEL)
		return parser_model(p, s);
	return parse_condition(p, s);
}

struct statement *rule_parse(struct rule_source *source, struct pool *pool)
{
	struct parser p = {.source = source, .pool = pool};
	struct statement *first = NULL, **last = &first;

	lex_begin(&p.lexer, source, pool);
	for (parser_advance(&p); p.token.type != TOKEN_END; parser_advance(&p)) {
		struct statement *s;

		if (p.token.type == TOKEN_NEWLINE)
			continue;
		s = pool_zero(pool, 1, sizeof *s);
		p.depth = 0;
		if (parse_statement(&p, s) == 0) {
			if (p.token.type == TOKEN_NEWLINE || p.token.type == TOKEN_END) {
				*last = s;
				last = &s->next;
			} else {
				parser_expected(&p, "the end of the line");
			}
		}
		if (p.token.type == TOKEN_END)
			break;
		if (p.token.type != TOKEN_NEWLINE)
			lex_skip_line(&p.lexer);
	}
	return first;
}
