#include "why.h"

#include <inttypes.h>

#include "decimal.h"
#include "exit.h"
#include "feature_show.h"
#include "log.h"
#include "model_explain.h"
#include "out.h"
#include "render.h"

static void looked_at(void *arg, const struct json_object *record, bool fine);
static int judged(void *arg, const struct intake *in, const struct json_object *record, enum judged as, struct span line);

void why_init(struct why *w, struct judge *judge, const char *id, bool json)
{
	*w = (struct why){.judge = judge, .id = id, .json = json};
	w->observer = (struct observer){.judged = judged, .arg = w};
	if (!json) {
		judge->looked_at = looked_at;
		judge->looked_at_arg = w;
		vm_keep_reasons(&judge->vm);
	}
}

void why_free(struct why *w)
{
	facts_free(&w->facts);
	buf_free(&w->text);
}

static bool is_it(struct why *w, const struct json_object *record)
{
	buf_clear(&w->facts.text);
	return span_eq(facts_string(record, SPAN("transaction_id"), &w->facts.text), span_of(w->id));
}

/* --- what led to the verdict ------------------------------------------------------------------------------------------- */

static void tell_rule(struct why *w, const struct program_rule *r)
{
	const struct judge *j = w->judge;
	const struct value *when = &j->vm.reg[r->when], *points = &j->vm.reg[r->points];
	bool fired = !when->null && when->truth == (r->kind != STATEMENT_CHECK);
	const char *state = fired ? r->kind == STATEMENT_CHECK ? "failed" : "fired" : when->null ? "null" : "-";

	buf_addf(&w->text, "  %-6s  %-6s  %.*s", state, statement_name(r->kind), SPAN_ARG(r->name));
	if (r->has_points) {
		buf_add_text(&w->text, !points->null && points->number >= 0 ? "  +" : "  ");
		render_json(&w->text, TYPE_NUMBER, points);
	}
	if (r->parts > 0 && fired) {
		buf_add_text(&w->text, "  ");
		render_message(&w->text, r, &j->binder, &j->vm, NULL);
	}
	buf_add_char(&w->text, '\n');
}

static void tell_values(struct why *w)
{
	const struct program *p = &w->judge->program;
	bool any = false;

	for (size_t i = 0; i < p->fields; i++) {
		const struct json_member *m = w->judge->binder.member[i];

		buf_addf(&w->text, "%s  %.*s = ", i == 0 ? "\nmembers that the rules read\n" : "", SPAN_ARG(p->field[i].path));
		if (m == NULL)
			buf_add_text(&w->text, "null, it is not there");
		else
			buf_add_span(&w->text, json_raw(m));
		buf_add_char(&w->text, '\n');
	}
	for (size_t i = 0; i < p->values; i++) {
		const struct program_value *v = &p->value[i];

		if (v->kind == SYMBOL_FEATURE)
			continue;
		buf_addf(&w->text, "%s  %.*s = ", any ? "" : "\nvalues\n", SPAN_ARG(v->name));
		render_json(&w->text, v->type, &w->judge->vm.reg[v->reg]);
		buf_add_char(&w->text, '\n');
		any = true;
	}
}

static void tell_learning(struct why *w, bool fine)
{
	const struct history *h = &w->judge->history;
	const char *not = !h->evaluated ? "has no transaction_ts" : h->repeated ? "is remembered already: its transaction_id came before"
	                : h->late ? "is later than --lateness" : h->ahead ? "is further ahead of its Kafka time than --max-ahead"
	                : !fine ? "failed a check" : NULL;

	if (not != NULL)
		buf_addf(&w->text, "\nnote: it is not remembered for later records: it %s\n", not);
	if (h->is_warm)
		buf_add_text(&w->text, "\nnote: it was read only to fill windows (warm): this is the verdict it would get\n");
}

