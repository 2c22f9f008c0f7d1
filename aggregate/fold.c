#include "fold.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* As much of SQL's words as the rules need. */
enum token_kind { TOKEN_WORD, TOKEN_QUOTED, TOKEN_NUMBER, TOKEN_TEXT, TOKEN_SOURCE, TOKEN_SIGN, TOKEN_END };

struct token {
	enum token_kind kind;
	size_t begin, end;
	int depth; /* of parentheses, brackets and case … end around it */
};

struct reader {
	struct project *p;
	struct node *n;
	const char *sql;
	size_t source_begin, source_end; /* where changes() stands */
	struct token *token;
	size_t count;
	struct fold *fold;
};

/* --- words ------------------------------------------------------------------------------------------------------ */

static bool word_begins(char c)
{
	return isalpha((unsigned char)c) || c == '_' || (unsigned char)c >= 0x80;
}

static bool word_goes_on(char c)
{
	return word_begins(c) || isdigit((unsigned char)c) || c == '$';
}

/* Behind blanks and comments. */
static size_t skip_blank(const char *s, size_t at)
{
	for (;;) {
		while (isspace((unsigned char)s[at]))
			at++;
		if (s[at] == '-' && s[at + 1] == '-') {
			at += strcspn(s + at, "\n");
		} else if (s[at] == '/' && s[at + 1] == '*') {
			const char *end = strstr(s + at + 2, "*/");

			at = end != NULL ? (size_t)(end - s) + 2 : strlen(s);
		} else {
			return at;
		}
	}
}

/* Behind the text in quotes that begins at `at`; a backslash escapes if `escapes`. */
static size_t quoted_end(const char *s, size_t at, bool escapes)
{
	char quote = s[at++];

	for (; s[at] != '\0'; at++) {
		if (escapes && s[at] == '\\' && s[at + 1] != '\0')
			at++;
		else if (s[at] == quote && s[at + 1] == quote)
			at++;
		else if (s[at] == quote)
			return at + 1;
	}
	return at;
}

static size_t dollar_end(const char *s, size_t at)
{
	size_t tag = 1;
	const char *end;

	while (word_goes_on(s[at + tag]) && s[at + tag] != '$')
		tag++;
	if (s[at + tag] != '$')
		return at + 1;
	tag++;
	end = memmem(s + at + tag, strlen(s + at + tag), s + at, tag);
	return end != NULL ? (size_t)(end - s) + tag : strlen(s);
}

/* Fills kind and end of the token that begins at t->begin. */
static void token_read(const char *s, struct token *t)
{
	size_t at = t->begin;

	if (s[at] == '\0') {
		*t = (struct token){TOKEN_END, at, at, 0};
	} else if ((s[at] == 'e' || s[at] == 'E') && s[at + 1] == '\'') {
		*t = (struct token){TOKEN_TEXT, at, quoted_end(s, at + 1, true), 0};
	} else if (word_begins(s[at])) {
		while (word_goes_on(s[at]))
			at++;
		*t = (struct token){TOKEN_WORD, t->begin, at, 0};
	} else if (isdigit((unsigned char)s[at])) {
		while (isalnum((unsigned char)s[at]) || s[at] == '.')
			at++;
		*t = (struct token){TOKEN_NUMBER, t->begin, at, 0};
	} else if (s[at] == '\'' || s[at] == '"') {
		*t = (struct token){s[at] == '"' ? TOKEN_QUOTED : TOKEN_TEXT, at, quoted_end(s, at, false), 0};
	} else if (s[at] == '$') {
		*t = (struct token){TOKEN_TEXT, at, dollar_end(s, at), 0};
	} else {
		*t = (struct token){TOKEN_SIGN, at, at + (s[at] == ':' && s[at + 1] == ':' ? 2 : 1), 0};
	}
}

static bool is(const struct reader *r, size_t i, const char *word)
{
	const struct token *t = &r->token[i];
	size_t n = strlen(word);

	return (t->kind == TOKEN_WORD || t->kind == TOKEN_SIGN) && t->end - t->begin == n &&
	       strncasecmp(r->sql + t->begin, word, n) == 0;
}

