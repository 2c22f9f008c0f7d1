#include "compile.h"

/* The register of an expression that features read: the same expression has the same one, so that they share a column. */
static uint16_t compile_input(struct compiler *c, const struct expr *e)
{
	struct input *i = c->inputs;

	while (i != NULL && !span_eq(i->text, e->at))
		i = i->next;
	if (i == NULL) {
		i = pool_zero(&c->p->pool, 1, sizeof *i);
		*i = (struct input){e->at, compile_expr(c, e), c->inputs};
		c->inputs = i;
	}
	return i->reg;
}

static void compile_key(struct compiler *c, struct plan_group *key, const struct feature_clauses *f)
{
	for (size_t i = 0; i < f->keys; i++) {
		uint16_t reg = compile_name(c, f->key[i]->symbol);
		size_t at = key->keys++;

		for (; at > 0 && key->key[at - 1] > reg; at--) { /* in the order of the registers: (a, b) is the key (b, a) */
			key->key[at] = key->key[at - 1];
			key->type[at] = key->type[at - 1];
			key->name[at] = key->name[at - 1];
		}
		key->key[at] = reg;
		key->type[at] = rule_type(f->key[i]->type);
		key->name[at] = f->key[i]->text;
	}
}

static void compile_feature(struct compiler *c, struct plan_feature *f, struct plan_group *key, const struct statement *t)
{
	const struct feature_clauses *clauses = t->feature;

	f->name = t->name;
	f->line = rule_line(c->source, t->at);
	f->clauses = clauses;
	compile_key(c, key, clauses);
	for (size_t i = 0; i < clauses->args && !clauses->label; i++) {
		/* (a name that geo_speed() was not told has no place of its own in the file) */
		f->arg[i] = clauses->arg[i]->kind == EXPR_NAME ? compile_name(c, clauses->arg[i]->symbol)
		                                               : compile_input(c, clauses->arg[i]);
		f->arg_type = rule_type(clauses->arg[0]->type);
	}
	f->when = clauses->when != NULL ? compile_input(c, clauses->when) : UINT16_MAX;
}

void compile_features(struct compiler *c, const struct statement *first, struct plan_group *keys)
{
	struct plan *plan = &c->p->plan;
	const char *why;
	size_t at;

	for (const struct statement *t = first; t != NULL && c->source->errors == 0; t = t->next) {
		if (t->kind == STATEMENT_LET && !t->symbol->remembers)
			t->symbol->slot = compile_expr(c, t->value);
		if (t->kind == STATEMENT_FEATURE) {
			compile_feature(c, &plan->feature[plan->features], &keys[plan->features], t);
			plan->features++;
		}
	}
	if (plan->features == 0 || c->source->errors > 0)
		return;
	plan->id = (uint16_t)c->scope->id->slot;
	plan->time = (uint16_t)c->scope->time->slot;
	why = plan_make(plan, &c->p->pool, keys, &at);
	if (why != NULL)
		rule_error(c->source, plan->feature[at].name, "%s", why);
	compile_emit(c, OP_FEATURES, 0, 0, 0, 0);
	for (const struct statement *t = first; t != NULL; t = t->next)
		if (t->kind == STATEMENT_FEATURE)
			t->symbol->slot = compile_register(c, (struct value){.null = true});
	at = 0;
	for (const struct statement *t = first; t != NULL; t = t->next)
		if (t->kind == STATEMENT_FEATURE)
			plan->feature[at++].to = (uint16_t)t->symbol->slot;
}
