#include "bind.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "decimal.h"
#include "rfc3339.h"

/* What a name means beside the field whose slot it has. */
enum { IS_LABEL = 1, IS_VERDICT = 2, IS_TRUTH = 4 };

static struct path_node *mark(struct binder *b, struct span name, unsigned marks)
{
	struct path_node *node = path_name(&b->pool, &b->names, name);

	node->marks |= marks;
	return node;
}

/* Of the verdict's own names only is_fraud can hold the truth; the verdict has its place then. */
static void add_truth(struct binder *b, const char *label)
{
	b->renames_truth = (mark(b, span_of(label), IS_TRUTH)->marks & IS_VERDICT) != 0;
	if (b->renames_truth)
		mark(b, SPAN("label"), IS_VERDICT);
}

void bind_init(struct binder *b, const struct program *program, bool explain, const char *label)
{
	static const char *const verdict[] = {"is_fraud", "fraud_score", "fraud_reasons", "ruleset"};

	*b = (struct binder){.program = program};
	for (size_t i = 0; i < program->fields; i++)
		path_add(&b->pool, &b->names, program->field[i].path)->slot = (int)i;
	for (size_t i = 0; i < sizeof verdict / sizeof verdict[0]; i++)
		mark(b, span_of(verdict[i]), IS_VERDICT);
	if (explain)
		mark(b, SPAN("explain"), IS_VERDICT);
	mark(b, SPAN("label_for"), IS_LABEL);
	if (label != NULL)
		add_truth(b, label);
	b->member = xcalloc(program->fields, sizeof(struct json_member *));
	b->seen = xcalloc(program->fields, sizeof *b->seen);
}

void bind_free(struct binder *b)
{
	path_free_inner(b->names);
	pool_free(&b->pool);
	free(b->node);
	free(b->known);
	free(b->member);
	free(b->seen);
	buf_free(&b->unescaped);
	*b = (struct binder){0};
}

/* --- values ----------------------------------------------------------------------------------------------------- */

static int fault(struct binder *b, size_t field, const char *reason, const char *is)
{
	const struct program_field *f = &b->program->field[field];

	b->reason = reason;
	snprintf(b->detail, sizeof b->detail, "%.*s is %s, but the rules read it as a %s", SPAN_ARG(f->path), is,
	         type_name(f->type));
	return -1;
}

static const char *what_is(const struct json_member *m)
{
	static const char *const names[] = {"null", "a boolean", "a boolean", "a number", "a string", "an array",
	                                    "an object"};

	return names[m->type];
}

static int load_number(struct binder *b, size_t field, const struct json_member *m, struct value *to)
{
	if (m->type != JSON_NUMBER)
		return fault(b, field, "wrong_type", what_is(m));
	to->number = decimal_double(m->value);
	if (!isfinite(to->number))
		return fault(b, field, "out_of_range", "beyond the range of a double");
	return 0;
}

static int load_string(struct binder *b, size_t field, const struct json_member *m, struct vm *vm, struct value *to)
{
	if (m->type != JSON_STRING)
		return fault(b, field, "wrong_type", what_is(m));
	to->string = m->value;
	if (!m->escaped)
		return 0;
	buf_clear(&b->unescaped);
	if (json_unescape(&b->unescaped, m->value) < 0)
		return fault(b, field, "wrong_type", "a string with half a surrogate pair");
	to->string = pool_copy(&vm->scratch, buf_span(&b->unescaped));
	return 0;
}

static int load_time(struct binder *b, size_t field, const struct json_member *m, struct vm *vm, struct value *to)
{
	struct value text;

	if (load_string(b, field, m, vm, &text) < 0)
		return -1;
	if (rfc3339_read(text.string, &to->time) < 0)
		return fault(b, field, "wrong_type", "a string that is no RFC 3339 time with a zone");
	return 0;
}

static int load_value(struct binder *b, size_t field, const struct json_member *m, struct vm *vm, struct value *to)
{
	switch (b->program->field[field].type) {
	case TYPE_NUMBER:
		return load_number(b, field, m, to);
	case TYPE_STRING:
		return load_string(b, field, m, vm, to);
	case TYPE_TIME:
		return load_time(b, field, m, vm, to);
	case TYPE_BOOL:
		if (m->type != JSON_TRUE && m->type != JSON_FALSE)
			return fault(b, field, "wrong_type", what_is(m));
		to->truth = m->type == JSON_TRUE;
		return 0;
	case TYPE_ANY:
		to->string = json_raw(m);
		return 0;
	}
	return 0;
}