static void looked_at(void *arg, const struct json_object *record, bool fine)
{
	struct why *w = arg;
	const struct program *p = &w->judge->program;

	if (!is_it(w, record))
		return;
	buf_add_text(&w->text, "\nrules\n");
	for (size_t i = 0; i < p->rules; i++)
		tell_rule(w, &p->rule[i]);
	tell_values(w);
	for (size_t i = 0; i < p->plan.features; i++) {
		if (i == 0)
			buf_add_text(&w->text, "\nfeatures\n");
		feature_show(&w->judge->history, &p->plan.feature[i], w->judge->vm.reg, &w->text);
	}
	for (size_t i = 0; i < p->models; i++) {
		buf_add_text(&w->text, i == 0 ? "\nmodels\n" : "");
		model_tell(&p->model[i], &w->judge->vm, &w->text);
	}
	if (p->plan.features > 0)
		tell_learning(w, fine);
}

/* --- the verdict -------------------------------------------------------------------------------------------------------- */

static void add_verdict(struct why *w, struct buf *to)
{
	const struct judge *j = w->judge;
	const struct band *band = judge_band(j, j->score);
	bool first = true;

	buf_addf(to, "verdict: %s, score ", j->is_fraud ? "fraud" : "no fraud");
	decimal_write(to, j->score);
	if (band != NULL)
		buf_addf(to, " (band %.*s)", SPAN_ARG(band->name));
	for (size_t i = 0; i < j->program.rules; i++) {
		enum statement_kind kind = j->program.rule[i].kind;

		if (!j->fired[i] || kind == STATEMENT_SHADOW || (j->allowed && kind != STATEMENT_ALLOW))
			continue;
		buf_addf(to, "%s%.*s", first ? j->allowed ? ", cleared by " : ", by " : ", ", SPAN_ARG(j->program.rule[i].name));
		first = false;
	}
	buf_addf(to, "; ruleset %s\n", j->ruleset);
}

/* Goes in front of what led to it. */
static void tell_verdict(struct why *w, const struct intake *in, const struct json_object *record, enum judged as)
{
	const struct envelope *e = &in->envelope;
	struct buf head = {0};

	buf_addf(&head, "transaction %s", w->id);
	if (in->has_envelope)
		buf_addf(&head, ", %.*s/%" PRId64 " offset %" PRId64, SPAN_ARG(e->topic), e->partition, e->offset);
	else
		buf_addf(&head, ", record %" PRIu64 " of the input", w->records);
	buf_add_char(&head, '\n');
	if (as == JUDGED_REJECT)
		buf_addf(&head, "rejected: %s, %s\n", w->judge->reason, w->judge->detail);
	else
		add_verdict(w, &head);
	buf_add_span(&head, record->text);
	buf_add_char(&head, '\n');
	buf_add_span(&head, buf_span(&w->text));
	buf_free(&w->text);
	w->text = head;
}

static int judged(void *arg, const struct intake *in, const struct json_object *record, enum judged as, struct span line)
{
	struct why *w = arg;

	if (as == JUDGED_LABEL || as == JUDGED_STOP)
		return EXIT_DONE;
	w->records++;
	if (!is_it(w, record))
		return EXIT_DONE;
	w->found = true;
	if (!w->json) {
		tell_verdict(w, in, record, as);
	} else if (as == JUDGED_REJECT) {
		log_error("%s was rejected: %s, %s", w->id, w->judge->reason, w->judge->detail);
		w->refused = true;
	} else {
		buf_add_span(&w->text, line);
	}
	return WORK_ENOUGH;
}

int why_report(struct why *w, FILE *f)
{
	int status;

	if (!w->found) {
		log_error("no record with the transaction_id %s among the %" PRIu64 " of the input", w->id, w->records);
		return EXIT_DATA;
	}
	fwrite(w->text.p, 1, w->text.n, f);
	status = out_report_end(f, "stdout");
	return status == EXIT_DONE && w->refused ? EXIT_DATA : status;
}
