#include "compare.h"

#include <math.h>
#include <stdlib.h>

#include "decimal.h"
#include "exit.h"
#include "log.h"

static int judged(void *arg, const struct intake *in, const struct json_object *record, enum judged as, struct span line);

static void entered(void *arg, const struct envelope *envelope)
{
	struct comparison *c = arg;

	judge_enter(c->judge[1], envelope, NULL);
}

static struct compare_rule *rule_of(struct comparison *c, struct span name)
{
	for (size_t i = 0; i < c->rules; i++)
		if (span_eq(c->rule[i].name, name))
			return &c->rule[i];
	c->rule[c->rules] = (struct compare_rule){.name = name, .at = {-1, -1}};
	return &c->rule[c->rules++];
}

void comparison_init(struct comparison *c, struct judge *a, const char *a_name, struct judge *b, const char *b_name, int64_t examples,
                     bool json)
{
	*c = (struct comparison){.judge = {a, b}, .name = {a_name, b_name}, .examples = examples, .json = json};
	c->observer = (struct observer){.judged = judged, .entered = entered, .arg = c};
	c->rule = xcalloc(a->program.rules + b->program.rules, sizeof *c->rule);
	for (int side = 0; side < 2; side++)
		for (size_t i = 0; i < c->judge[side]->program.rules; i++)
			rule_of(c, c->judge[side]->program.rule[i].name)->at[side] = (int)i;
}

void comparison_free(struct comparison *c)
{
	for (int i = 0; i < CHANGES; i++)
		buf_free(&c->example[i]);
	facts_free(&c->facts);
	buf_free(&c->line);
	free(c->rule);
}

/* --- one record -------------------------------------------------------------------------------------------------------- */

static bool fired(const struct comparison *c, const struct compare_rule *r, int side)
{
	return r->at[side] >= 0 && !c->blind[side] && c->judge[side]->fired[r->at[side]];
}

static bool is_reason(const struct comparison *c, const struct compare_rule *r, int side)
{
	const struct judge *j = c->judge[side];

	return fired(c, r, side) && !j->allowed &&
	       (j->program.rule[r->at[side]].kind == STATEMENT_FLAG || j->program.rule[r->at[side]].kind == STATEMENT_RULE);
}

static bool same_reasons(const struct comparison *c)
{
	for (size_t i = 0; i < c->rules; i++)
		if (is_reason(c, &c->rule[i], 0) != is_reason(c, &c->rule[i], 1))
			return false;
	return true;
}

/* CHANGES: none. */
static enum change change_of(const struct comparison *c, const bool refused[2])
{
	const struct judge *a = c->judge[0], *b = c->judge[1];

	if (refused[0] != refused[1])
		return refused[1] ? CHANGE_REFUSED : CHANGE_ACCEPTED;
	if (refused[0])
		return CHANGES;
	if (a->is_fraud != b->is_fraud)
		return b->is_fraud ? CHANGE_FLAGGED : CHANGE_CLEARED;
	if (a->score < b->score || a->score > b->score)
		return a->score < b->score ? CHANGE_HIGHER : CHANGE_LOWER;
	return same_reasons(c) ? CHANGES : CHANGE_REASONS;
}

static void count(struct compare_count *to, bool fraud, double value)
{
	to->records++;
	to->frauds += fraud;
	to->value += isnan(value) ? 0 : value;
}

static void count_rules(struct comparison *c, bool fraud)
{
	for (size_t i = 0; i < c->rules; i++) {
		struct compare_rule *r = &c->rule[i];
		bool hit[2] = {fired(c, r, 0), fired(c, r, 1)};

		r->both += hit[0] && hit[1];
		for (int side = 0; side < 2; side++) {
			r->hits[side] += hit[side];
			r->only[side] += hit[side] && !hit[1 - side];
			r->only_frauds[side] += hit[side] && !hit[1 - side] && fraud;
		}
	}
}

static void add_verdict(const struct comparison *c, int side, bool refused, struct buf *to)
{
	const struct judge *j = c->judge[side];
	bool first = true;

	buf_addf(to, ",\"%c\":", "ab"[side]);
	if (refused) {
		buf_add_text(to, "{\"rejected\":");
		json_quote_any(to, span_of(j->reason));
		buf_add_text(to, ",\"detail\":");
		json_quote_any(to, span_of(j->detail));
		buf_add_char(to, '}');
		return;
	}
	buf_addf(to, "{\"is_fraud\":%s,\"fraud_score\":", j->is_fraud ? "true" : "false");
	decimal_write(to, j->score);
	buf_add_text(to, ",\"fraud_reasons\":[");
	for (size_t i = 0; i < c->rules; i++) {
		if (!is_reason(c, &c->rule[i], side))
			continue;
		buf_addf(to, "%s\"%.*s\"", first ? "" : ",", SPAN_ARG(c->rule[i].name));
		first = false;
	}
	buf_add_text(to, "]}");
}

/* What an example shows, a line of NDJSON. */
static void add_example(struct comparison *c, enum change change, const bool refused[2], const struct json_object *record)
{
	static const char *const shown[] = {"transaction_id", "transaction_ts", "customer_id", "amount", "currency"};
	struct buf *to = &c->example[change];

	buf_addf(to, "{\"figure\":\"example\",\"change\":\"%s\"", change_name(change));
	for (size_t i = 0; i < sizeof shown / sizeof shown[0]; i++) {
		const struct json_member *m = json_find(record, span_of(shown[i]));

		if (m == NULL)
			continue;
		buf_addf(to, ",\"%s\":", shown[i]);
		buf_add_span(to, json_raw(m));
	}
	for (int side = 0; side < 2; side++)
		add_verdict(c, side, refused[side], to);
	buf_add_text(to, "}\n");
}

static void compare(struct comparison *c, const struct json_object *record, const bool refused[2])
{
	bool fraud = c->judge[0]->binder.truth == TRUTH_FRAUD;
	enum change change;

	for (int side = 0; side < 2; side++)
		c->blind[side] = refused[side] && strcmp(c->judge[side]->reason, "check_failed") != 0;
	change = change_of(c, refused);
	facts_read(&c->facts, record, &c->judge[0]->currencies);
	c->records++;
	c->frauds += fraud;
	c->refused += refused[0] && refused[1];
	for (int side = 0; side < 2; side++)
		if (!refused[side] && c->judge[side]->is_fraud)
			count(&c->flagged[side], fraud, c->facts.value);
	count_rules(c, fraud);
	if (change == CHANGES)
		return;
	if (c->change[change].records < (uint64_t)c->examples)
		add_example(c, change, refused, record);
	count(&c->change[change], fraud, c->facts.value);
}

/* A has judged; now B does, with a memory of its own. */
static int judged(void *arg, const struct intake *in, const struct json_object *record, enum judged as, struct span line)
{
	struct comparison *c = arg;
	enum judged other;

	(void)line;
	if (as == JUDGED_STOP)
		return EXIT_DONE; /* the work says so itself */
	buf_clear(&c->line);
	if (!in->has_envelope)
		judge_enter(c->judge[1], NULL, record);
	other = judge_record(c->judge[1], record, in->line, &c->line);
	if (other == JUDGED_STOP) {
		log_error("%s: %s", c->name[1], c->judge[1]->detail);
		return EXIT_CONFLICT;
	}
	if ((as == JUDGED_VERDICT || as == JUDGED_REJECT) && (other == JUDGED_VERDICT || other == JUDGED_REJECT))
		compare(c, record, (const bool[2]){as == JUDGED_REJECT, other == JUDGED_REJECT});
	return EXIT_DONE;
}
