#include "describe.h"

#include <errno.h>
#include <inttypes.h>

#include "exit.h"
#include "log.h"

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
	if (p->fields > 0)
		describe_fields(p, f);
	describe_bands(p, f);
	if (fflush(f) == 0 && !ferror(f))
		return EXIT_DONE;
	log_error("cannot write to stdout: %s", strerror(errno));
	return EXIT_IO;
}