static void tokens_read(struct reader *r)
{
	int depth = 0;
	size_t at = 0;

	for (;;) {
		struct token *t;

		r->token = arena_more(&r->p->arena, r->token, r->count, sizeof *r->token);
		t = &r->token[r->count];
		t->begin = skip_blank(r->sql, at);
		if (t->begin >= r->source_begin && t->begin < r->source_end)
			*t = (struct token){TOKEN_SOURCE, r->source_begin, r->source_end, 0};
		else
			token_read(r->sql, t);
		if (is(r, r->count, ")") || is(r, r->count, "]") || (is(r, r->count, "end") && depth > 0))
			depth--;
		t->depth = depth;
		if (is(r, r->count, "(") || is(r, r->count, "[") || is(r, r->count, "case"))
			depth++;
		at = t->end;
		if (r->token[r->count++].kind == TOKEN_END)
			return;
	}
}

static char *text_between(struct reader *r, size_t from, size_t to)
{
	size_t begin = r->token[from].begin;

	return arena_text(&r->p->arena, r->sql + begin, r->token[to - 1].end - begin);
}

static struct place place_of(const struct reader *r, size_t token)
{
	return (struct place){r->n->at.file, template_line(&r->n->template, &r->n->compiled, r->token[token].begin)};
}

/* Is it the column `sign`, in quotes or not? */
static bool is_sign(const struct reader *r, size_t i)
{
	const struct token *t = &r->token[i];

	return is(r, i, "sign") || (t->kind == TOKEN_QUOTED && t->end - t->begin == 6 && memcmp(r->sql + t->begin, "\"sign\"", 6) == 0);
}

/* Does it occur in [from, to)? */
static bool mentions_sign(const struct reader *r, size_t from, size_t to)
{
	for (; from < to; from++)
		if (is_sign(r, from))
			return true;
	return false;
}

/* --- the rules of a measure ------------------------------------------------------------------------------------- */

/* [NAME .] sign at token `i`: how many tokens, or 0. */
static size_t sign_at(const struct reader *r, size_t i, size_t end)
{
	if (i < end && is_sign(r, i) && (i + 1 == end || !is(r, i + 1, "(")))
		return 1;
	if (i + 2 < end && (r->token[i].kind == TOKEN_WORD || r->token[i].kind == TOKEN_QUOTED) && is(r, i + 1, ".") &&
	    is_sign(r, i + 2))
		return 3;
	return 0;
}

/* Only factors at the level of [from, to): no +, no -, no comparison, and no second sign. */
static bool is_product(const struct reader *r, size_t from, size_t to, int depth)
{
	static const char *const joins[] = {"*", "/", ".", "::", "(", ")", "[", "]", "case", "end", NULL};

	for (size_t i = from; i < to; i++) {
		bool known = r->token[i].kind != TOKEN_SIGN;

		if (is_sign(r, i))
			return false;
		if (r->token[i].depth > depth)
			continue;
		for (size_t k = 0; joins[k] != NULL; k++)
			known = known || is(r, i, joins[k]);
		if (!known || is(r, i, "and") || is(r, i, "or") || is(r, i, "not") || is(r, i, "is") || is(r, i, "in"))
			return false;
	}
	return from < to;
}

/* sign, sign * X, X * sign? Then X, if there is one, becomes *factor. */
static bool is_linear(struct reader *r, size_t from, size_t to, const char **factor)
{
	size_t n = sign_at(r, from, to);
	int depth = r->token[from].depth;

	if (n > 0 && from + n == to)
		return true;
	if (n > 0) {
		*factor = from + n + 1 < to ? text_between(r, from + n + 1, to) : NULL;
		return is(r, from + n, "*") && is_product(r, from + n + 1, to, depth);
	}
	for (size_t last = 1; last <= 3 && from + last + 1 < to; last += 2) {
		if (sign_at(r, to - last, to) != last || !is(r, to - last - 1, "*"))
			continue;
		*factor = text_between(r, from, to - last - 1);
		return is_product(r, from, to - last - 1, depth);
	}
	return false;
}

static int refuse_measure(const struct reader *r, size_t from, const char *name)
{
	struct place at = place_of(r, from);

	if (is(r, from, "count"))
		return place_error(at, "fold, rule signed sums: %s counts a retracted row like a new one; write sum(sign), or "
		                       "sum(sign) filter (where …)", name);
	if (is(r, from, "avg") || is(r, from, "stddev") || is(r, from, "variance"))
		return place_error(at, "fold, rule signed sums: %s cannot be folded; keep sum and count here, and divide in a view "
		                       "on top", name);
	return place_error(at, "fold, rule signed sums: %s must be sum(sign), sum(sign * …), min(…) or max(…), each alone or with "
	                       "filter (where …); what is computed from sums, and casts of them, is a view on top "
	                       "(is it a key? then it misses in unique_key)", name);
}

