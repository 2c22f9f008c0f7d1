/* What the two halves of the parser share: rule_parse.c (statements) and rule_expr.c (expressions). */
#ifndef FRAUDCHECK_RULE_PARSER_H
#define FRAUDCHECK_RULE_PARSER_H

#include "rule_ast.h"

struct parser {
	struct lexer lexer;
	struct token token; /* the one that comes next */
	struct rule_source *source;
	struct pool *pool;
	unsigned depth;
};

void parser_advance(struct parser *p);

/* Take the next token if it is of that type. */
bool parser_accept(struct parser *p, enum token_type type);

bool parser_is_word(const struct parser *p, const char *word);
bool parser_is_reserved(struct span name);

/* Report "expected ..., found ..." at the next token. Always NULL. */
void *parser_expected(struct parser *p, const char *what);

/* Each returns NULL after having reported an error. */
struct expr *parser_expr(struct parser *p);
struct expr *parser_unary(struct parser *p); /* a value with or without a sign */

/* What is called `name`, from its ( on. */
struct expr *parser_call(struct parser *p, struct span name);

/* ( literals ): the items of a list, as the arguments from 1 on; arg[0] is `x`. */
struct expr *parser_items(struct parser *p, struct expr *x);

/* Behind the name of a statement. 0, or -1 after having reported an error. */
int parser_feature(struct parser *p, struct statement *s);
int parser_list(struct parser *p, struct statement *s);
int parser_table(struct parser *p, struct statement *s);
int parser_model(struct parser *p, struct statement *s);

struct expr *parser_node(struct parser *p, enum expr_kind kind, struct span at, size_t count);

#endif
