#include "rule_check.h"

#include <math.h>

#include "builtin.h"
#include "rfc3339.h"

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

static struct type *type_new(struct scope *s, enum value_type known, struct span because)
{
	struct type *t = pool_zero(s->pool, 1, sizeof *t);

	t->known = known;
	t->because = because;
	return t;
}

static struct type *root(struct type *t)
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

/* What a name stands for in an expression. Names of rules are no values, so a rule may be called like a member it reads. */
static struct symbol *find(const struct scope *s, struct span name)
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

static struct symbol *define(struct scope *s, enum symbol_kind kind, struct span name, struct type *type)
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

/* --- types ------------------------------------------------------------------------------------------------------ */

static const char *with_article(enum value_type t)
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
	struct type *t = root(e->type);

	if (e->kind == EXPR_STRING && want == TYPE_TIME)
		return rule_error(s->source, e->at, "this is no time: write it as \"2026-01-31T00:00:00Z\"");
	if (decided_elsewhere(s, e, t))
		return rule_error(s->source, e->at, "%.*s is %s by its use on line %u, but %s is needed here",
		                  SPAN_ARG(e->text), with_article(t->known), rule_line(s->source, t->because),
		                  with_article(want));
	if (e->kind == EXPR_NAME)
		return rule_error(s->source, e->at, "%.*s is %s, but %s is needed here", SPAN_ARG(e->text),
		                  with_article(t->known), with_article(want));
	return rule_error(s->source, e->at, "this is %s, but %s is needed here", with_article(t->known),
	                  with_article(want));
}

/* A string literal beside a time is a time. */
static bool literal_time(struct expr *e)
{
	if (e->kind != EXPR_STRING || rfc3339_read(e->text, &e->time) < 0)
		return false;
	e->kind = EXPR_TIME;
	root(e->type)->known = TYPE_TIME;
	return true;
}

static int require(struct scope *s, struct expr *e, enum value_type want)
{
	struct type *t = root(e->type);

	if (t->known == TYPE_ANY) {
		t->known = want;
		t->because = e->at;
		return 0;
	}
	if (t->known == want || (want == TYPE_TIME && literal_time(e)))
		return 0;
	return mismatch(s, e, want);
}

