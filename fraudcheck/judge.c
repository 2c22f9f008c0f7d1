#include "judge.h"

#include <math.h>
#include <stdlib.h>

#include "decimal.h"
#include "digest.h"
#include "feature.h"
#include "model_explain.h"
#include "render.h"
#include "splice.h"
#include "vector.h"

/* A score stays within what every store of it can hold. */
static const double SCORE_MAX = 1e9;

static void hash_ruleset(struct judge *j, struct span rules, struct span currencies)
{
	struct digest *d = digest_new();
	char hex[DIGEST_HEX + 1];

	digest_add(d, rules);
	digest_add(d, (struct span){"", 1}); /* a NUL, which neither text has: the two cannot run into one another */
	digest_add(d, currencies);
	for (size_t i = 0; i < j->program.files.count; i++) { /* lists, tables and models, in the order of the rule file */
		digest_add(d, (struct span){"", 1});
		digest_add(d, j->program.files.file[i].text);
	}
	digest_finish(d, hex);
	memcpy(j->ruleset, hex, RULESET_HEX);
	j->ruleset[RULESET_HEX] = '\0';
}

static void hash_memory(struct judge *j, struct span currencies)
{
	struct digest *d = digest_new();

	digest_add(d, span_of(j->program.signature));
	if (j->program.remembers_currencies)
		digest_add(d, currencies);
	digest_finish(d, j->remembers);
}

/* --- the verdict as members ------------------------------------------------------------------------------------------ */

static bool counts(const struct program_rule *r)
{
	return r->kind == STATEMENT_FLAG || r->kind == STATEMENT_RULE;
}

static void add_reasons(const struct judge *j, struct buf *to)
{
	bool first = true;

	for (size_t i = 0; i < j->program.rules && !j->allowed; i++) {
		if (!j->fired[i] || !counts(&j->program.rule[i]))
			continue;
		buf_add_text(to, first ? "\"" : ",\"");
		buf_add_span(to, j->program.rule[i].name); /* letters, digits and _: nothing to escape */
		buf_add_char(to, '"');
		first = false;
	}
}

static void explain_rule(struct judge *j, const struct program_rule *r, struct buf *to)
{
	buf_addf(to, "{\"name\":\"%.*s\",\"kind\":\"%s\"", SPAN_ARG(r->name), statement_name(r->kind));
	if (r->has_points) {
		const struct value *points = &j->vm.reg[r->points];

		buf_add_text(to, ",\"points\":");
		if (points->null)
			buf_add_text(to, "null");
		else
			decimal_write(to, points->number);
	}
	if (r->parts > 0) {
		buf_clear(&j->text);
		render_message(&j->text, r, &j->binder, &j->vm, j->options.mask);
		buf_add_text(to, ",\"reason\":");
		json_quote(to, buf_span(&j->text));
	}
	buf_add_char(to, '}');
}

/* A string may be one that is masked, from an earlier record. */
static void explain_value(const struct judge *j, enum value_type type, const struct value *v, struct buf *to)
{
	if (j->options.mask == NULL || type != TYPE_STRING || v->null) {
		render_json(to, type, v);
		return;
	}
	buf_add_char(to, '"');
	mask_show(j->options.mask, v->string, to);
	buf_add_char(to, '"');
}

static void explain_features(const struct judge *j, struct buf *to)
{
	const struct plan *plan = &j->program.plan;

	buf_add_text(to, ",\"features\":{");
	for (size_t i = 0; i < plan->features; i++) {
		const struct plan_feature *f = &plan->feature[i];

		buf_addf(to, "%s\"%.*s\":", i > 0 ? "," : "", SPAN_ARG(f->name));
		explain_value(j, plan_feature_type(f), &j->vm.reg[f->to], to);
	}
	buf_add_char(to, '}');
}

static void add_explain(struct judge *j, struct buf *to)
{
	const struct band *band = judge_band(j, j->score);
	bool first = true;

	buf_add_text(to, ",\"explain\":{");
	if (j->program.bands > 0) {
		buf_add_text(to, "\"band\":");
		if (band != NULL)
			json_quote(to, band->name);
		else
			buf_add_text(to, "null");
		buf_add_char(to, ',');
	}
	buf_add_text(to, "\"rules\":[");
	for (size_t i = 0; i < j->program.rules; i++) {
		if (!j->fired[i] || j->program.rule[i].kind == STATEMENT_CHECK)
			continue;
		if (!first)
			buf_add_char(to, ',');
		explain_rule(j, &j->program.rule[i], to);
		first = false;
	}
	buf_add_char(to, ']');
	if (j->program.plan.features > 0)
		explain_features(j, to);
	if (j->program.models > 0)
		model_explain(&j->program, &j->vm, to);
	buf_add_char(to, '}');
}

