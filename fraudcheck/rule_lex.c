#include "rule_lex.h"

#include <stdint.h>

#include "parse.h"

void lex_begin(struct lexer *l, struct rule_source *source, struct pool *pool)
{
	*l = (struct lexer){.source = source, .pool = pool, .p = source->text.p, .end = source->text.p + source->text.n};
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

/* The character `ahead` places further on, or NUL behind the end. */
static char peek(const struct lexer *l, size_t ahead)
{
	return (size_t)(l->end - l->p) > ahead ? l->p[ahead] : '\0';
}

static struct token finish(struct lexer *l, enum token_type type, size_t n)
{
	struct token t = {.type = type, .at = {l->p, n}};

	l->p += n;
	return t;
}

static struct token bad(struct lexer *l, size_t n, const char *why)
{
	struct token t = finish(l, TOKEN_BAD, n);

	rule_error(l->source, t.at, "%s", why);
	return t;
}

/* Length of the path that begins at `p`, 0 if none does. */
static size_t path(const char *p, const char *end)
{
	const char *at = p;

	while (at < end && is_letter(*at)) {
		while (at < end && (is_letter(*at) || is_digit(*at)))
			at++;
		if (end - at < 2 || *at != '.' || !is_letter(at[1]))
			break;
		at++;
	}
	return (size_t)(at - p);
}

bool lex_is_path(struct span s)
{
	return s.n > 0 && path(s.p, s.p + s.n) == s.n;
}

static struct token number(struct lexer *l)
{
	struct token t;
	size_t n = 0;

	while (is_digit(peek(l, n)))
		n++;
	if (peek(l, n) == '.' && is_digit(peek(l, n + 1)))
		for (n++; is_digit(peek(l, n));)
			n++;
	if (peek(l, n) == 'e' || peek(l, n) == 'E') {
		size_t sign = peek(l, n + 1) == '+' || peek(l, n + 1) == '-';

		if (is_digit(peek(l, n + 1 + sign)))
			for (n += 1 + sign; is_digit(peek(l, n));)
				n++;
	}
	if (is_letter(peek(l, n))) {
		int64_t duration;

		while (is_letter(peek(l, n)) || is_digit(peek(l, n)))
			n++;
		if (parse_duration((struct span){l->p, n}, &duration) == 0) {
			t = finish(l, TOKEN_DURATION, n);
			t.duration = duration;
			return t;
		}
		return bad(l, n, "a number may not run into letters (a duration is a whole number with us, ms, s, m, h, d or w)");
	}
	t = finish(l, TOKEN_NUMBER, n);
	if (parse_real(t.at, &t.number) < 0) {
		rule_error(l->source, t.at, "this number is too large or too long");
		t.type = TOKEN_BAD;
	}
	return t;
}

/* The character behind a backslash, or NUL if there is none such. */
static char escape(char c)
{
	switch (c) {
	case '"':
	case '\\':
		return c;
	case 'n':
		return '\n';
	case 't':
		return '\t';
	default:
		return '\0';
	}
}

static struct token string(struct lexer *l)
{
	const char *from = l->p + 1;
	struct token t;
	size_t n = 1, length = 0;
	char *to;

	while (peek(l, n) != '"') {
		if (l->p + n >= l->end || l->p[n] == '\n')
			return bad(l, n, "this string is not closed");
		n += l->p[n] == '\\' && peek(l, n + 1) != '\n' && peek(l, n + 1) != '\0' ? 2 : 1;
	}
	t = finish(l, TOKEN_STRING, n + 1);
	to = pool_take(l->pool, n);
	for (; from < t.at.p + n; from++) {
		if (*from == '\\') {
			to[length] = escape(*++from);
			if (to[length] == '\0') {
				t.type = TOKEN_BAD;
				rule_error(l->source, (struct span){from - 1, 2},
				           "unknown escape: there are \\\" \\\\ \\n and \\t");
				return t;
			}
			length++;
		} else {
			to[length++] = *from;
		}
	}
	t.string = (struct span){to, length};
	return t;
}

static struct token symbol(struct lexer *l)
{
	static const struct {
		char text[3];
		enum token_type type;
		const char *instead;
	} symbols[] = {
		{"..", TOKEN_RANGE, NULL}, {"==", TOKEN_EQ, NULL}, {"!=", TOKEN_NE, NULL}, {"<=", TOKEN_LE, NULL},
		{">=", TOKEN_GE, NULL}, {"<>", TOKEN_BAD, "write != for \"not equal\""},
		{"&&", TOKEN_BAD, "write and for &&"}, {"||", TOKEN_BAD, "write or for ||"}, {"<", TOKEN_LT, NULL},
		{">", TOKEN_GT, NULL}, {"=", TOKEN_ASSIGN, NULL}, {"+", TOKEN_PLUS, NULL}, {"-", TOKEN_MINUS, NULL},
		{"*", TOKEN_TIMES, NULL}, {"/", TOKEN_DIVIDE, NULL}, {"(", TOKEN_OPEN, NULL}, {")", TOKEN_CLOSE, NULL},
		{":", TOKEN_COLON, NULL}, {",", TOKEN_COMMA, NULL}, {"!", TOKEN_BAD, "write not for !"},
		{"'", TOKEN_BAD, "strings stand between double quotes"},
	};

	for (size_t i = 0; i < sizeof symbols / sizeof symbols[0]; i++) {
		size_t n = strlen(symbols[i].text);

		if (peek(l, 0) != symbols[i].text[0] || (n == 2 && peek(l, 1) != symbols[i].text[1]))
			continue;
		if (symbols[i].type == TOKEN_BAD)
			return bad(l, n, symbols[i].instead);
		if (symbols[i].type == TOKEN_OPEN)
			l->open++;
		if (symbols[i].type == TOKEN_CLOSE && l->open > 0)
			l->open--;
		return finish(l, symbols[i].type, n);
	}
	return bad(l, 1, (unsigned char)*l->p < 0x80 ? "this character means nothing here"
	                                              : "outside strings and comments only ASCII has a meaning");
}

struct token lex_next(struct lexer *l)
{
	for (; l->p < l->end; l->p++) {
		char c = *l->p;

		if (c == '#') {
			while (l->p + 1 < l->end && l->p[1] != '\n')
				l->p++;
			continue;
		}
		if (c == '\n' && l->open == 0)
			return finish(l, TOKEN_NEWLINE, 1);
		if (c != ' ' && c != '\t' && c != '\r' && c != '\n')
			break;
	}
	if (l->p >= l->end)
		return (struct token){.type = TOKEN_END, .at = {l->end, 0}};
	if (is_letter(*l->p))
		return finish(l, TOKEN_NAME, path(l->p, l->end));
	if (is_digit(*l->p) || (*l->p == '.' && is_digit(peek(l, 1))))
		return number(l);
	if (*l->p == '"')
		return string(l);
	return symbol(l);
}

void lex_skip_line(struct lexer *l)
{
	l->open = 0;
	while (l->p < l->end && *l->p != '\n')
		l->p++;
}
