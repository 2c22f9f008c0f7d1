/* The names of a rule file: what they stand for, which may be read, which are taken. */
#include "rule_checker.h"

#include "builtin.h"
#include "path.h"

/* The members of a transaction (docs/design.md, "The line format"). */
static const struct {
	const char *name;
	enum value_type type;
} members[] = {
	{"transaction_id", TYPE_STRING}, {"transaction_ts", TYPE_TIME},   {"customer_id", TYPE_STRING},
	{"merchant_id", TYPE_STRING},    {"amount", TYPE_NUMBER},         {"currency", TYPE_STRING},
	{"latitude", TYPE_NUMBER},       {"longitude", TYPE_NUMBER},      {"device_id", TYPE_STRING},
	{"payment_method", TYPE_STRING}, {"is_foreign", TYPE_BOOL},
};

enum { MEMBERS = sizeof members / sizeof members[0] };

/* What fraudcheck writes, and what the envelope holds: rules that read these would judge their own verdicts. */
static const char *const unreadable[] = {"is_fraud", "fraud_score", "fraud_reasons", "ruleset", "_kafka", "_reject"};

/* What a name stands for in an expression. Names of rules are no values, so a rule may be called like a member it reads. */
struct symbol *checker_find(const struct scope *s, struct span name)
{
	struct symbol *y = s->first;

	while (y != NULL && (y->kind == SYMBOL_RULE || !span_eq(y->name, name)))
		y = y->next;
	return y;
}

static struct symbol *find_rule(const struct scope *s, struct span name)
{
	struct symbol *y = s->first;

	while (y != NULL && (y->kind != SYMBOL_RULE || !span_eq(y->name, name)))
		y = y->next;
	return y;
}

struct symbol *checker_define(struct scope *s, enum symbol_kind kind, struct span name, struct type *type)
{
	struct symbol *y = pool_zero(s->pool, 1, sizeof *y);

	y->kind = kind;
	y->name = y->at = name;
	y->type = type;
	y->slot = -1;
	*s->last = y;
	s->last = &y->next;
	return y;
}

int checker_readable(struct scope *s, struct span path)
{
	struct span rest, name = path_first(path, &rest);

	for (size_t i = 0; i < sizeof unreadable / sizeof unreadable[0]; i++)
		if (span_eq(name, span_of(unreadable[i])))
			return rule_error(s->source, path, "rules cannot read %s: %s", unreadable[i],
			                  unreadable[i][0] == '_' ? "it is no member of the record"
			                                          : "it is what fraudcheck itself writes");
	if (span_eq(path, SPAN("label")))
		return rule_error(s->source, path, "a label becomes known only days after its record: rules read it by "
		                  "share(label) … delay");
	return 0;
}

/* A name that nothing declares and that is nearly one of those that are declared: rules that read a member which no record
 * has can never fire, so this is not let pass. */
static int check_spelling(struct scope *s, struct span name)
{
	struct suggestion g = suggest_begin(name);

	for (size_t i = 0; i < MEMBERS; i++)
		suggest_offer(&g, span_of(members[i].name));
	for (const struct symbol *y = s->first; y != NULL; y = y->next)
		if (y->kind == SYMBOL_LET || y->kind == SYMBOL_FEATURE || y->kind == SYMBOL_CELL ||
		    (y->kind == SYMBOL_FIELD && y->declared))
			suggest_offer(&g, y->name);
	suggest_offer(&g, SPAN("base_amount"));
	if (g.best.n == 0)
		return 0;
	return rule_error(s->source, name,
	                  "unknown name '%.*s'; did you mean %.*s? (if records have such a member, say so: "
	                  "field %.*s number)", SPAN_ARG(name), SPAN_ARG(g.best), SPAN_ARG(name));
}

struct symbol *checker_use_field(struct scope *s, struct span name, struct span at)
{
	struct symbol *y = checker_find(s, name);

	if (y != NULL)
		return y;
	for (size_t i = 0; i < MEMBERS; i++) {
		if (!span_eq(name, span_of(members[i].name)))
			continue;
		y = checker_define(s, SYMBOL_FIELD, name, checker_type_new(s, members[i].type, (struct span){0}));
		y->at = at;
		y->declared = true;
		return y;
	}
	return NULL;
}

