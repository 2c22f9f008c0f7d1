#include "resolve.h"

#include <stdlib.h>
#include <string.h>

#include "fold.h"
#include "generic_test.h"
#include "log.h"
#include "nearest.h"
#include "seed.h"

/* What template_render() hands back to us. */
struct compiling {
	struct project *p;
	struct node *node;
};

static void need(struct project *p, struct indexes *list, size_t index)
{
	for (size_t i = 0; i < list->count; i++)
		if (list->item[i] == index)
			return;
	list->item = arena_more(&p->arena, list->item, list->count, sizeof *list->item);
	list->item[list->count++] = index;
}

static int no_such_node(struct project *p, const struct template_call *call, enum node_kind kind, const char *name)
{
	const char **words = arena_alloc(&p->arena, (p->count + 1) * sizeof *words);
	const char *near;
	size_t count = 0;

	for (size_t i = 0; i < p->count; i++)
		if (p->node[i]->kind == kind || (kind == NODE_MODEL && p->node[i]->kind == NODE_SEED))
			words[count++] = p->node[i]->name;
	near = nearest_word(name, words);
	if (near != NULL)
		return place_error(call->at, "there is no %s '%s'; did you mean '%s'?", kind == NODE_MODEL ? "model" : "source",
		                   name, near);
	return place_error(call->at, "there is no %s '%s'%s", kind == NODE_MODEL ? "model" : "source", name,
	                   kind == NODE_MODEL ? " (a table that the project does not build is a source)" : "");
}

/* changes('table'): the source table of that name, if there is only one; else the name itself. */
static const char *table_name(struct project *p, const struct template_call *call)
{
	const char *name = template_arg_text(call, 0), *found = name;

	for (size_t i = 0; i < p->count; i++) {
		const char *point = p->node[i]->kind == NODE_SOURCE ? strrchr(p->node[i]->name, '.') : NULL;

		if (point == NULL || strcmp(point + 1, name) != 0)
			continue;
		if (found != name) {
			place_error(call->at, "the sources %s and %s both have a table '%s': write changes('group', '%s')", found,
			            p->node[i]->name, name, name);
			return NULL;
		}
		found = p->node[i]->name;
	}
	return found;
}

/* The node that a ref(), source() or changes() means, or NULL with a message. */
static struct node *target(struct project *p, const struct template_call *call)
{
	enum node_kind kind = call->kind == CALL_REF ? NODE_MODEL : NODE_SOURCE;
	const char *name = template_arg_text(call, 0);
	struct node *n;

	if (call->kind == CALL_CHANGES && call->count == 1) {
		name = table_name(p, call);
		if (name == NULL)
			return NULL;
	} else if (kind == NODE_SOURCE) {
		name = arena_format(&p->arena, "%s.%s", name, template_arg_text(call, 1));
	}
	n = kind == NODE_MODEL ? project_find_ref(p, name) : project_find(p, kind, name);
	if (n == NULL)
		no_such_node(p, call, kind, name);
	else if (n->config.disabled)
		place_error(call->at, "the %s '%s' is disabled (enabled: false)",
		            n->kind == NODE_SOURCE ? "source" : n->kind == NODE_SEED ? "seed" : "model", name);
	return n != NULL && !n->config.disabled ? n : NULL;
}

static void find_needs(struct project *p, struct node *n)
{
	for (size_t i = 0; i < n->template.count; i++) {
		const struct template_call *call = &n->template.call[i];
		const struct node *to;

		if (call->kind == CALL_THIS && n->kind != NODE_MODEL) {
			place_error(call->at, "{{ this }} is the relation of a model; a test has none");
			p->faults++;
		}
		if (call->kind == CALL_CHANGES && (n->kind != NODE_MODEL || n->config.materialised != MATERIALISE_FOLD)) {
			place_error(call->at, "{{ changes() }} belongs to models with materialized='fold'; read {{ source('…', '…') }} here");
			p->faults++;
		}
		if (call->kind != CALL_REF && call->kind != CALL_SOURCE && call->kind != CALL_CHANGES)
			continue;
		to = target(p, call);
		if (to == NULL)
			p->faults++;
		else
			need(p, &p->needs[n->index], to->index);
	}
}