/* FUNCTION ( … ) [filter ( where … )] in [from, to). */
static int measure_read(struct reader *r, size_t from, size_t to, struct fold_item *item)
{
	size_t close = from + 2, filter = 0;

	if (to - from < 4 || !is(r, from + 1, "("))
		return refuse_measure(r, from, item->name);
	while (close < to && r->token[close].depth > r->token[from + 1].depth)
		close++;
	if (close + 1 != to) {
		filter = close + 4;
		if (to - close < 6 || !is(r, close + 1, "filter") || !is(r, close + 2, "(") || !is(r, close + 3, "where") ||
		    r->token[to - 1].depth != r->token[from].depth || !is(r, to - 1, ")"))
			return refuse_measure(r, from, item->name);
		for (size_t i = filter; i < to - 1; i++)
			if (r->token[i].depth == r->token[from].depth)
				return refuse_measure(r, from, item->name);
	}
	item->kind = is(r, from, "sum") ? FOLD_SUM : is(r, from, "min") ? FOLD_MIN : FOLD_MAX;
	if (item->kind == FOLD_MAX && !is(r, from, "max"))
		return refuse_measure(r, from, item->name);
	if (item->kind == FOLD_SUM && !is_linear(r, from + 2, close, &item->factor))
		return place_error(place_of(r, from), "fold, rule signed sums: %s must add `sign` or a product with it, sum(sign * …): "
		                                      "only then a retracted row is taken back", item->name);
	if (item->kind != FOLD_SUM && mentions_sign(r, from + 2, close))
		return place_error(place_of(r, from), "fold, rule signed sums: %s looks at a value and knows no sign", item->name);
	if (filter > 0 && mentions_sign(r, filter, to - 1))
		return place_error(place_of(r, from), "fold, rule signed sums: the filter of %s may not look at sign", item->name);
	if (item->kind == FOLD_SUM && filter == 0 && close == from + 2 + sign_at(r, from + 2, close))
		r->fold->counter = r->fold->count;
	item->expression = text_between(r, from + 2, close);
	item->filter = filter > 0 ? text_between(r, filter, to - 1) : NULL;
	r->fold->extremes |= item->kind != FOLD_SUM;
	return 0;
}

/* --- the query -------------------------------------------------------------------------------------------------- */

/* The name of a token that names something, as the server takes it. */
static const char *name_of(struct reader *r, size_t i)
{
	char *name = arena_text(&r->p->arena, r->sql + r->token[i].begin, r->token[i].end - r->token[i].begin);
	char *to = name;

	if (r->token[i].kind == TOKEN_WORD) {
		for (char *c = name; *c != '\0'; c++)
			*c = (char)((unsigned char)*c < 0x80 ? tolower((unsigned char)*c) : *c);
		return name;
	}
	for (const char *c = name + 1; c[1] != '\0'; c++) {
		c += *c == '"';
		*to++ = *c;
	}
	*to = '\0';
	return name;
}

static bool is_name(const struct reader *r, size_t i)
{
	return r->token[i].kind == TOKEN_WORD || r->token[i].kind == TOKEN_QUOTED;
}

static bool is_key(const struct reader *r, const char *name)
{
	const struct texts *key = &r->n->config.unique_key;

	for (size_t i = 0; i < key->count; i++)
		if (strcmp(key->item[i], name) == 0)
			return true;
	return false;
}

static int item_read(struct reader *r, size_t from, size_t to)
{
	struct fold *f = r->fold;
	struct fold_item *item;
	size_t end = to;

	f->item = arena_more(&r->p->arena, f->item, f->count, sizeof *f->item);
	item = &f->item[f->count];
	*item = (struct fold_item){.at = place_of(r, from)};
	if (to - from >= 3 && is(r, to - 2, "as") && r->token[to - 2].depth == 0 && is_name(r, to - 1))
		end = to - 2;
	else if (!(to - from == 1 || (to - from == 3 && is(r, from + 1, "."))) || !is_name(r, to - 1))
		return place_error(item->at, "fold, rule names: give each column its name: … as NAME");
	item->name = name_of(r, to - 1);
	if (is_key(r, item->name)) {
		item->kind = FOLD_KEY;
		item->expression = text_between(r, from, end);
		if (mentions_sign(r, from, end))
			return place_error(item->at, "fold, rule keys: the key %s may not look at sign", item->name);
	} else if (measure_read(r, from, end, item) < 0) {
		return -1;
	}
	f->count++;
	return 0;
}

