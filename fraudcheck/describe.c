#include "describe.h"

#include <inttypes.h>

#include "out.h"

static void describe_rules(const struct program *p, FILE *f)
{
	fprintf(f, "rules:\n");
	for (size_t i = 0; i < p->rules; i++) {
		const struct program_rule *r = &p->rule[i];

		fprintf(f, "  line %-4u %-7s %.*s%s\n", r->line, statement_name(r->kind), SPAN_ARG(r->name),
		        r->has_points ? ", with points" : "");
	}
}

static void describe_fields(const struct program *p, FILE *f)
{
	fprintf(f, "members read:\n");
	for (size_t i = 0; i < p->fields; i++)
		fprintf(f, "  %-8s %.*s%s\n", type_name(p->field[i].type), SPAN_ARG(p->field[i].path),
		        p->field[i].type == TYPE_ANY ? " (only shown, or asked whether it is null)" : "");
}

/* The largest unit that the duration is a whole number of. */
static void print_duration(FILE *f, int64_t us)
{
	static const struct {
		const char *name;
		int64_t us;
	} units[] = {{"d", 86400000000}, {"h", 3600000000}, {"m", 60000000}, {"s", 1000000}, {"ms", 1000}, {"us", 1}};
	size_t i = 0;

	while (us % units[i].us != 0)
		i++;
	fprintf(f, "%" PRId64 "%s", us / units[us != 0 ? i : 3].us, units[us != 0 ? i : 3].name);
}

static void describe_feature(const struct plan_feature *f, FILE *file)
{
	fprintf(file, "  line %-4u %-10s %.*s, by ", f->line, aggregate_name(f->clauses->aggregate), SPAN_ARG(f->name));
	for (size_t i = 0; i < f->clauses->keys; i++)
		fprintf(file, "%s%.*s", i > 0 ? ", " : "", SPAN_ARG(f->clauses->key[i]->text));
	fprintf(file, ", over ");
	print_duration(file, f->clauses->over);
	if (f->clauses->delay > 0) {
		fprintf(file, ", delay ");
		print_duration(file, f->clauses->delay);
	}
	fprintf(file, "%s\n", plan_group_is_whole(f->group, SPAN("customer_id")) ? "" : ": per partition");
}

static void describe_features(const struct plan *p, FILE *f)
{
	bool split = false;

	fprintf(f, "features:\n");
	for (size_t i = 0; i < p->features; i++) {
		describe_feature(&p->feature[i], f);
		split |= !plan_group_is_whole(p->feature[i].group, SPAN("customer_id"));
	}
	if (split)
		fprintf(f, "note: a topic keyed by customer_id spreads the records of any other key over its partitions: features that are "
		           "per partition see\n  their partition's share (--partitions N replays files the same way). What must be exact "
		           "comes from a table, or a topic keyed by it\n");
}

static void describe_lookups(const struct files *files, FILE *f)
{
	for (size_t i = 0; i < files->lists; i++)
		fprintf(f, "list %.*s: %zu values\n", SPAN_ARG(files->list[i]->name), files->list[i]->count);
	for (size_t i = 0; i < files->tables; i++) {
		const struct table *t = files->table[i];

		fprintf(f, "table %.*s: %zu rows by %.*s", SPAN_ARG(t->name), t->count, SPAN_ARG(t->by));
		for (size_t c = 0; c < t->columns; c++)
			fprintf(f, ", %.*s %s", SPAN_ARG(t->column[c].name), type_name(t->column[c].type));
		fprintf(f, "\n");
	}
}

static void describe_models(const struct program *p, FILE *f)
{
	for (size_t i = 0; i < p->models; i++) {
		const struct program_model *m = &p->model[i];

		fprintf(f, "%s model %.*s: \"%.*s\", line %u, %zu inputs", model_kind_name(m->kind), SPAN_ARG(m->name), SPAN_ARG(m->file), m->line,
		        m->inputs);
		if (m->model != NULL && m->model->trees > 0)
			fprintf(f, ", %zu trees of %zu nodes", m->model->trees, m->model->nodes);
		fprintf(f, "%s%s\n", m->model != NULL ? ", hash " : "", m->model != NULL ? m->model->hash : "");
	}
}

static void describe_bands(const struct program *p, FILE *f)
{
	bool points = false;

	for (size_t i = 0; i < p->rules; i++)
		points |= p->rule[i].kind == STATEMENT_RULE;
	if (p->bands > 0)
		fprintf(f, "bands:\n");
	for (size_t i = 0; i < p->bands; i++)
		fprintf(f, "  from %g: %.*s\n", p->band[i].from, SPAN_ARG(p->band[i].name));
	if (points && !p->has_block)
		fprintf(f, "note: rules give points, but no band is called block: no score makes a record fraud, only flags do\n");
}

int describe(const struct judge *j, const char *name, FILE *f)
{
	const struct program *p = &j->program;

	fprintf(f, "%s: %zu rules, ruleset %s, %zu currencies\n", name, p->rules, j->ruleset, j->currencies.count);
	if (p->rules > 0)
		describe_rules(p, f);
	describe_lookups(&p->files, f);
	if (p->plan.features > 0)
		describe_features(&p->plan, f);
	describe_models(p, f);
	if (p->fields > 0)
		describe_fields(p, f);
	describe_bands(p, f);
	return out_report_end(f, "stdout");
}

int describe_longest(const struct judge *j, FILE *f)
{
	const struct history_options *o = &j->options.history;
	int64_t longest = j->program.plan.longest;

	print_duration(f, longest > 0 ? longest + o->lateness + 2 * o->max_ahead : 0);
	fprintf(f, "\n");
	return out_report_end(f, "stdout");
}
