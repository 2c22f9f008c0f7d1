#include "vector.h"

#include "render.h"

static void add_member(const struct json_object *record, struct span name, struct buf *to)
{
	const struct json_member *m = json_find(record, name);

	json_quote(to, name);
	buf_add_char(to, ':');
	if (m != NULL)
		buf_add_span(to, json_raw(m));
	else
		buf_add_text(to, "null");
}

/* `"NAME":VALUE`, behind a comma unless it is the first. */
static void add_value(const struct judge *j, struct span name, enum value_type type, uint16_t reg, bool first, struct buf *to)
{
	if (!first)
		buf_add_char(to, ',');
	json_quote(to, name);
	buf_add_char(to, ':');
	render_json(to, type, &j->vm.reg[reg]);
}

static void add_values(const struct judge *j, enum symbol_kind kind, struct buf *to)
{
	const struct program *p = &j->program;
	bool first = true;

	for (size_t i = 0; i < p->values; i++) {
		if (p->value[i].kind != kind)
			continue;
		add_value(j, p->value[i].name, p->value[i].type, p->value[i].reg, first, to);
		first = false;
	}
}

static void add_model(const struct judge *j, const struct program_model *m, struct buf *to)
{
	json_quote(to, m->name);
	buf_add_text(to, ":{");
	for (size_t i = 0; i < m->inputs; i++)
		add_value(j, m->input[i].text, m->input[i].type, m->input[i].reg, i == 0, to);
	buf_add_char(to, '}');
}

void vector_add(const struct judge *j, const struct json_object *record, struct buf *to)
{
	const struct program *p = &j->program;

	buf_add_char(to, '{');
	add_member(record, SPAN("transaction_id"), to);
	buf_add_char(to, ',');
	add_member(record, SPAN("transaction_ts"), to);
	if (j->binder.truth != TRUTH_UNKNOWN)
		buf_add_text(to, j->binder.truth == TRUTH_FRAUD ? ",\"label\":true" : ",\"label\":false");
	buf_add_text(to, ",\"features\":{");
	add_values(j, SYMBOL_FEATURE, to);
	buf_add_text(to, "},\"lets\":{");
	add_values(j, SYMBOL_LET, to);
	buf_add_text(to, "},\"models\":{");
	for (size_t i = 0; i < p->models; i++) {
		if (i > 0)
			buf_add_char(to, ',');
		add_model(j, &p->model[i], to);
	}
	buf_add_text(to, "}}\n");
}