/* The end of what begins at `from`: the next token at the outermost level that is one of the words, or the end. */
static size_t until(const struct reader *r, size_t from, const char *const *words)
{
	for (; r->token[from].kind != TOKEN_END; from++)
		for (size_t k = 0; r->token[from].depth == 0 && words[k] != NULL; k++)
			if (is(r, from, words[k]))
				return from;
	return from;
}

static int items_read(struct reader *r, size_t from, size_t to)
{
	static const char *const comma[] = {",", NULL};

	while (from < to) {
		size_t end = until(r, from, comma);

		end = end < to ? end : to;
		if (end == from)
			return place_error(place_of(r, from), "fold: a column is empty");
		if (item_read(r, from, end) < 0)
			return -1;
		from = end + 1;
	}
	return 0;
}

/* An entry of group by: a number, a column's name, or a key's expression again. */
static bool groups(struct reader *r, size_t from, size_t to, const struct fold_item *item, size_t number)
{
	const char *text = text_between(r, from, to);

	if (to - from == 1 && r->token[from].kind == TOKEN_NUMBER)
		return (size_t)atol(text) == number;
	return (to - from == 1 && is_name(r, from) && strcmp(name_of(r, from), item->name) == 0) ||
	       strcmp(text, item->expression) == 0;
}

static int groups_check(struct reader *r, size_t from)
{
	static const char *const comma[] = {",", "having", "order", "limit", "offset", "fetch", "for", "window", "union",
	                                    "intersect", "except", NULL};
	size_t keys = 0, grouped = 0;

	for (size_t i = 0; i < r->fold->count; i++)
		keys += r->fold->item[i].kind == FOLD_KEY;
	while (r->token[from].kind != TOKEN_END) {
		size_t end = until(r, from, comma), i = 0;

		while (end > from && i < r->fold->count &&
		       !(r->fold->item[i].kind == FOLD_KEY && groups(r, from, end, &r->fold->item[i], i + 1)))
			i++;
		if (end == from || i == r->fold->count)
			return place_error(place_of(r, from), "fold, rule keys: group by names exactly the keys (unique_key)");
		grouped++;
		if (r->token[end].kind != TOKEN_END && !is(r, end, ","))
			return place_error(place_of(r, end), "fold, rule one query: %s has no place in a fold; it goes into a view on top",
			                   text_between(r, end, end + 1));
		from = end + (r->token[end].kind != TOKEN_END);
	}
	if (keys != r->n->config.unique_key.count || grouped != keys)
		return place_error(r->n->at, "fold, rule keys: unique_key, the keys among the columns and group by must be the same; "
		                             "unique_key has %zu, of them %zu are columns, %zu are in group by",
		                   r->n->config.unique_key.count, keys, grouped);
	return 0;
}

static int words_check(struct reader *r)
{
	for (size_t i = 1; i < r->count; i++) {
		if (is(r, i, "select"))
			return place_error(place_of(r, i), "fold, rule one source: no subquery; a fold reads the changes of one table");
		if (is(r, i, "over"))
			return place_error(place_of(r, i), "fold, rule one query: no window function; it goes into a view on top");
		if (is(r, i, "distinct") && !is(r, i + 1, "from"))
			return place_error(place_of(r, i), "fold, rule signed sums: distinct values cannot be folded; make them a key, and "
			                                   "count in a view on top");
	}
	return 0;
}

