/* Tokens of the rule language (docs/rules.md). */
#ifndef FRAUDCHECK_RULE_LEX_H
#define FRAUDCHECK_RULE_LEX_H

#include <stdint.h>

#include "pool.h"
#include "rule_error.h"

enum token_type {
	TOKEN_END,
	TOKEN_NEWLINE, /* ends a statement; inside parentheses line ends are blanks */
	TOKEN_NAME,    /* also a path: location.lat */
	TOKEN_NUMBER,
	TOKEN_DURATION, /* 10m, 30d: only where a clause of a feature asks for it */
	TOKEN_STRING,
	TOKEN_COLON,
	TOKEN_COMMA,
	TOKEN_OPEN,
	TOKEN_CLOSE,
	TOKEN_ASSIGN, /* = */
	TOKEN_RANGE,  /* .. */
	TOKEN_PLUS,
	TOKEN_MINUS,
	TOKEN_TIMES,
	TOKEN_DIVIDE,
	TOKEN_EQ,
	TOKEN_NE,
	TOKEN_LT,
	TOKEN_LE,
	TOKEN_GT,
	TOKEN_GE,
	TOKEN_BAD /* reported already */
};

struct token {
	enum token_type type;
	struct span at;     /* its bytes */
	double number;      /* of TOKEN_NUMBER */
	int64_t duration;   /* of TOKEN_DURATION, in microseconds */
	struct span string; /* of TOKEN_STRING: content with the escapes undone, in the pool */
};

struct lexer {
	struct rule_source *source;
	struct pool *pool;
	const char *p, *end;
	int open; /* parentheses */
};

void lex_begin(struct lexer *l, struct rule_source *source, struct pool *pool);

/* The next token. After TOKEN_END comes TOKEN_END. */
struct token lex_next(struct lexer *l);

/* After an error: forget open parentheses and go to the end of the line (whose TOKEN_NEWLINE comes next). */
void lex_skip_line(struct lexer *l);

/* Are these bytes a name or a path, and nothing else? */
bool lex_is_path(struct span s);

#endif
