/* The statements that bring in more than the record at hand: list, table, feature. */
#include "rule_checker.h"

void checker_list(struct scope *s, struct statement *t)
{
	struct list *list = NULL;
	struct symbol *y;

	if (checker_let_name(s, t->name) < 0)
		return;
	y = checker_define(s, SYMBOL_LIST, t->name, checker_type_new(s, TYPE_STRING, t->name));
	if (t->file.n > 0) {
		list = files_list(s->files, s->source, t);
	} else {
		list = files_add_list(s->files, t->name);
		files_fill_list(s->files, list, t->value);
	}
	y->list = list;
}

void checker_table(struct scope *s, struct statement *t)
{
	struct symbol *y, *key;

	if (checker_let_name(s, t->name) < 0 || checker_readable(s, t->by) < 0)
		return;
	key = checker_use_field(s, t->by, t->by);
	if (key == NULL)
		key = checker_define(s, SYMBOL_FIELD, t->by, checker_type_new(s, TYPE_STRING, t->by));
	if (key->kind != SYMBOL_FIELD || checker_root(key->type)->known != TYPE_STRING) {
		rule_error(s->source, t->by, "a table is read by a member of the record that is a string");
		return;
	}
	y = checker_define(s, SYMBOL_TABLE, t->name, checker_type_new(s, TYPE_ANY, t->name));
	y->key = key;
	y->table = files_table(s->files, s->source, t);
}

/* What a feature reads must be known from the record alone: else its windows would reach back further than they say. */
static int check_memoryless(struct scope *s, const struct expr *e)
{
	const struct expr *culprit = checker_remembering(e);

	if (culprit == NULL)
		return 0;
	return rule_error(s->source, culprit->at, "%.*s is %s: a feature is computed from the record itself, not from other features",
	                  SPAN_ARG(culprit->text), culprit->symbol->kind == SYMBOL_FEATURE ? "a feature"
	                                            : culprit->symbol->kind == SYMBOL_MODEL ? "a model" : "computed from a feature");
}

static int check_key(struct scope *s, struct expr *e)
{
	if (checker_expr(s, e) < 0)
		return -1;
	if (e->symbol->kind != SYMBOL_FIELD)
		return rule_error(s->source, e->at, "a key is a member of the record");
	if (checker_root(e->type)->known == TYPE_ANY)
		return checker_require(s, e, TYPE_STRING);
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
		if (checker_expr(s, f->arg[i]) < 0 || check_memoryless(s, f->arg[i]) < 0)
			return -1;
		if (f->aggregate == AGGREGATE_SHARE)
			status |= checker_require(s, f->arg[i], TYPE_BOOL);
		else if (f->aggregate != AGGREGATE_DISTINCT && f->aggregate != AGGREGATE_LAST)
			status |= checker_require(s, f->arg[i], TYPE_NUMBER);
		else
			checker_root(f->arg[i]->type)->compared = true;
	}
	for (size_t i = 0; i < f->keys; i++)
		status |= check_key(s, f->key[i]);
	if (f->when != NULL)
		status |= checker_expr(s, f->when) < 0 || check_memoryless(s, f->when) < 0 ? -1 : checker_require(s, f->when, TYPE_BOOL);
	return status;
}

static enum value_type feature_type(const struct feature_clauses *f)
{
	return f->aggregate == AGGREGATE_LAST ? rule_type(f->arg[0]->type) : TYPE_NUMBER;
}

void checker_feature(struct scope *s, struct statement *t)
{
	int status = check_clauses(s, t->feature);

	if (checker_let_name(s, t->name) < 0)
		return;
	t->symbol = checker_define(s, SYMBOL_FEATURE, t->name, checker_type_new(s, status < 0 ? TYPE_ANY : feature_type(t->feature), t->name));
	t->symbol->remembers = true;
	s->id = checker_use_field(s, SPAN("transaction_id"), t->name);
	s->time = checker_use_field(s, SPAN("transaction_ts"), t->name);
	s->id->used = s->time->used = true;
}