/* The relation that a relationships test looks into. */
static const char *test_target(struct project *p, struct node *n)
{
	struct template_call call;
	const struct node *to;

	if (template_parse_call(&p->arena, n->at, n->test.to, &call) < 0)
		return NULL;
	if (call.kind != CALL_REF && call.kind != CALL_SOURCE) {
		place_error(n->at, "to: must be ref('…') or source('…', '…')");
		return NULL;
	}
	to = target(p, &call);
	if (to == NULL)
		return NULL;
	need(p, &p->needs[n->index], to->index);
	return to->relation;
}

static void resolve_test(struct project *p, struct node *n)
{
	const char *to = "";

	if (n->test.kind == TEST_SINGULAR) {
		find_needs(p, n);
		if (n->config.warn_if.percent || n->config.error_if.percent) {
			place_error(n->at, "a singular test has no rows to take a percentage of");
			p->faults++;
		}
		if (n->config.where != NULL) {
			place_error(n->at, "where belongs to generic tests; write the condition into the select");
			p->faults++;
		}
	} else {
		need(p, &p->needs[n->index], n->test.of);
		if (n->test.kind == TEST_RELATIONSHIPS && (to = test_target(p, n)) == NULL)
			p->faults++;
		else
			generic_test_compile(&p->arena, n, to);
	}
	for (size_t i = 0; i < p->needs[n->index].count; i++)
		n->on_model |= node_is_built(p->node[p->needs[n->index].item[i]]);
}

/* A model comes after the tests of what it is built from, where those tests read nothing else: tests gate. */
static void find_after(struct project *p)
{
	bool *below = xcalloc(p->count, sizeof *below);

	for (size_t m = 0; m < p->count; m++) {
		for (size_t k = 0; k < p->needs[m].count; k++)
			need(p, &p->after[m], p->needs[m].item[k]);
		if (p->node[m]->kind != NODE_MODEL)
			continue;
		memset(below, 0, p->count * sizeof *below);
		below[m] = true;
		graph_ancestors(p->needs, p->count, below);
		below[m] = false;
		for (size_t t = 0; t < p->count; t++) {
			size_t k = 0;

			while (p->node[t]->kind == NODE_TEST && k < p->needs[t].count && below[p->needs[t].item[k]])
				k++;
			if (p->node[t]->kind == NODE_TEST && k > 0 && k == p->needs[t].count)
				need(p, &p->after[m], t);
		}
	}
	free(below);
}

/* Where the node reads the other one. */
static struct place ref_at(struct project *p, const struct node *n, size_t other)
{
	for (size_t i = 0; i < n->template.count; i++) {
		const struct template_call *call = &n->template.call[i];

		if ((call->kind == CALL_REF || call->kind == CALL_SOURCE) && target(p, call) == p->node[other])
			return call->at;
	}
	return n->at;
}

static int find_order(struct project *p)
{
	size_t *cycle = arena_alloc(&p->arena, (p->count + 1) * sizeof *cycle);
	struct buf path = {0};
	size_t length;

	p->order = arena_alloc(&p->arena, (p->count + 1) * sizeof *p->order);
	if (graph_order(p->needs, p->count, p->order, cycle, &length) < 0) {
		for (size_t i = 0; i < length; i++)
			buf_addf(&path, "%s -> ", p->node[cycle[i]]->name);
		place_error(ref_at(p, p->node[cycle[0]], cycle[length > 1]), "the models need one another in a cycle: %s%s; move what both "
		            "sides need into a model of its own", buf_text(&path), p->node[cycle[0]]->name);
		buf_free(&path);
		return -1;
	}
	find_after(p);
	return graph_order(p->after, p->count, p->order, cycle, &length);
}

static const char *var_value(struct project *p, const struct template_call *call, const char *name)
{
	const struct yaml *maps[] = {p->given_vars, p->own_vars, p->vars};

	for (size_t i = 0; i < sizeof maps / sizeof maps[0]; i++) {
		const struct yaml *v = maps[i] != NULL ? yaml_get(maps[i], name) : NULL;

		for (size_t k = 0; i == 0 && v != NULL && k < p->given_vars->count; k++)
			p->given_read[k] |= p->given_vars->item[k] == v;
		if (v != NULL && v->kind == YAML_WORD)
			return v->text;
		if (v != NULL) {
			place_error(v->at, "the variable '%s' must be one word or text", name);
			return NULL;
		}
	}
	if (call->count > 1)
		return template_arg_text(call, 1);
	place_error(call->at, "the variable '%s' has no value: set it by --vars '{%s: …}', under vars: in "
	                      "dbt_project.yml, or give a default: var('%s', '…')", name, name, name);
	return NULL;
}

