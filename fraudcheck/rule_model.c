/* The statement that brings in a model: its inputs, and that the model has as many. */
#include "rule_checker.h"

/* A number, or a condition, which is 1 or 0. */
static int check_input(struct scope *s, struct expr *e)
{
	if (checker_expr(s, e) < 0)
		return -1;
	if (checker_root(e->type)->known == TYPE_BOOL)
		return 0;
	return checker_require(s, e, TYPE_NUMBER);
}

/* Inputs go by the text they are written with: in explanations, and to training. */
static int check_twice(struct scope *s, const struct expr *call)
{
	for (size_t i = 0; i < call->count; i++)
		for (size_t j = 0; j < i; j++)
			if (span_eq(call->arg[i]->at, call->arg[j]->at))
				return rule_error(s->source, call->arg[i]->at, "this is an input already");
	return 0;
}

/* Where the model knows its inputs by name, one that has the name of another stands in the wrong place. */
static int check_order(struct scope *s, const struct expr *call, const struct model *m)
{
	for (size_t i = 0; m->name != NULL && i < call->count; i++) {
		struct span text = call->arg[i]->at;

		if (span_eq(text, m->name[i]))
			continue;
		for (size_t j = 0; j < call->count; j++)
			if (span_eq(text, m->name[j]))
				return rule_error(s->source, text, "this is input %zu here, but input %zu of the model, which has %.*s in its place",
				                  i + 1, j + 1, SPAN_ARG(m->name[i]));
	}
	return 0;
}

void checker_model(struct scope *s, struct statement *t)
{
	const struct expr *call = t->value;
	struct model *m;
	int status = 0;

	for (size_t i = 0; i < call->count; i++)
		status |= check_input(s, call->arg[i]);
	if (checker_let_name(s, t->name) < 0)
		return;
	t->symbol = checker_define(s, SYMBOL_MODEL, t->name, checker_type_new(s, TYPE_NUMBER, t->name));
	t->symbol->remembers = true; /* it is computed behind the features, whether it reads one or not */
	if (call->count > MODEL_INPUTS_MAX) {
		rule_error(s->source, call->at, "a model has at most %d inputs", MODEL_INPUTS_MAX);
		return;
	}
	if (status < 0 || check_twice(s, call) < 0)
		return;
	m = files_model(s->files, s->source, t);
	t->symbol->model = m;
	if (m == NULL)
		return;
	if (m->inputs != call->count)
		rule_error(s->source, t->file_at, "%.*s has %zu inputs, but %zu are given here", SPAN_ARG(t->file), m->inputs, call->count);
	else
		check_order(s, call, m);
}
