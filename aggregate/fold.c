#include "fold.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "fold_read.h"

static bool is(const struct fold_reader *r, size_t i, const char *text)
{
	return words_are(&r->words, i, text);
}

char *fold_text(const struct fold_reader *r, size_t from, size_t to)
{
	size_t begin = r->words.word[from].begin;

	return arena_text(&r->p->arena, r->words.sql + begin, r->words.word[to - 1].end - begin);
}

struct place fold_place(const struct fold_reader *r, size_t word)
{
	return (struct place){r->n->at.file, template_line(&r->n->template, &r->n->compiled, r->words.word[word].begin)};
}

/* The name of a token that names something, as the server takes it. */
static const char *name_of(struct fold_reader *r, size_t i)
{
	char *name = arena_text(&r->p->arena, r->words.sql + r->words.word[i].begin, r->words.word[i].end - r->words.word[i].begin);
	char *to = name;

	if (r->words.word[i].kind == WORD_NAME) {
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

static bool is_name(const struct fold_reader *r, size_t i)
{
	return r->words.word[i].kind == WORD_NAME || r->words.word[i].kind == WORD_QUOTED;
}

static bool is_key(const struct fold_reader *r, const char *name)
{
	const struct texts *key = &r->n->config.unique_key;

	for (size_t i = 0; i < key->count; i++)
		if (strcmp(key->item[i], name) == 0)
			return true;
	return false;
}

static int item_read(struct fold_reader *r, size_t from, size_t to)
{
	struct fold *f = r->fold;
	struct fold_item *item;
	size_t end = to;

	f->item = arena_more(&r->p->arena, f->item, f->count, sizeof *f->item);
	item = &f->item[f->count];
	*item = (struct fold_item){.at = fold_place(r, from)};
	if (to - from >= 3 && is(r, to - 2, "as") && r->words.word[to - 2].depth == 0 && is_name(r, to - 1))
		end = to - 2;
	else if (!(to - from == 1 || (to - from == 3 && is(r, from + 1, "."))) || !is_name(r, to - 1))
		return place_error(item->at, "fold, rule names: give each column its name: … as NAME");
	item->name = name_of(r, to - 1);
	if (is_key(r, item->name)) {
		item->kind = FOLD_KEY;
		item->expression = fold_text(r, from, end);
		if (fold_mentions_sign(r, from, end))
			return place_error(item->at, "fold, rule keys: the key %s may not look at sign", item->name);
	} else if (fold_measure(r, from, end, item) < 0) {
		return -1;
	}
	f->count++;
	return 0;
}

/* The end of what begins at `from`: the next token at the outermost level that is one of the words, or the end. */
static size_t until(const struct fold_reader *r, size_t from, const char *const *words)
{
	for (; r->words.word[from].kind != WORD_END; from++)
		for (size_t k = 0; r->words.word[from].depth == 0 && words[k] != NULL; k++)
			if (is(r, from, words[k]))
				return from;
	return from;
}

static int items_read(struct fold_reader *r, size_t from, size_t to)
{
	static const char *const comma[] = {",", NULL};

	while (from < to) {
		size_t end = until(r, from, comma);

		end = end < to ? end : to;
		if (end == from)
			return place_error(fold_place(r, from), "fold: a column is empty");
		if (item_read(r, from, end) < 0)
			return -1;
		from = end + 1;
	}
	return 0;
}

/* An entry of group by: a number, a column's name, or a key's expression again. */
static bool groups(struct fold_reader *r, size_t from, size_t to, const struct fold_item *item, size_t number)
{
	const char *text = fold_text(r, from, to);

	if (to - from == 1 && r->words.word[from].kind == WORD_NUMBER)
		return (size_t)atol(text) == number;
	return (to - from == 1 && is_name(r, from) && strcmp(name_of(r, from), item->name) == 0) ||
	       strcmp(text, item->expression) == 0;
}

static int groups_check(struct fold_reader *r, size_t from)
{
	static const char *const comma[] = {",", "having", "order", "limit", "offset", "fetch", "for", "window", "union",
	                                    "intersect", "except", NULL};
	size_t keys = 0, grouped = 0;

	for (size_t i = 0; i < r->fold->count; i++)
		keys += r->fold->item[i].kind == FOLD_KEY;
	while (r->words.word[from].kind != WORD_END) {
		size_t end = until(r, from, comma), i = 0;

		while (end > from && i < r->fold->count &&
		       !(r->fold->item[i].kind == FOLD_KEY && groups(r, from, end, &r->fold->item[i], i + 1)))
			i++;
		if (end == from || i == r->fold->count)
			return place_error(fold_place(r, from), "fold, rule keys: group by names exactly the keys (unique_key)");
		grouped++;
		if (r->words.word[end].kind != WORD_END && !is(r, end, ","))
			return place_error(fold_place(r, end), "fold, rule one query: %s has no place in a fold; it goes into a view on top",
			                   fold_text(r, end, end + 1));
		from = end + (r->words.word[end].kind != WORD_END);
	}
	if (keys != r->n->config.unique_key.count || grouped != keys)
		return place_error(r->n->at, "fold, rule keys: unique_key, the keys among the columns and group by must be the same; "
		                             "unique_key has %zu, of them %zu are columns, %zu are in group by",
		                   r->n->config.unique_key.count, keys, grouped);
	return 0;
}

static int words_check(struct fold_reader *r)
{
	size_t clock = words_clock(&r->words);

	if (clock != SIZE_MAX)
		return place_error(fold_place(r, clock), "fold, rule only the row: %s is a clock where it is read as a time: a row would "
		                                         "go with another value than it came with; what depends on today is a view on top",
		                   fold_text(r, clock, clock + 1));
	for (size_t i = 1; i < r->words.count; i++) {
		if (is(r, i, "select"))
			return place_error(fold_place(r, i), "fold, rule one source: no subquery; a fold reads the changes of one table");
		if (is(r, i, "over"))
			return place_error(fold_place(r, i), "fold, rule one query: no window function; it goes into a view on top");
		if (is(r, i, "distinct") && !is(r, i + 1, "from"))
			return place_error(fold_place(r, i), "fold, rule signed sums: distinct values cannot be folded; make them a key, and "
			                                   "count in a view on top");
	}
	return 0;
}

/* Behind `from`: the source, its name, where, group by. */
static int tail_read(struct fold_reader *r, size_t at)
{
	static const char *const group[] = {"group", "having", "order", "limit", "union", NULL};

	if (r->words.word[at].kind != WORD_HOLE)
		return place_error(fold_place(r, at), "fold, rule one source: after from comes {{ changes('…') }}, nothing else");
	at++;
	at += is(r, at, "as");
	if (is_name(r, at) && !is(r, at, "where") && !is(r, at, "group") && !is(r, at, "natural") && !is(r, at, "cross"))
		r->fold->alias = fold_text(r, at, at + 1), at++;
	if (is(r, at, "where")) {
		size_t end = until(r, at, group);

		if (end == at + 1)
			return place_error(fold_place(r, at), "where is empty");
		if (fold_mentions_sign(r, at, end))
			return place_error(fold_place(r, at), "fold, rule signed sums: where may not look at sign");
		r->fold->where = fold_text(r, at + 1, end);
		at = end;
	}
	if (!is(r, at, "group") || !is(r, at + 1, "by"))
		return place_error(fold_place(r, at), is(r, at, ",") || is(r, at, "join") || is(r, at + 1, "join") || is(r, at + 2, "join")
		                   ? "fold, rule one source: no join; names and rates are looked up in a view on top"
		                   : "fold, rule keys: group by with the keys is expected here");
	return groups_check(r, at + 2);
}

static int query_read(struct fold_reader *r)
{
	static const char *const from[] = {"from", NULL};
	size_t at;

	if (!is(r, 0, "select"))
		return place_error(fold_place(r, 0), "fold, rule one query: one plain select … from {{ changes('…') }} … group by …");
	if (words_check(r) < 0)
		return -1;
	at = until(r, 1, from);
	if (r->words.word[at].kind == WORD_END)
		return place_error(r->n->at, "fold, rule one source: it reads from {{ changes('…') }}");
	r->fold->counter = SIZE_MAX;
	if (items_read(r, 1, at) < 0 || tail_read(r, at + 1) < 0)
		return -1;
	if (r->fold->counter == SIZE_MAX)
		return place_error(r->n->at, "fold, rule count: one column is sum(sign) as NAME: when it falls to 0 the group goes");
	return 0;
}

static int one_source(struct fold_reader *r, size_t *which)
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
	while (p + n < end && words_goes_on(p[n]))
		n++;
	for (size_t i = 0; clauses[i] != NULL; i++)
		if (strlen(clauses[i]) == n && strncasecmp(clauses[i], p, n) == 0)
			return false;
	return n > 0;
}

int fold_read(struct project *p, struct node *n)
{
	struct fold_reader r = {.p = p, .n = n};
	size_t call = 0, source_begin, source_end;

	if (n->config.unique_key.count == 0)
		return place_error(n->at, "fold, rule keys: materialized='fold' needs unique_key=[…], the columns that it groups by");
	if (one_source(&r, &call) < 0)
		return -1;
	if (!template_range(&n->template, &n->compiled, call, &source_begin, &source_end))
		return place_error(n->at, "fold, rule one source: changes() stands in a branch that is never built");
	r.fold = arena_alloc(&p->arena, sizeof *r.fold);
	r.fold->source = p->needs[n->index].item[0];
	words_read(&r.words, &p->arena, n->compiled.sql, source_begin, source_end);
	if (query_read(&r) < 0)
		return -1;
	if (r.fold->alias == NULL)
		r.fold->alias = project_quoted(&p->arena, p->node[r.fold->source]->identifier);
	n->fold = r.fold;
	return 0;
}