/* Everything, each row once: what a fold is when it is computed anew. In from, a name has to follow. */
static void changes_text(const struct compiling *c, const struct template_call *call, struct buf *to)
{
	const struct node *source = target(c->p, call);
	const struct span text = c->node->template.source;

	buf_addf(to, "(select *, 1 as sign from %s)", source->relation);
	if (!fold_names_source(text.p + call->end, text.p + text.n))
		buf_addf(to, " as %s", project_quoted(&c->p->arena, source->identifier));
}

static int render_call(void *arg, const struct template_call *call, struct buf *to)
{
	struct compiling *c = arg;
	const char *name = template_arg_text(call, 0), *text = NULL;

	switch (call->kind) {
	case CALL_REF:
	case CALL_SOURCE:
		text = target(c->p, call)->relation;
		break;
	case CALL_CHANGES:
		changes_text(c, call, to);
		return 0;
	case CALL_THIS:
		text = c->node->relation;
		break;
	case CALL_VAR:
		text = var_value(c->p, call, name);
		break;
	case CALL_ENV_VAR:
		text = getenv(name);
		if (text == NULL)
			text = template_arg_text(call, 1);
		if (text == NULL)
			place_error(call->at, "the environment variable %s is not set and has no default", name);
		break;
	default:
		text = "";
	}
	if (text == NULL)
		return -1;
	buf_add_text(to, text);
	return 0;
}

/* What, when it changes, makes a model another one. */
static void fingerprint(struct node *n)
{
	struct buf text = {0};

	buf_addf(&text, "%s\n%s\n", config_materialisation(n->config.materialised), n->relation);
	for (size_t i = 0; i < n->config.unique_key.count; i++)
		buf_addf(&text, "key %s\n", n->config.unique_key.item[i]);
	for (size_t i = 0; i < n->config.touches.count; i++)
		buf_addf(&text, "touches %s\n", n->config.touches.item[i]);
	buf_add(&text, n->compiled.sql, n->compiled.n);
	digest_of(buf_span(&text), n->hash);
	buf_free(&text);
}

static void compile(struct project *p, struct node *n)
{
	struct compiling c = {p, n};

	if (n->kind == NODE_SEED)
		seed_fingerprint(n);
	if (n->kind == NODE_SOURCE || n->kind == NODE_SEED || (n->kind == NODE_TEST && n->test.kind != TEST_SINGULAR))
		return;
	if (template_render(&p->arena, &n->template, false, render_call, &c, &n->compiled) < 0) {
		p->faults++;
		return;
	}
	if (n->compiled.n == 0) {
		place_error(n->at, "holds no SQL");
		p->faults++;
	}
	if (n->kind != NODE_MODEL)
		return;
	fingerprint(n);
	if ((n->config.materialised == MATERIALISE_FOLD && fold_read(p, n) < 0) ||
	    (n->config.materialised == MATERIALISE_INCREMENTAL &&
	     template_render(&p->arena, &n->template, true, render_call, &c, &n->increment) < 0))
		p->faults++;
}

/* A rebuilt model is another one too when a view below it is. */
static void fingerprint_below(struct project *p, struct node *n)
{
	bool *below = xcalloc(p->count, sizeof *below);
	struct buf text = {0};

	below[n->index] = true;
	graph_ancestors(p->needs, p->count, below);
	for (size_t i = 0; i < p->count; i++)
		if (below[i])
			buf_addf(&text, "%s\n", p->node[i]->hash);
	digest_of(buf_span(&text), n->hash);
	buf_free(&text);
	free(below);
}

int resolve_project(struct project *p)
{
	p->needs = arena_alloc(&p->arena, p->count * sizeof *p->needs);
	p->after = arena_alloc(&p->arena, p->count * sizeof *p->after);
	for (size_t i = 0; i < p->count; i++) {
		struct node *n = p->node[i];

		if (n->config.disabled)
			continue;
		if (n->kind == NODE_MODEL)
			find_needs(p, n);
		else if (n->kind == NODE_TEST)
			resolve_test(p, n);
	}
	if (p->faults > 0 || find_order(p) < 0)
		return -1;
	for (size_t i = 0; i < p->count; i++)
		if (!p->node[i]->config.disabled)
			compile(p, p->node[i]);
	for (size_t i = 0; i < p->count; i++)
		if (p->node[p->order[i]]->kind == NODE_MODEL && p->node[p->order[i]]->config.materialised == MATERIALISE_REBUILD)
			fingerprint_below(p, p->node[p->order[i]]);
	return p->faults > 0 ? -1 : 0;
}
