#include "rule_checker.h"

static void check_let(struct scope *s, struct statement *t)
{
	if (checker_expr(s, t->value) < 0) {
		/* known from here on all the same, so that its uses are no errors of their own */
		if (checker_let_name(s, t->name) == 0)
			checker_define(s, SYMBOL_LET, t->name, checker_type_new(s, TYPE_ANY, t->name));
		return;
	}
	if (checker_let_name(s, t->name) == 0) {
		t->symbol = checker_define(s, SYMBOL_LET, t->name, t->value->type);
		t->symbol->remembers = checker_remembering(t->value) != NULL;
	}
}

static void check_field(struct scope *s, struct statement *t)
{
	struct symbol *y;

	if (checker_readable(s, t->name) < 0)
		return;
	y = checker_find(s, t->name);
	if (y != NULL && y->kind == SYMBOL_FIELD && !y->declared) {
		rule_error(s->source, t->name, "%.*s is read on line %u already: declare it above its first use",
		           SPAN_ARG(t->name),
		           rule_line(s->source, y->at));
		return;
	}
	y = checker_use_field(s, t->name, t->name);
	if (y != NULL && (y->kind != SYMBOL_FIELD || y->at.p != t->name.p)) {
		rule_error(s->source, t->name, "the name %.*s is taken on line %u", SPAN_ARG(t->name),
		           rule_line(s->source, y->at));
		return;
	}
	if (y != NULL && y->type->known != t->type) {
		rule_error(s->source, t->name, "%.*s is %s in every transaction", SPAN_ARG(t->name),
		           checker_article(y->type->known));
		return;
	}
	if (y == NULL)
		y = checker_define(s, SYMBOL_FIELD, t->name, checker_type_new(s, t->type, (struct span){0}));
	y->declared = true;
}

static void check_bands(struct scope *s, const struct statement *t)
{
	for (size_t i = 0; i < t->bands; i++) {
		for (size_t j = 0; j < i; j++)
			if (span_eq(t->band[i].name, t->band[j].name))
				rule_error(s->source, t->band[i].at, "the band %.*s is there twice",
				           SPAN_ARG(t->band[i].name));
		if (t->band[i].from <= 0)
			rule_error(s->source, t->band[i].at,
			           "a band begins above 0, the score of a record for which no rule fired");
		else if (i > 0 && t->band[i].from <= t->band[i - 1].from)
			rule_error(s->source, t->band[i].at, "bands go upwards: %.*s must begin above %g",
			           SPAN_ARG(t->band[i].name),
			           t->band[i - 1].from);
	}
}

static void check_condition(struct scope *s, struct statement *t)
{
	if (checker_expr(s, t->value) == 0)
		checker_require(s, t->value, TYPE_BOOL);
	if (t->points != NULL && checker_expr(s, t->points) == 0)
		checker_require(s, t->points, TYPE_NUMBER);
	for (size_t i = 0; i < t->parts; i++)
		if (t->part[i].value != NULL && checker_name(s, t->part[i].value) == 0)
			t->part[i].value->symbol->shown = true;
	if (checker_new_name(s, t->name) == 0)
		checker_define(s, SYMBOL_RULE, t->name, checker_type_new(s, TYPE_BOOL, t->name));
}

/* a and a.b: what holds other members is no value. */
static void check_paths(struct scope *s)
{
	for (const struct symbol *a = s->first; a != NULL; a = a->next) {
		if (a->kind != SYMBOL_FIELD || !a->used || rule_type(a->type) == TYPE_ANY)
			continue;
		for (const struct symbol *b = s->first; b != NULL; b = b->next)
			if (b->kind == SYMBOL_FIELD && b->name.n > a->name.n && span_starts(b->name, a->name) &&
			    b->name.p[a->name.n] == '.')
				rule_error(s->source, b->at,
				           "%.*s is read as a value on line %u, it cannot have members too",
				           SPAN_ARG(a->name), rule_line(s->source, a->at));
	}
}

void rule_check(struct scope *s, struct statement *first, struct rule_source *source, struct pool *pool, struct files *files)
{
	const struct statement *bands = NULL;

	*s = (struct scope){.source = source, .pool = pool, .files = files};
	s->last = &s->first;
	for (struct statement *t = first; t != NULL; t = t->next) {
		if (t->kind == STATEMENT_LET) {
			check_let(s, t);
		} else if (t->kind == STATEMENT_FIELD) {
			check_field(s, t);
		} else if (t->kind == STATEMENT_LIST) {
			checker_list(s, t);
		} else if (t->kind == STATEMENT_TABLE) {
			checker_table(s, t);
		} else if (t->kind == STATEMENT_FEATURE) {
			checker_feature(s, t);
		} else if (t->kind == STATEMENT_MODEL) {
			checker_model(s, t);
		} else if (t->kind == STATEMENT_BANDS) {
			if (bands != NULL)
				rule_error(source, t->at, "there are bands on line %u already",
				           rule_line(source, bands->at));
			bands = t;
			check_bands(s, t);
		} else {
			check_condition(s, t);
		}
	}
	check_paths(s);
}
