/* What a comparison found, for people and as NDJSON. */
#include "compare.h"

#include <inttypes.h>

#include "decimal.h"
#include "out.h"

static const struct {
	const char *name, *text;
} changes[CHANGES] = {
	[CHANGE_FLAGGED] = {"flagged", "flagged by B only"},   [CHANGE_CLEARED] = {"cleared", "flagged by A only"},
	[CHANGE_REFUSED] = {"refused", "rejected by B only"},  [CHANGE_ACCEPTED] = {"accepted", "rejected by A only"},
	[CHANGE_HIGHER] = {"higher", "score higher by B"},     [CHANGE_LOWER] = {"lower", "score lower by B"},
	[CHANGE_REASONS] = {"reasons", "other reasons only"},
};

const char *change_name(enum change change)
{
	return changes[change].name;
}

static uint64_t changed(const struct comparison *c)
{
	uint64_t sum = 0;

	for (int i = 0; i < CHANGES; i++)
		sum += c->change[i].records;
	return sum;
}

/* Without --label nobody knows. */
static bool labelled(const struct comparison *c)
{
	return c->judge[0]->options.label != NULL;
}

static const char *kind_of(const struct comparison *c, const struct compare_rule *r, int side)
{
	return r->at[side] >= 0 ? statement_name(c->judge[side]->program.rule[r->at[side]].kind) : "-";
}

/* --- for people ---------------------------------------------------------------------------------------------------------- */

static void print_count(const struct comparison *c, const char *name, const struct compare_count *n, FILE *f)
{
	fprintf(f, "%-20s  %10" PRIu64, name, n->records);
	if (labelled(c))
		fprintf(f, "  %8" PRIu64, n->frauds);
	fprintf(f, "  %16.2f\n", n->value);
}

static void print_counts(const struct comparison *c, FILE *f)
{
	for (int side = 0; side < 2; side++)
		fprintf(f, "%c  %s, ruleset %s\n", "AB"[side], c->name[side], c->judge[side]->ruleset);
	fprintf(f, "%" PRIu64 " records, %" PRIu64 " judged otherwise by B", c->records, changed(c));
	if (labelled(c))
		fprintf(f, "; %" PRIu64 " are frauds", c->frauds);
	if (c->refused > 0)
		fprintf(f, "; %" PRIu64 " rejected by both", c->refused);
	fprintf(f, "\n\n%-20s  %10s%s  %16s\n", "verdict", "records", labelled(c) ? "    frauds" : "", "value");
	print_count(c, "fraud by A", &c->flagged[0], f);
	print_count(c, "fraud by B", &c->flagged[1], f);
	fprintf(f, "\n%-20s  %10s%s  %16s\n", "change", "records", labelled(c) ? "    frauds" : "", "value");
	for (int i = 0; i < CHANGES; i++)
		print_count(c, changes[i].text, &c->change[i], f);
}

static void print_rules(const struct comparison *c, FILE *f)
{
	size_t width = 10;

	for (size_t i = 0; i < c->rules; i++)
		width = c->rule[i].name.n > width ? c->rule[i].name.n : width;
	fprintf(f, "\n%-*s  %-6s  %-6s  %10s  %10s  %10s  %10s  %10s%s\n", (int)width, "rule", "A", "B", "hits A", "hits B", "both", "only A",
	        "only B", labelled(c) ? "  frauds: only A, only B" : "");
	for (size_t i = 0; i < c->rules; i++) {
		const struct compare_rule *r = &c->rule[i];

		fprintf(f, "%-*.*s  %-6s  %-6s  %10" PRIu64 "  %10" PRIu64 "  %10" PRIu64 "  %10" PRIu64 "  %10" PRIu64, (int)width,
		        SPAN_ARG(r->name), kind_of(c, r, 0), kind_of(c, r, 1), r->hits[0], r->hits[1], r->both, r->only[0], r->only[1]);
		if (labelled(c))
			fprintf(f, "  %" PRIu64 ", %" PRIu64, r->only_frauds[0], r->only_frauds[1]);
		fprintf(f, "\n");
	}
}

static void print_examples(const struct comparison *c, FILE *f)
{
	for (int i = 0; i < CHANGES; i++) {
		if (c->example[i].n == 0)
			continue;
		fprintf(f, "\n%s, for example\n", changes[i].text);
		fwrite(c->example[i].p, 1, c->example[i].n, f);
	}
}

/* --- NDJSON -------------------------------------------------------------------------------------------------------------- */

static void json_count(const struct comparison *c, const struct compare_count *n, struct buf *to)
{
	buf_addf(to, "\"records\":%" PRIu64 ",\"frauds\":", n->records);
	if (labelled(c))
		buf_addf(to, "%" PRIu64, n->frauds);
	else
		buf_add_text(to, "null");
	buf_add_text(to, ",\"value\":");
	decimal_write(to, n->value);
	buf_add_text(to, "}\n");
}

static void add_json(const struct comparison *c, struct buf *to)
{
	buf_addf(to, "{\"figure\":\"total\",\"a\":\"%s\",\"b\":\"%s\",\"records\":%" PRIu64 ",\"changed\":%" PRIu64 ",\"rejected\":%" PRIu64 "}\n",
	         c->judge[0]->ruleset, c->judge[1]->ruleset, c->records, changed(c), c->refused);
	for (int side = 0; side < 2; side++) {
		buf_addf(to, "{\"figure\":\"flagged\",\"by\":\"%c\",", "ab"[side]);
		json_count(c, &c->flagged[side], to);
	}
	for (int i = 0; i < CHANGES; i++) {
		buf_addf(to, "{\"figure\":\"change\",\"change\":\"%s\",", changes[i].name);
		json_count(c, &c->change[i], to);
	}
	for (size_t i = 0; i < c->rules; i++) {
		const struct compare_rule *r = &c->rule[i];

		buf_addf(to, "{\"figure\":\"rule\",\"name\":\"%.*s\",\"a\":\"%s\",\"b\":\"%s\",\"hits_a\":%" PRIu64 ",\"hits_b\":%" PRIu64
		         ",\"both\":%" PRIu64 ",\"only_a\":%" PRIu64 ",\"only_b\":%" PRIu64 ",\"only_a_frauds\":%" PRIu64
		         ",\"only_b_frauds\":%" PRIu64 "}\n", SPAN_ARG(r->name), kind_of(c, r, 0), kind_of(c, r, 1), r->hits[0], r->hits[1],
		         r->both, r->only[0], r->only[1], r->only_frauds[0], r->only_frauds[1]);
	}
	for (int i = 0; i < CHANGES; i++)
		buf_add_span(to, buf_span(&c->example[i]));
}

int comparison_report(const struct comparison *c, FILE *f)
{
	struct buf text = {0};

	if (c->json) {
		add_json(c, &text);
		fwrite(text.p, 1, text.n, f);
		buf_free(&text);
	} else {
		print_counts(c, f);
		print_rules(c, f);
		print_examples(c, f);
	}
	return out_report_end(f, "stdout");
}
