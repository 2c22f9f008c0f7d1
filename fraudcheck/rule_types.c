/* The types of a rule file: what an expression yields, and whether two of them agree. */
#include "rule_checker.h"

#include "rfc3339.h"

struct type *checker_type_new(struct scope *s, enum value_type known, struct span because)
{
	struct type *t = pool_zero(s->pool, 1, sizeof *t);

	t->known = known;
	t->because = because;
	return t;
}

struct type *checker_root(struct type *t)
{
	while (t->same != NULL)
		t = t->same;
	return t;
}

enum value_type rule_type(const struct type *t)
{
	while (t->same != NULL)
		t = t->same;
	if (t->known == TYPE_ANY && t->ordered)
		return TYPE_NUMBER;
	return t->known == TYPE_ANY && t->compared ? TYPE_STRING : t->known;
}

const char *checker_article(enum value_type t)
{
	static const char *const names[] = {"anything", "a number", "a string", "a boolean", "a time"};

	return names[t];
}

/* Is this the place where a member of a transaction, or a declared one, got its type? Then no line need be named. */
static bool decided_elsewhere(const struct scope *s, const struct expr *e, const struct type *t)
{
	return e->kind == EXPR_NAME && !e->symbol->declared && t->because.p != NULL &&
	       rule_line(s->source, t->because) != rule_line(s->source, e->at);
}

static int mismatch(struct scope *s, struct expr *e, enum value_type want)
{
	struct type *t = checker_root(e->type);

	if (e->kind == EXPR_STRING && want == TYPE_TIME)
		return rule_error(s->source, e->at, "this is no time: write it as \"2026-01-31T00:00:00Z\"");
	if (decided_elsewhere(s, e, t))
		return rule_error(s->source, e->at, "%.*s is %s by its use on line %u, but %s is needed here",
		                  SPAN_ARG(e->text), checker_article(t->known), rule_line(s->source, t->because),
		                  checker_article(want));
	if (e->kind == EXPR_NAME)
		return rule_error(s->source, e->at, "%.*s is %s, but %s is needed here", SPAN_ARG(e->text),
		                  checker_article(t->known), checker_article(want));
	return rule_error(s->source, e->at, "this is %s, but %s is needed here", checker_article(t->known),
	                  checker_article(want));
}

/* A string literal beside a time is a time. */
static bool literal_time(struct expr *e)
{
	if (e->kind != EXPR_STRING || rfc3339_read(e->text, &e->time) < 0)
		return false;
	e->kind = EXPR_TIME;
	checker_root(e->type)->known = TYPE_TIME;
	return true;
}

int checker_require(struct scope *s, struct expr *e, enum value_type want)
{
	struct type *t = checker_root(e->type);

	if (t->known == TYPE_ANY) {
		t->known = want;
		t->because = e->at;
		return 0;
	}
	if (t->known == want || (want == TYPE_TIME && literal_time(e)))
		return 0;
	return mismatch(s, e, want);
}

int checker_unify(struct scope *s, struct expr *a, struct expr *b)
{
	struct type *ta = checker_root(a->type), *tb = checker_root(b->type);

	if (ta == tb)
		return 0;
	if (ta->known != TYPE_ANY && tb->known != TYPE_ANY) {
		if (ta->known == tb->known)
			return 0;
		if ((ta->known == TYPE_TIME && literal_time(b)) || (tb->known == TYPE_TIME && literal_time(a)))
			return 0;
		return mismatch(s, b, ta->known);
	}
	if (ta->known == TYPE_ANY && tb->known != TYPE_ANY) {
		struct type *swap = ta;

		ta = tb;
		tb = swap;
	}
	if (ta->known != TYPE_ANY && ta->because.p == NULL)
		ta->because = b->at;
	tb->same = ta;
	ta->compared |= tb->compared;
	ta->ordered |= tb->ordered;
	return 0;
}