/* Behind `from`: the source, its name, where, group by. */
static int tail_read(struct reader *r, size_t at)
{
	static const char *const group[] = {"group", "having", "order", "limit", "union", NULL};

	if (r->token[at].kind != TOKEN_SOURCE)
		return place_error(place_of(r, at), "fold, rule one source: after from comes {{ changes('…') }}, nothing else");
	at++;
	at += is(r, at, "as");
	if (is_name(r, at) && !is(r, at, "where") && !is(r, at, "group") && !is(r, at, "natural") && !is(r, at, "cross"))
		r->fold->alias = text_between(r, at, at + 1), at++;
	if (is(r, at, "where")) {
		size_t end = until(r, at, group);

		if (end == at + 1)
			return place_error(place_of(r, at), "where is empty");
		if (mentions_sign(r, at, end))
			return place_error(place_of(r, at), "fold, rule signed sums: where may not look at sign");
		r->fold->where = text_between(r, at + 1, end);
		at = end;
	}
	if (!is(r, at, "group") || !is(r, at + 1, "by"))
		return place_error(place_of(r, at), is(r, at, ",") || is(r, at, "join") || is(r, at + 1, "join") || is(r, at + 2, "join")
		                   ? "fold, rule one source: no join; names and rates are looked up in a view on top"
		                   : "fold, rule keys: group by with the keys is expected here");
	return groups_check(r, at + 2);
}

static int query_read(struct reader *r)
{
	static const char *const from[] = {"from", NULL};
	size_t at;

	if (!is(r, 0, "select"))
		return place_error(place_of(r, 0), "fold, rule one query: one plain select … from {{ changes('…') }} … group by …");
	if (words_check(r) < 0)
		return -1;
	at = until(r, 1, from);
	if (r->token[at].kind == TOKEN_END)
		return place_error(r->n->at, "fold, rule one source: it reads from {{ changes('…') }}");
	r->fold->counter = SIZE_MAX;
	if (items_read(r, 1, at) < 0 || tail_read(r, at + 1) < 0)
		return -1;
	if (r->fold->counter == SIZE_MAX)
		return place_error(r->n->at, "fold, rule count: one column is sum(sign) as NAME: when it falls to 0 the group goes");
	return 0;
}

static int one_source(struct reader *r, size_t *which)
{
	const struct template *t = &r->n->template;
	size_t found = SIZE_MAX;

	for (size_t i = 0; i < t->count; i++) {
		enum template_call_kind kind = t->call[i].kind;

		if (kind == CALL_REF || kind == CALL_SOURCE || kind == CALL_THIS)
			return place_error(t->call[i].at, "fold, rule one source: a fold reads nothing but {{ changes('…') }} of one "
			                                  "source; what else it needs goes into a view on top");
		if (kind == CALL_CHANGES && found != SIZE_MAX)
			return place_error(t->call[i].at, "fold, rule one source: this is the second changes()");
		if (kind == CALL_CHANGES)
			found = i;
	}
	if (found == SIZE_MAX)
		return place_error(r->n->at, "fold, rule one source: it reads from {{ changes('…') }}");
	*which = found;
	return 0;
}

bool fold_names_source(const char *text, const char *end)
{
	static const char *const clauses[] = {"where", "group", "order", "limit", "having", "join", "left", "right", "inner",
	                                      "full", "cross", "natural", "union", "on", NULL};
	const char *p = text;
	size_t n = 0;

	while (p < end && isspace((unsigned char)*p))
		p++;
	if (p < end && *p == '"')
		return true;
	while (p + n < end && word_goes_on(p[n]))
		n++;
	for (size_t i = 0; clauses[i] != NULL; i++)
		if (strlen(clauses[i]) == n && strncasecmp(clauses[i], p, n) == 0)
			return false;
	return n > 0;
}

int fold_read(struct project *p, struct node *n)
{
	struct reader r = {.p = p, .n = n, .sql = n->compiled.sql};
	size_t call = 0;

	if (n->config.unique_key.count == 0)
		return place_error(n->at, "fold, rule keys: materialized='fold' needs unique_key=[…], the columns that it groups by");
	if (one_source(&r, &call) < 0)
		return -1;
	if (!template_range(&n->template, &n->compiled, call, &r.source_begin, &r.source_end))
		return place_error(n->at, "fold, rule one source: changes() stands in a branch that is never built");
	r.fold = arena_alloc(&p->arena, sizeof *r.fold);
	r.fold->source = p->needs[n->index].item[0];
	tokens_read(&r);
	if (query_read(&r) < 0)
		return -1;
	if (r.fold->alias == NULL)
		r.fold->alias = project_quoted(&p->arena, p->node[r.fold->source]->identifier);
	n->fold = r.fold;
	return 0;
}
