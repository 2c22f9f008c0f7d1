#include "model_explain.h"

#include <math.h>
#include <stdlib.h>

#include "json.h"
#include "render.h"

/* The input that contributes most after those that were taken; m->inputs if nothing does. */
static size_t next_reason(const struct program_model *m, const double *because, const size_t *taken, size_t count)
{
	size_t best = m->inputs;

	for (size_t i = 0; i < m->inputs; i++) {
		bool is_taken = false;

		for (size_t k = 0; k < count; k++)
			is_taken |= taken[k] == i;
		if (!is_taken && because[i] != 0 && (best == m->inputs || fabs(because[i]) > fabs(because[best])))
			best = i;
	}
	return best;
}

/* What a sum of many parts has below 1e-6 is noise. */
static void add_contribution(struct buf *to, double x)
{
	buf_addf(to, "%.6g", x);
}

static void add_reasons(const struct program_model *m, const struct vm *vm, struct buf *to)
{
	const double *because = vm->because + m->first;
	size_t taken[MODEL_REASONS], count = 0;

	for (; count < MODEL_REASONS; count++) {
		size_t i = next_reason(m, because, taken, count);

		if (i == m->inputs)
			break;
		taken[count] = i;
		buf_add_text(to, count > 0 ? ",{\"input\":" : "{\"input\":");
		json_quote(to, m->input[i].text);
		buf_add_text(to, ",\"value\":");
		render_json(to, m->input[i].type, &vm->reg[m->input[i].reg]);
		buf_add_text(to, ",\"adds\":");
		add_contribution(to, because[i]);
		buf_add_char(to, '}');
	}
}

static void explain_one(const struct program_model *m, const struct vm *vm, struct buf *to)
{
	const struct value *value = &vm->reg[m->to];

	buf_addf(to, "\"%.*s\":{\"value\":", SPAN_ARG(m->name));
	render_json(to, TYPE_NUMBER, value);
	buf_addf(to, ",\"model\":\"%s\",\"base\":", m->model->hash);
	add_contribution(to, m->model->base);
	buf_add_text(to, ",\"because\":[");
	if (!value->null)
		add_reasons(m, vm, to);
	buf_add_text(to, "]}");
}

void model_explain(const struct program *p, const struct vm *vm, struct buf *to)
{
	buf_add_text(to, ",\"models\":{");
	for (size_t i = 0; i < p->models; i++) {
		if (i > 0)
			buf_add_char(to, ',');
		explain_one(&p->model[i], vm, to);
	}
	buf_add_char(to, '}');
}

void model_tell(const struct program_model *m, const struct vm *vm, struct buf *to)
{
	const double *because = vm->because + m->first;
	size_t *taken = xcalloc(m->inputs, sizeof *taken);

	buf_addf(to, "  %.*s = ", SPAN_ARG(m->name));
	render_json(to, TYPE_NUMBER, &vm->reg[m->to]);
	buf_addf(to, " by %s \"%.*s\", hash %s\n%12.6g  of the average record\n", model_kind_name(m->kind), SPAN_ARG(m->file), m->model->hash,
	         m->model->base);
	for (size_t count = 0; count < m->inputs && !vm->reg[m->to].null; count++) {
		size_t i = next_reason(m, because, taken, count);

		if (i == m->inputs)
			break;
		taken[count] = i;
		buf_addf(to, "%+12.6g  by %.*s = ", because[i], SPAN_ARG(m->input[i].text));
		render_json(to, m->input[i].type, &vm->reg[m->input[i].reg]);
		buf_add_char(to, '\n');
	}
	free(taken);
}