/* Both must be of one type from now on. */
static int unify(struct scope *s, struct expr *a, struct expr *b)
{
	struct type *ta = root(a->type), *tb = root(b->type);

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

/* --- names ------------------------------------------------------------------------------------------------------ */

static struct span first_name(struct span path)
{
	const char *dot = memchr(path.p, '.', path.n);

	return dot != NULL ? (struct span){path.p, (size_t)(dot - path.p)} : path;
}

static int check_readable(struct scope *s, struct span path)
{
	struct span name = first_name(path);

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

/* A declared member, or one of those that every transaction has; NULL for any other. `at`: where it is used. */
static struct symbol *use_field(struct scope *s, struct span name, struct span at)
{
	struct symbol *y = find(s, name);

	if (y != NULL)
		return y;
	for (size_t i = 0; i < MEMBERS; i++) {
		if (!span_eq(name, span_of(members[i].name)))
			continue;
		y = define(s, SYMBOL_FIELD, name, type_new(s, members[i].type, (struct span){0}));
		y->at = at;
		y->declared = true;
		return y;
	}
	return NULL;
}

/* The table whose column TABLE.COLUMN is, or NULL. */
static struct symbol *find_table_of(const struct scope *s, struct span path)
{
	struct symbol *y = find(s, first_name(path));

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
	y = define(s, SYMBOL_CELL, path, type_new(s, table->table->column[column].type, path));
	y->table = table->table;
	y->column = (size_t)column;
	y->key = table->key;
	y->key->used = true;
	return y;
}

static struct symbol *resolve(struct scope *s, struct span name)
{
	struct symbol *y;

	if (check_readable(s, name) < 0)
		return NULL;
	y = use_field(s, name, name);
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
		s->amount = use_field(s, SPAN("amount"), name);
		s->currency = use_field(s, SPAN("currency"), name);
		s->amount->used = s->currency->used = true;
		return define(s, SYMBOL_BASE_AMOUNT, name, type_new(s, TYPE_NUMBER, (struct span){0}));
	}
	if (check_spelling(s, name) < 0)
		return NULL;
	return define(s, SYMBOL_FIELD, name, type_new(s, TYPE_ANY, (struct span){0}));
}

/* A let or a rule gets its name: no other may have it. */
static int check_new(struct scope *s, struct span name)
{
	const struct symbol *rule = find_rule(s, name), *let = find(s, name);

	if (rule == NULL && let != NULL && let->kind != SYMBOL_FIELD)
		rule = let;
	if (rule != NULL)
		return rule_error(s->source, name, "the name %.*s is taken on line %u", SPAN_ARG(name),
		                  rule_line(s->source, rule->at));
	return 0;
}

static int check_let_name(struct scope *s, struct span name)
{
	const struct symbol *y;

	for (size_t i = 0; i < MEMBERS; i++)
		if (span_eq(name, span_of(members[i].name)))
			return rule_error(s->source, name, "%.*s is a member of the record: take another name",
			                  SPAN_ARG(name));
	if (span_eq(name, SPAN("base_amount")) || builtin_find(name) != NULL)
		return rule_error(s->source, name, "%.*s is built in: take another name", SPAN_ARG(name));
	y = find(s, name);
	if (y != NULL && y->kind == SYMBOL_FIELD)
		return rule_error(s->source, name,
		                  "%.*s is read as a member of the record on line %u: take another name",
		                  SPAN_ARG(name), rule_line(s->source, y->at));
	return check_readable(s, name) < 0 ? -1 : check_new(s, name);
}

/* --- expressions ------------------------------------------------------------------------------------------------ */

static int check_name(struct scope *s, struct expr *e)
{
	e->symbol = resolve(s, e->text);
	if (e->symbol == NULL)
		return -1;
	e->type = e->symbol->type;
	return 0;
}

static int check_count(struct scope *s, const struct expr *e, const struct builtin *b)
{
	size_t least = strlen(b->args);

	if (e->count < least || (e->count > least && !b->more))
		return rule_error(s->source, e->at, "%s takes %s%zu argument%s: %s", b->name,
		                  b->more ? "at least " : "", least,
		                  least == 1 ? "" : "s", b->usage);
	return 0;
}

static enum value_type type_of_letter(char letter)
{
	switch (letter) {
	case 'n':
		return TYPE_NUMBER;
	case 's':
		return TYPE_STRING;
	case 't':
		return TYPE_TIME;
	case 'b':
		return TYPE_BOOL;
	default:
		return TYPE_ANY;
	}
}

static int unknown_function(struct scope *s, const struct expr *e)
{
	struct suggestion g = suggest_begin(e->text);

	for (enum aggregate a = AGGREGATE_COUNT; a <= AGGREGATE_GEO_SPEED; a++)
		if (span_eq(e->text, span_of(aggregate_name(a))))
			return rule_error(s->source, e->text, "%s looks at earlier records: give it a name first, as in feature x = %s(…) by "
			                  "customer_id over 1d", aggregate_name(a), aggregate_name(a));
	for (size_t i = 0; builtin_at(i) != NULL; i++)
		suggest_offer(&g, span_of(builtin_at(i)->name));
	if (g.best.n > 0)
		return rule_error(s->source, e->text, "unknown function '%.*s'; did you mean %.*s?", SPAN_ARG(e->text),
		                  SPAN_ARG(g.best));
	return rule_error(s->source, e->text, "unknown function '%.*s'", SPAN_ARG(e->text));
}

static int check_call(struct scope *s, struct expr *e)
{
	const struct builtin *b = builtin_find(e->text);
	size_t letters;
	int status = 0;

	if (b == NULL)
		return unknown_function(s, e);
	if (check_count(s, e, b) < 0)
		return -1;
	e->builtin = b;
	letters = strlen(b->args);
	for (size_t i = 0; i < e->count; i++) {
		enum value_type want = type_of_letter(b->args[i < letters ? i : letters - 1]);

		if (want != TYPE_ANY)
			status |= require(s, e->arg[i], want);
		else if (i > 0)
			status |= unify(s, e->arg[0], e->arg[i]);
	}
	e->type = b->result == '*' ? e->arg[0]->type : type_new(s, type_of_letter(b->result), e->at);
	return status;
}

static int check_ordered(struct scope *s, struct expr *e)
{
	struct type *t = root(e->type);

	t->ordered = true;
	if (t->known == TYPE_BOOL)
		return rule_error(s->source, e->at, "a boolean is neither smaller nor larger than another");
	return 0;
}

/* Comparisons, ranges and lists: all of one type. */
static int check_alike(struct scope *s, struct expr *e)
{
	bool ordered = e->kind == EXPR_IN_RANGE || (e->kind == EXPR_COMPARE && e->op != TOKEN_EQ && e->op != TOKEN_NE);

	for (size_t i = 1; i < e->count; i++)
		if (unify(s, e->arg[0], e->arg[i]) < 0)
			return -1;
	root(e->arg[0]->type)->compared = true;
	if (e->kind == EXPR_IN_LIST && root(e->arg[0]->type)->known == TYPE_BOOL)
		return rule_error(s->source, e->at, "a boolean needs no list: write `x` or `not x`");
	return ordered ? check_ordered(s, e->arg[0]) : 0;
}

static int require_all(struct scope *s, struct expr *e, enum value_type want)
{
	int status = 0;

	for (size_t i = 0; i < e->count; i++)
		status |= require(s, e->arg[i], want);
	return status;
}

static enum value_type type_of_kind(enum expr_kind kind)
{
	switch (kind) {
	case EXPR_NUMBER:
	case EXPR_NEGATE:
	case EXPR_ARITHMETIC:
		return TYPE_NUMBER;
	case EXPR_STRING:
		return TYPE_STRING;
	case EXPR_TIME:
		return TYPE_TIME;
	default:
		return TYPE_BOOL;
	}
}

/* x in LIST */
static int check_set(struct scope *s, struct expr *e)
{
	struct suggestion g = suggest_begin(e->text);

	e->symbol = find(s, e->text);
	if (e->symbol != NULL && e->symbol->kind == SYMBOL_LIST)
		return require(s, e->arg[0], TYPE_STRING);
	for (const struct symbol *y = s->first; y != NULL; y = y->next)
		if (y->kind == SYMBOL_LIST)
			suggest_offer(&g, y->name);
	if (g.best.n > 0)
		return rule_error(s->source, e->at, "there is no list %.*s; did you mean %.*s?", SPAN_ARG(e->text), SPAN_ARG(g.best));
	return rule_error(s->source, e->at, "there is no list %.*s: write list %.*s = file \"PATH\" above, or the values as (…)",
	                  SPAN_ARG(e->text), SPAN_ARG(e->text));
}

static int check_expr(struct scope *s, struct expr *e)
{
	int status = 0;

	for (size_t i = 0; i < e->count; i++)
		status |= check_expr(s, e->arg[i]);
	if (status < 0)
		return -1;
	if (e->kind == EXPR_NAME) {
		if (check_name(s, e) < 0)
			return -1;
		e->symbol->used = true;
		return 0;
	}
	if (e->kind == EXPR_CALL)
		return check_call(s, e);
	e->type = type_new(s, type_of_kind(e->kind), e->at);
	switch (e->kind) {
	case EXPR_NEGATE:
	case EXPR_ARITHMETIC:
		return require_all(s, e, TYPE_NUMBER);
	case EXPR_NOT:
	case EXPR_AND:
	case EXPR_OR:
		return require_all(s, e, TYPE_BOOL);
	case EXPR_COMPARE:
	case EXPR_IN_LIST:
	case EXPR_IN_RANGE:
		return check_alike(s, e);
	case EXPR_IN_SET:
		return check_set(s, e);
	default:
		return 0;
	}
}

/* --- statements ------------------------------------------------------------------------------------------------- */

/* The part of the expression that is a feature or computed from one, or NULL. */
static const struct expr *remembering(const struct expr *e)
{
	if (e->kind == EXPR_NAME && e->symbol->remembers)
		return e;
	for (size_t i = 0; i < e->count; i++) {
		const struct expr *found = remembering(e->arg[i]);

		if (found != NULL)
			return found;
	}
	return NULL;
}

static void check_let(struct scope *s, struct statement *t)
{
	if (check_expr(s, t->value) < 0) {
		/* known from here on all the same, so that its uses are no errors of their own */
		if (check_let_name(s, t->name) == 0)
			define(s, SYMBOL_LET, t->name, type_new(s, TYPE_ANY, t->name));
		return;
	}
	if (check_let_name(s, t->name) == 0) {
		t->symbol = define(s, SYMBOL_LET, t->name, t->value->type);
		t->symbol->remembers = remembering(t->value) != NULL;
	}
}

/* --- lists, tables, features -------------------------------------------------------------------------------------- */

static void check_list(struct scope *s, struct statement *t)
{
	struct list *list = NULL;
	struct symbol *y;

	if (check_let_name(s, t->name) < 0)
		return;
	y = define(s, SYMBOL_LIST, t->name, type_new(s, TYPE_STRING, t->name));
	if (t->file.n > 0) {
		list = files_list(s->files, s->source, t);
	} else {
		list = files_add_list(s->files, t->name);
		files_fill_list(s->files, list, t->value);
	}
	y->list = list;
}

static void check_table(struct scope *s, struct statement *t)
{
	struct symbol *y, *key;

	if (check_let_name(s, t->name) < 0 || check_readable(s, t->by) < 0)
		return;
	key = use_field(s, t->by, t->by);
	if (key == NULL)
		key = define(s, SYMBOL_FIELD, t->by, type_new(s, TYPE_STRING, t->by));
	if (key->kind != SYMBOL_FIELD || root(key->type)->known != TYPE_STRING) {
		rule_error(s->source, t->by, "a table is read by a member of the record that is a string");
		return;
	}
	y = define(s, SYMBOL_TABLE, t->name, type_new(s, TYPE_ANY, t->name));
	y->key = key;
	y->table = files_table(s->files, s->source, t);
}

/* What a feature reads must be known from the record alone: else its windows would reach back further than they say. */
static int check_memoryless(struct scope *s, const struct expr *e)
{
	const struct expr *culprit = remembering(e);

	if (culprit == NULL)
		return 0;
	return rule_error(s->source, culprit->at, "%.*s is %s: a feature is computed from the record itself, not from other features",
	                  SPAN_ARG(culprit->text), culprit->symbol->kind == SYMBOL_FEATURE ? "a feature" : "computed from a feature");
}

static int check_key(struct scope *s, struct expr *e)
{
	if (check_expr(s, e) < 0)
		return -1;
	if (e->symbol->kind != SYMBOL_FIELD)
		return rule_error(s->source, e->at, "a key is a member of the record");
	if (root(e->type)->known == TYPE_ANY)
		return require(s, e, TYPE_STRING);
	return 0;
}

/* The members that geo_speed() reads if it is not told others. */
static void default_place(struct scope *s, struct feature_clauses *f)
{
	static const char *const names[] = {"latitude", "longitude"};

	f->arg = pool_zero(s->pool, 2, sizeof(struct expr *));
	for (f->args = 0; f->args < 2; f->args++) {
		struct expr *e = pool_zero(s->pool, 1, sizeof *e);

		e->kind = EXPR_NAME;
		e->at = f->at;
		e->text = span_of(names[f->args]);
		f->arg[f->args] = e;
	}
}

static int check_clauses(struct scope *s, struct feature_clauses *f)
{
	int status = 0;

	if (f->aggregate == AGGREGATE_GEO_SPEED && f->args == 0)
		default_place(s, f);
	s->reads_label |= f->label;
	for (size_t i = 0; i < f->args && !f->label; i++) {
		if (check_expr(s, f->arg[i]) < 0 || check_memoryless(s, f->arg[i]) < 0)
			return -1;
		if (f->aggregate == AGGREGATE_SHARE)
			status |= require(s, f->arg[i], TYPE_BOOL);
		else if (f->aggregate != AGGREGATE_DISTINCT && f->aggregate != AGGREGATE_LAST)
			status |= require(s, f->arg[i], TYPE_NUMBER);
		else
			root(f->arg[i]->type)->compared = true;
	}
	for (size_t i = 0; i < f->keys; i++)
		status |= check_key(s, f->key[i]);
	if (f->when != NULL)
		status |= check_expr(s, f->when) < 0 || check_memoryless(s, f->when) < 0 ? -1 : require(s, f->when, TYPE_BOOL);
	return status;
}

static enum value_type feature_type(const struct feature_clauses *f)
{
	return f->aggregate == AGGREGATE_LAST ? rule_type(f->arg[0]->type) : TYPE_NUMBER;
}

static void check_feature(struct scope *s, struct statement *t)
{
	int status = check_clauses(s, t->feature);

	if (check_let_name(s, t->name) < 0)
		return;
	t->symbol = define(s, SYMBOL_FEATURE, t->name, type_new(s, status < 0 ? TYPE_ANY : feature_type(t->feature), t->name));
	t->symbol->remembers = true;
	s->id = use_field(s, SPAN("transaction_id"), t->name);
	s->time = use_field(s, SPAN("transaction_ts"), t->name);
	s->id->used = s->time->used = true;
}

static void check_field(struct scope *s, struct statement *t)
{
	struct symbol *y;

	if (check_readable(s, t->name) < 0)
		return;
	y = find(s, t->name);
	if (y != NULL && y->kind == SYMBOL_FIELD && !y->declared) {
		rule_error(s->source, t->name, "%.*s is read on line %u already: declare it above its first use",
		           SPAN_ARG(t->name),
		           rule_line(s->source, y->at));
		return;
	}
	y = use_field(s, t->name, t->name);
	if (y != NULL && (y->kind != SYMBOL_FIELD || y->at.p != t->name.p)) {
		rule_error(s->source, t->name, "the name %.*s is taken on line %u", SPAN_ARG(t->name),
		           rule_line(s->source, y->at));
		return;
	}
	if (y != NULL && y->type->known != t->type) {
		rule_error(s->source, t->name, "%.*s is %s in every transaction", SPAN_ARG(t->name),
		           with_article(y->type->known));
		return;
	}
	if (y == NULL)
		y = define(s, SYMBOL_FIELD, t->name, type_new(s, t->type, (struct span){0}));
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
	if (check_expr(s, t->value) == 0)
		require(s, t->value, TYPE_BOOL);
	if (t->points != NULL && check_expr(s, t->points) == 0)
		require(s, t->points, TYPE_NUMBER);
	for (size_t i = 0; i < t->parts; i++)
		if (t->part[i].value != NULL && check_name(s, t->part[i].value) == 0)
			t->part[i].value->symbol->shown = true;
	if (check_new(s, t->name) == 0)
		define(s, SYMBOL_RULE, t->name, type_new(s, TYPE_BOOL, t->name));
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
			check_list(s, t);
		} else if (t->kind == STATEMENT_TABLE) {
			check_table(s, t);
		} else if (t->kind == STATEMENT_FEATURE) {
			check_feature(s, t);
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