static void build_tail(struct judge *j, struct buf *to)
{
	buf_add_text(to, j->is_fraud ? "\"is_fraud\":true,\"fraud_score\":" : "\"is_fraud\":false,\"fraud_score\":");
	decimal_write(to, j->score);
	buf_add_text(to, ",\"fraud_reasons\":[");
	add_reasons(j, to);
	buf_add_text(to, "],\"ruleset\":\"");
	buf_add_text(to, j->ruleset);
	buf_add_char(to, '"');
	if (j->binder.renames_truth && j->binder.truth != TRUTH_UNKNOWN)
		buf_add_text(to, j->binder.truth == TRUTH_FRAUD ? ",\"label\":true" : ",\"label\":false");
	if (j->options.explain)
		add_explain(j, to);
	buf_add_text(to, "}\n");
}

/* --- judging --------------------------------------------------------------------------------------------------------- */

/* The member that holds the truth is no member for rules. */
static int check_label(const struct judge *j, const char *rules_name, struct buf *errors)
{
	for (size_t i = 0; j->options.label != NULL && i < j->program.fields; i++) {
		struct span path = j->program.field[i].path, label = span_of(j->options.label);

		if (span_starts(path, label) && (path.n == label.n || path.p[label.n] == '.')) {
			buf_addf(errors, "%s: the rules read %s, but --label says that it holds the truth: rules read that by "
			         "share(label) … delay", rules_name, j->options.label);
			return -1;
		}
	}
	return 0;
}

int judge_init(struct judge *j, const char *rules_name, struct span rules, const char *currencies_name,
               struct span currencies, const struct judge_options *options, struct buf *errors)
{
	*j = (struct judge){.options = *options};
	if ((options->features ? program_compile_untrained : program_compile)(&j->program, rules_name, rules, errors) < 0)
		return -1;
	if (check_label(j, rules_name, errors) < 0 || currency_load(&j->currencies, currencies_name, currencies, errors) < 0) {
		program_free(&j->program);
		return -1;
	}
	history_init(&j->history, &j->program.plan, &options->history);
	vm_init(&j->vm, &j->program, &j->currencies, &j->history);
	if (options->explain)
		vm_keep_reasons(&j->vm);
	bind_init(&j->binder, &j->program, options->explain, options->label);
	hash_ruleset(j, rules, currencies);
	hash_memory(j, currencies);
	j->fired = xcalloc(j->program.rules, sizeof *j->fired);
	build_tail(j, &j->innocent);
	return 0;
}

void judge_free(struct judge *j)
{
	history_free(&j->history);
	vm_free(&j->vm);
	bind_free(&j->binder);
	program_free(&j->program);
	currency_free(&j->currencies);
	free(j->fired);
	buf_free(&j->innocent);
	buf_free(&j->tail);
	buf_free(&j->text);
	buf_free(&j->detail_text);
	*j = (struct judge){0};
}

int judge_take_over(struct judge *j, struct judge *from)
{
	if (strcmp(j->remembers, from->remembers) != 0)
		return -1;
	history_take_over(&j->history, &from->history);
	return 0;
}

const struct band *judge_band(const struct judge *j, double score)
{
	const struct band *found = NULL;

	for (size_t i = 0; i < j->program.bands && score >= j->program.band[i].from; i++)
		found = &j->program.band[i];
	return found;
}

/* A record that is refused has no verdict: nothing else has fired then. */
static void fail_check(struct judge *j, const struct program_rule *r)
{
	memset(j->fired, 0, j->program.rules * sizeof *j->fired);
	j->fired[r - j->program.rule] = true;
	j->reason = "check_failed";
	buf_clear(&j->detail_text);
	buf_add_span(&j->detail_text, r->name);
	if (r->parts > 0) {
		buf_add_text(&j->detail_text, ": ");
		render_message(&j->detail_text, r, &j->binder, &j->vm, j->options.mask);
	}
	j->detail = buf_text(&j->detail_text);
}

static double limited(double points)
{
	return points > SCORE_MAX ? SCORE_MAX : points < -SCORE_MAX ? -SCORE_MAX : points;
}

/* What fired, and what follows from it. false if a check failed. */
static bool decide(struct judge *j)
{
	double score = 0;

	j->anything = j->allowed = j->flagged = false;
	for (size_t i = 0; i < j->program.rules; i++) {
		const struct program_rule *r = &j->program.rule[i];
		const struct value *when = &j->vm.reg[r->when];

		j->fired[i] = !when->null && when->truth == (r->kind != STATEMENT_CHECK);
		if (!j->fired[i])
			continue;
		j->anything = true;
		if (r->kind == STATEMENT_CHECK) {
			fail_check(j, r);
			return false;
		}
		j->allowed |= r->kind == STATEMENT_ALLOW;
		j->flagged |= r->kind == STATEMENT_FLAG;
		if (r->kind == STATEMENT_RULE && !j->vm.reg[r->points].null)
			score += limited(j->vm.reg[r->points].number);
	}
	score = limited(score);
	j->score = j->allowed || score == 0 ? 0 : score;
	j->flagged &= !j->allowed;
	j->is_fraud = j->flagged || (!j->allowed && j->program.has_block && score >= j->program.block);
	return true;
}

