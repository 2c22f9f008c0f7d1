#include "program.h"

#include <stdlib.h>

#include "compile.h"
#include "json.h"

/* Field i is register i: they come first. */
static void compile_fields(struct compiler *c)
{
	struct program *p = c->p;
	size_t count = 0;

	for (const struct symbol *y = c->scope->first; y != NULL; y = y->next)
		count += y->kind == SYMBOL_FIELD && (y->used || y->shown);
	p->field = pool_zero(&p->pool, count, sizeof *p->field);
	for (struct symbol *y = c->scope->first; y != NULL; y = y->next) {
		if (y->kind != SYMBOL_FIELD || (!y->used && !y->shown))
			continue;
		y->slot = compile_register(c, (struct value){.null = true});
		p->field[p->fields++] = (struct program_field){y->name, y->used ? rule_type(y->type) : TYPE_ANY};
	}
}

static void compile_parts(struct compiler *c, struct program_rule *r, const struct statement *t)
{
	r->parts = t->parts;
	r->part = pool_zero(&c->p->pool, t->parts, sizeof *r->part);
	for (size_t i = 0; i < t->parts; i++) {
		const struct expr *value = t->part[i].value;
		struct program_part *part = &r->part[i];

		part->literal = t->part[i].literal;
		part->field = -1;
		if (value == NULL)
			continue;
		part->has_value = true;
		part->value = compile_name(c, value->symbol);
		part->type = rule_type(value->type);
		if (value->symbol->kind == SYMBOL_FIELD)
			part->field = value->symbol->slot;
	}
}

static void compile_rule(struct compiler *c, struct program_rule *r, const struct statement *t)
{
	r->kind = t->kind;
	r->name = t->name;
	r->line = rule_line(c->source, t->at);
	r->when = compile_expr(c, t->value);
	if (t->points != NULL) {
		r->has_points = true;
		r->points = compile_expr(c, t->points);
	}
	compile_parts(c, r, t);
}

static void compile_bands(struct program *p, const struct statement *t)
{
	p->band = t->band;
	p->bands = t->bands;
	for (size_t i = 0; i < t->bands; i++) {
		if (span_eq(t->band[i].name, SPAN("block"))) {
			p->has_block = true;
			p->block = t->band[i].from;
		}
	}
}

/* --- models -------------------------------------------------------------------------------------------------------- */

static void compile_model(struct compiler *c, const struct statement *t)
{
	struct program *p = c->p;
	struct program_model *m = &p->model[p->models];

	*m = (struct program_model){.name = t->name, .file = t->file, .line = rule_line(c->source, t->at), .kind = t->model,
	                            .model = t->symbol->model, .inputs = t->value->count, .first = p->model_inputs};
	m->input = pool_zero(&p->pool, m->inputs, sizeof *m->input);
	for (size_t i = 0; i < m->inputs; i++) {
		const struct expr *e = t->value->arg[i];

		m->input[i] = (struct program_input){e->at, compile_expr(c, e), rule_type(e->type)};
	}
	m->to = compile_emit(c, OP_MODEL, (uint16_t)p->models, 0, 0, 0);
	t->symbol->slot = m->to;
	p->models++;
	p->model_inputs += m->inputs;
}

static size_t count_kind(const struct statement *first, enum statement_kind kind)
{
	size_t count = 0;

	for (; first != NULL; first = first->next)
		count += first->kind == kind;
	return count;
}

static void compile_values(struct program *p, const struct statement *first)
{
	for (const struct statement *t = first; t != NULL; t = t->next)
		p->values += t->symbol != NULL;
	p->value = pool_zero(&p->pool, p->values, sizeof *p->value);
	p->values = 0;
	for (const struct statement *t = first; t != NULL; t = t->next)
		if (t->symbol != NULL)
			p->value[p->values++] = (struct program_value){t->name, t->symbol->kind, rule_type(t->symbol->type),
			                                               (uint16_t)t->symbol->slot};
}

static void compile_all(struct compiler *c, const struct statement *first)
{
	struct program *p = c->p;
	size_t count = 0, features = count_kind(first, STATEMENT_FEATURE);
	struct plan_group *keys = xcalloc(features, sizeof *keys);

	for (const struct statement *t = first; t != NULL; t = t->next)
		count += t->kind <= STATEMENT_CHECK;
	p->rule = pool_zero(&p->pool, count, sizeof *p->rule);
	p->plan.feature = pool_zero(&p->pool, features, sizeof *p->plan.feature);
	p->model = pool_zero(&p->pool, count_kind(first, STATEMENT_MODEL), sizeof *p->model);
	compile_fields(c);
	compile_features(c, first, keys);
	free(keys);
	for (const struct statement *t = first; t != NULL && c->source->errors == 0; t = t->next) {
		if (t->kind <= STATEMENT_CHECK)
			compile_rule(c, &p->rule[p->rules++], t);
		else if (t->kind == STATEMENT_LET && t->symbol->remembers)
			t->symbol->slot = compile_expr(c, t->value);
		else if (t->kind == STATEMENT_MODEL)
			compile_model(c, t);
		else if (t->kind == STATEMENT_BANDS)
			compile_bands(p, t);
	}
	compile_values(p, first);
	p->uses_currencies = c->base_amount >= 0;
	signature_make(first, &p->files, p->signature, &p->remembers_currencies);
}

static int compile_text(struct program *p, const char *name, struct span text, bool without_models, struct buf *errors)
{
	struct rule_source source = {.name = name};
	struct scope scope;
	struct compiler c = {.p = p, .source = &source, .base_amount = -1, .scope = &scope};
	struct statement *first;
	const char *nul;
	int status = 0;

	*p = (struct program){0};
	p->files.pool = &p->pool;
	p->files.without_models = without_models;
	source.text = pool_copy(&p->pool, text);
	nul = text.n > 0 ? memchr(source.text.p, '\0', text.n) : NULL;
	if (!utf8_valid(text)) {
		rule_error(&source, (struct span){source.text.p, 0}, "the file is not UTF-8");
	} else if (nul != NULL) { /* in a message it would go out where PostgreSQL cannot hold it */
		rule_error(&source, (struct span){nul, 1}, "a NUL byte");
	} else {
		first = rule_parse(&source, &p->pool);
		if (source.errors == 0) /* what could not be parsed would be missed as a name further down */
			rule_check(&scope, first, &source, &p->pool, &p->files);
		if (source.errors == 0)
			compile_all(&c, first);
	}
	if (source.errors > 0) {
		buf_add_span(errors, buf_span(&source.messages));
		if (source.errors > RULE_ERRORS_SHOWN)
			buf_addf(errors, "\n(%d more)", source.errors - RULE_ERRORS_SHOWN);
		program_free(p);
		status = -1;
	}
	rule_source_free(&source);
	return status;
}

int program_compile(struct program *p, const char *name, struct span text, struct buf *errors)
{
	return compile_text(p, name, text, false, errors);
}

int program_compile_untrained(struct program *p, const char *name, struct span text, struct buf *errors)
{
	return compile_text(p, name, text, true, errors);
}

void program_free(struct program *p)
{
	files_free(&p->files);
	pool_free(&p->pool);
	free(p->code);
	free(p->start);
	*p = (struct program){0};
}
