#include "fold_read.h"

#include <string.h>

static bool is(const struct fold_reader *r, size_t i, const char *text)
{
	return words_are(&r->words, i, text);
}

/* Is it the column `sign`, in quotes or not? */
static bool is_sign(const struct fold_reader *r, size_t i)
{
	const struct word *t = &r->words.word[i];

	return is(r, i, "sign") || (t->kind == WORD_QUOTED && t->end - t->begin == 6 && memcmp(r->words.sql + t->begin, "\"sign\"", 6) == 0);
}

bool fold_mentions_sign(const struct fold_reader *r, size_t from, size_t to)
{
	for (; from < to; from++)
		if (is_sign(r, from))
			return true;
	return false;
}

/* [NAME .] sign at token `i`: how many tokens, or 0. */
static size_t sign_at(const struct fold_reader *r, size_t i, size_t end)
{
	if (i < end && is_sign(r, i) && (i + 1 == end || !is(r, i + 1, "(")))
		return 1;
	if (i + 2 < end && (r->words.word[i].kind == WORD_NAME || r->words.word[i].kind == WORD_QUOTED) && is(r, i + 1, ".") &&
	    is_sign(r, i + 2))
		return 3;
	return 0;
}

/* Only factors at the level of [from, to): no +, no -, no comparison, and no second sign. */
static bool is_product(const struct fold_reader *r, size_t from, size_t to, int depth)
{
	static const char *const joins[] = {"*", "/", ".", "::", "(", ")", "[", "]", "case", "end", NULL};

	for (size_t i = from; i < to; i++) {
		bool known = r->words.word[i].kind != WORD_SIGN;

		if (is_sign(r, i))
			return false;
		if (r->words.word[i].depth > depth)
			continue;
		for (size_t k = 0; joins[k] != NULL; k++)
			known = known || is(r, i, joins[k]);
		if (!known || is(r, i, "and") || is(r, i, "or") || is(r, i, "not") || is(r, i, "is") || is(r, i, "in"))
			return false;
	}
	return from < to;
}

/* sign, sign * X, X * sign? Then X, if there is one, becomes *factor. */
static bool is_linear(struct fold_reader *r, size_t from, size_t to, const char **factor)
{
	size_t n = sign_at(r, from, to);
	int depth = r->words.word[from].depth;

	if (n > 0 && from + n == to)
		return true;
	if (n > 0) {
		*factor = from + n + 1 < to ? fold_text(r, from + n + 1, to) : NULL;
		return is(r, from + n, "*") && is_product(r, from + n + 1, to, depth);
	}
	for (size_t last = 1; last <= 3 && from + last + 1 < to; last += 2) {
		if (sign_at(r, to - last, to) != last || !is(r, to - last - 1, "*"))
			continue;
		*factor = fold_text(r, from, to - last - 1);
		return is_product(r, from, to - last - 1, depth);
	}
	return false;
}

static int refuse_measure(const struct fold_reader *r, size_t from, const char *name)
{
	struct place at = fold_place(r, from);

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
int fold_measure(struct fold_reader *r, size_t from, size_t to, struct fold_item *item)
{
	size_t close = from + 2, filter = 0;

	if (to - from < 4 || !is(r, from + 1, "("))
		return refuse_measure(r, from, item->name);
	while (close < to && r->words.word[close].depth > r->words.word[from + 1].depth)
		close++;
	if (close + 1 != to) {
		filter = close + 4;
		if (to - close < 6 || !is(r, close + 1, "filter") || !is(r, close + 2, "(") || !is(r, close + 3, "where") ||
		    r->words.word[to - 1].depth != r->words.word[from].depth || !is(r, to - 1, ")"))
			return refuse_measure(r, from, item->name);
		for (size_t i = filter; i < to - 1; i++)
			if (r->words.word[i].depth == r->words.word[from].depth)
				return refuse_measure(r, from, item->name);
	}
	item->kind = is(r, from, "sum") ? FOLD_SUM : is(r, from, "min") ? FOLD_MIN : FOLD_MAX;
	if (item->kind == FOLD_MAX && !is(r, from, "max"))
		return refuse_measure(r, from, item->name);
	if (item->kind == FOLD_SUM && !is_linear(r, from + 2, close, &item->factor))
		return place_error(fold_place(r, from), "fold, rule signed sums: %s must add `sign` or a product with it, sum(sign * …): "
		                                      "only then a retracted row is taken back", item->name);
	if (item->kind != FOLD_SUM && fold_mentions_sign(r, from + 2, close))
		return place_error(fold_place(r, from), "fold, rule signed sums: %s looks at a value and knows no sign", item->name);
	if (filter > 0 && fold_mentions_sign(r, filter, to - 1))
		return place_error(fold_place(r, from), "fold, rule signed sums: the filter of %s may not look at sign", item->name);
	if (item->kind == FOLD_SUM && filter == 0 && close == from + 2 + sign_at(r, from + 2, close))
		r->fold->counter = r->fold->count;
	item->expression = fold_text(r, from + 2, close);
	item->filter = filter > 0 ? fold_text(r, filter, to - 1) : NULL;
	r->fold->extremes |= item->kind != FOLD_SUM;
	return 0;
}