/* Put a member into its slot. */
static int load(struct binder *b, size_t field, const struct json_member *m, struct vm *vm)
{
	struct value *to = &vm->reg[field];

	b->member[field] = m;
	if (m->type == JSON_NULL)
		return 0;
	b->seen[field] = true;
	if (load_value(b, field, m, vm, to) < 0)
		return -1;
	to->null = false; /* only now: a label's members are looked at even if one of them is of the wrong type */
	return 0;
}

/* --- names ------------------------------------------------------------------------------------------------------ */

static int load_node(struct binder *b, struct path_node *node, const struct json_member *m, struct vm *vm);

/* The members of a nested object. Of two with one name only the last is looked at: each node's `inner` is scanned at most
 * once a record, so that what b->member points to stays where it is. */
static int load_inner(struct binder *b, struct path_node *node, const struct json_member *m, struct vm *vm)
{
	size_t at;

	if (m->type == JSON_NULL)
		return 0;
	if (m->type != JSON_OBJECT) {
		b->reason = "wrong_type";
		snprintf(b->detail, sizeof b->detail, "%.*s is %s, but the rules read members of it",
		         SPAN_ARG(node->name),
		         what_is(m));
		return -1;
	}
	json_scan(&node->inner, m->value, &at); /* it is part of an object that was scanned: there is no fault in it */
	for (struct path_node *child = node->child; child != NULL; child = child->next) {
		const struct json_member *last = json_find_last(&node->inner, child->name);

		if (last != NULL && load_node(b, child, last, vm) < 0)
			return -1;
	}
	return 0;
}

static int load_truth(struct binder *b, const struct path_node *node, const struct json_member *m)
{
	switch (m->type) {
	case JSON_NULL:
		return 0;
	case JSON_TRUE:
	case JSON_FALSE:
		b->truth = m->type == JSON_TRUE ? TRUTH_FRAUD : TRUTH_FINE;
		return 0;
	default:
		b->reason = "wrong_type";
		snprintf(b->detail, sizeof b->detail, "%.*s is %s, but --label reads it as a boolean", SPAN_ARG(node->name), what_is(m));
		return -1;
	}
}

static int load_node(struct binder *b, struct path_node *node, const struct json_member *m, struct vm *vm)
{
	if (node->marks != 0) {
		if ((node->marks & IS_TRUTH) != 0 && load_truth(b, node, m) < 0)
			return -1;
		b->has_verdict |= (node->marks & IS_VERDICT) != 0;
		/* null: as pgload sees it; else a record could say of itself that it is innocent */
		b->is_label |= (node->marks & IS_LABEL) != 0 && m->type != JSON_NULL;
	}
	if (node->slot >= 0 && load(b, (size_t)node->slot, m, vm) < 0)
		return -1;
	return node->child != NULL ? load_inner(b, node, m, vm) : 0;
}

/* Other names than in the record before: what do they mean? Mostly many are still where they were. */
static void learn(struct binder *b, const struct json_object *record)
{
	if (record->count > b->places) {
		b->node = xrealloc(b->node, record->count * sizeof(struct path_node *));
		b->known = xrealloc(b->known, record->count * sizeof *b->known);
		while (b->places < record->count)
			b->node[b->places++] = NULL;
	}
	b->knowns = 0;
	for (size_t i = 0; i < record->count; i++) {
		if (b->node[i] == NULL || !json_name_is(&record->member[i], b->node[i]->name))
			b->node[i] = path_member(b->names, &record->member[i]);
		if (b->node[i] != NULL)
			b->known[b->knowns++] = (struct bind_place){i, b->node[i]};
	}
	b->shape = record->shape;
}

int bind_record(struct binder *b, const struct json_object *record, struct vm *vm)
{
	bool failed = false;

	for (size_t i = 0; i < b->program->fields; i++) {
		vm->reg[i].null = true;
		b->member[i] = NULL;
	}
	b->is_label = b->has_verdict = false;
	b->truth = TRUTH_UNKNOWN;
	if (record->shape != b->shape)
		learn(b, record);
	for (size_t i = 0; i < b->knowns; i++) {
		/* a fault is not the end: what comes may still say that this is a label */
		if (load_node(b, b->known[i].node, &record->member[b->known[i].at], vm) < 0)
			failed = true;
	}
	return failed && !b->is_label ? -1 : 0;
}

bool bind_is_verdict(const struct binder *b, const struct json_member *m)
{
	for (const struct path_node *node = b->names; node != NULL; node = node->next)
		if ((node->marks & IS_VERDICT) != 0 && json_name_is(m, node->name))
			return true;
	return false;
}