static bool cut_verdict(const void *arg, const struct json_member *m)
{
	return bind_is_verdict(arg, m);
}

/* The partition key of a record without an envelope, as kproduce would take it. */
static struct span plain_key(struct judge *j, const struct json_object *record)
{
	const struct json_member *m = j->options.history.partitions > 1 ? json_find(record, SPAN("customer_id")) : NULL;

	if (m == NULL || !m->escaped)
		return m != NULL ? m->value : (struct span){0};
	buf_clear(&j->text);
	return json_unescape(&j->text, m->value) == 0 ? buf_span(&j->text) : m->value;
}

void judge_enter(struct judge *j, const struct envelope *envelope, const struct json_object *record)
{
	if (envelope != NULL)
		history_enter(&j->history, envelope);
	else
		history_enter_plain(&j->history, plain_key(j, record));
}

/* A label takes effect where the record that it is about is remembered. */
static void learn_label(struct judge *j, const struct json_object *record)
{
	const struct json_member *id = json_find(record, SPAN("label_for")), *fraud = json_find(record, SPAN("is_fraud"));

	if (!j->program.plan.labelled || id == NULL || id->type != JSON_STRING || fraud == NULL ||
	    (fraud->type != JSON_TRUE && fraud->type != JSON_FALSE))
		return;
	buf_clear(&j->text);
	if (id->escaped && json_unescape(&j->text, id->value) < 0)
		return;
	features_label(&j->history, j->vm.reg, id->escaped ? buf_span(&j->text) : id->value, fraud->type == JSON_TRUE);
}

static struct splice_edits masked(const struct judge *j, const struct json_object *record)
{
	return j->options.mask != NULL ? mask_record(j->options.mask, record) : (struct splice_edits){0};
}

/* As it came, but for what is masked. */
static enum judged pass(const struct judge *j, const struct json_object *record, struct span line, struct buf *to, enum judged as)
{
	struct splice_edits edits = masked(j, record);

	splice_text(to, line, &edits);
	buf_add_char(to, '\n');
	return as;
}

static void add_verdict(const struct judge *j, const struct json_object *record, const struct buf *tail, struct buf *to)
{
	struct splice_edits edits = masked(j, record);

	splice_members(to, record, j->binder.has_verdict ? cut_verdict : NULL, &j->binder, &edits, buf_span(tail));
}

/* May it be judged: are the windows whole that its rules read? */
static bool covered(struct judge *j)
{
	const struct plan *plan = &j->program.plan;

	if (plan->features == 0 || j->history.at == NULL || j->history.at->whole || j->vm.reg[plan->time].null)
		return true;
	buf_clear(&j->detail_text);
	if (history_check_cover(&j->history, j->vm.reg[plan->time].time, &j->detail_text) == 0)
		return true;
	j->detail = buf_text(&j->detail_text);
	return false;
}

/* Is its verdict another than that of a record for which nothing fired? */
static bool is_special(const struct judge *j)
{
	return j->anything || (j->options.explain && (j->program.plan.features > 0 || j->program.models > 0)) ||
	       (j->binder.renames_truth && j->binder.truth != TRUTH_UNKNOWN);
}

enum judged judge_record(struct judge *j, const struct json_object *record, struct span line, struct buf *to)
{
	struct buf *tail = &j->innocent;
	bool fine;

	pool_reset(&j->vm.scratch);
	if (bind_record(&j->binder, record, &j->vm) < 0) {
		j->reason = j->binder.reason;
		j->detail = j->binder.detail;
		return j->history.is_warm ? pass(j, record, line, to, JUDGED_WARM) : JUDGED_REJECT;
	}
	if (j->binder.is_label) {
		learn_label(j, record);
		return pass(j, record, line, to, JUDGED_LABEL);
	}
	if (!covered(j))
		return JUDGED_STOP;
	vm_run(&j->vm);
	fine = decide(j);
	if (fine && j->options.features && !j->history.is_warm)
		vector_add(j, record, to);
	else if (fine && !j->history.is_warm && is_special(j)) {
		tail = &j->tail;
		buf_clear(tail);
		build_tail(j, tail);
	}
	if (j->looked_at != NULL)
		j->looked_at(j->looked_at_arg, record, fine);
	if (j->program.plan.features > 0) /* only now: what a verdict shows may be forgotten by it */
		features_learn(&j->history, j->vm.reg, fine, j->binder.truth == TRUTH_FRAUD);
	if (j->history.is_warm)
		return pass(j, record, line, to, JUDGED_WARM);
	if (!fine)
		return JUDGED_REJECT;
	if (!j->options.features)
		add_verdict(j, record, tail, to);
	return JUDGED_VERDICT;
}