/* The table whose column TABLE.COLUMN is, or NULL. */
static struct symbol *find_table_of(const struct scope *s, struct span path)
{
	struct span rest;
	struct symbol *y = checker_find(s, path_first(path, &rest));

	return y != NULL && y->kind == SYMBOL_TABLE && y->name.n < path.n ? y : NULL;
}

static struct symbol *use_cell(struct scope *s, struct symbol *table, struct span path)
{
	struct span name = {path.p + table->name.n + 1, path.n - table->name.n - 1};
	int column = table_column(table->table, name);
	struct suggestion g = suggest_begin(name);
	struct symbol *y;

	if (column < 0) {
		for (size_t i = 0; i < table->table->columns; i++)
			suggest_offer(&g, table->table->column[i].name);
		rule_error(s->source, path, g.best.n > 0 ? "the table %.*s has no column %.*s; did you mean %.*s?"
		                                         : "the table %.*s has no column %.*s%.*s",
		           SPAN_ARG(table->name), SPAN_ARG(name), SPAN_ARG(g.best));
		return NULL;
	}
	y = checker_define(s, SYMBOL_CELL, path, checker_type_new(s, table->table->column[column].type, path));
	y->table = table->table;
	y->column = (size_t)column;
	y->key = table->key;
	y->key->used = true;
	return y;
}

struct symbol *checker_resolve(struct scope *s, struct span name)
{
	struct symbol *y;

	if (checker_readable(s, name) < 0)
		return NULL;
	y = checker_use_field(s, name, name);
	if (y != NULL && (y->kind == SYMBOL_LIST || y->kind == SYMBOL_TABLE)) {
		rule_error(s->source, name, y->kind == SYMBOL_LIST ? "%.*s is a list, not a value: write x in %.*s"
		                                                   : "%.*s is a table, not a value: write %.*s.COLUMN",
		           SPAN_ARG(name), SPAN_ARG(name));
		return NULL;
	}
	if (y != NULL)
		return y;
	y = find_table_of(s, name);
	if (y != NULL)
		return use_cell(s, y, name);
	y = find_rule(s, name);
	if (y != NULL) {
		rule_error(s->source, name,
		           "%.*s is the rule of line %u, not a value: name its condition with let and use that in both",
		           SPAN_ARG(name), rule_line(s->source, y->at));
		return NULL;
	}
	if (span_eq(name, SPAN("base_amount"))) {
		s->amount = checker_use_field(s, SPAN("amount"), name);
		s->currency = checker_use_field(s, SPAN("currency"), name);
		s->amount->used = s->currency->used = true;
		return checker_define(s, SYMBOL_BASE_AMOUNT, name, checker_type_new(s, TYPE_NUMBER, (struct span){0}));
	}
	if (check_spelling(s, name) < 0)
		return NULL;
	return checker_define(s, SYMBOL_FIELD, name, checker_type_new(s, TYPE_ANY, (struct span){0}));
}

/* A let or a rule gets its name: no other may have it. */
int checker_new_name(struct scope *s, struct span name)
{
	const struct symbol *rule = find_rule(s, name), *let = checker_find(s, name);

	if (rule == NULL && let != NULL && let->kind != SYMBOL_FIELD)
		rule = let;
	if (rule != NULL)
		return rule_error(s->source, name, "the name %.*s is taken on line %u", SPAN_ARG(name),
		                  rule_line(s->source, rule->at));
	return 0;
}

int checker_let_name(struct scope *s, struct span name)
{
	const struct symbol *y;

	for (size_t i = 0; i < MEMBERS; i++)
		if (span_eq(name, span_of(members[i].name)))
			return rule_error(s->source, name, "%.*s is a member of the record: take another name",
			                  SPAN_ARG(name));
	if (span_eq(name, SPAN("base_amount")) || builtin_find(name) != NULL)
		return rule_error(s->source, name, "%.*s is built in: take another name", SPAN_ARG(name));
	y = checker_find(s, name);
	if (y != NULL && y->kind == SYMBOL_FIELD)
		return rule_error(s->source, name,
		                  "%.*s is read as a member of the record on line %u: take another name",
		                  SPAN_ARG(name), rule_line(s->source, y->at));
	return checker_readable(s, name) < 0 ? -1 : checker_new_name(s, name);
}
