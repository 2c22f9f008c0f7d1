#include "evaluate.h"

#include <math.h>
#include <stdlib.h>

#include "exit.h"
#include "hash.h"
#include "log.h"

static uint64_t hash_id(struct span id)
{
	return id.n > 0 ? hash_bytes(5, id) | 1 : 0;
}

static const struct program_value *find_value(const struct program *p, const char *name)
{
	for (size_t i = 0; i < p->values; i++)
		if (span_eq(p->value[i].name, span_of(name)))
			return &p->value[i];
	return NULL;
}

static int judged(void *arg, const struct intake *in, const struct json_object *record, enum judged as, struct span line);

int evaluation_init(struct evaluation *e, const struct judge *judge, const struct evaluate_options *options)
{
	const struct program *p = &judge->program;

	*e = (struct evaluation){.judge = judge, .options = *options, .words = (p->rules + 63) / 64};
	e->observer = (struct observer){.judged = judged, .arg = e};
	e->refused = xcalloc(p->rules, sizeof *e->refused);
	if (options->name[0] == '\0')
		return EXIT_DONE;
	e->ranks = find_value(p, options->name);
	if (e->ranks != NULL && (e->ranks->type == TYPE_NUMBER || e->ranks->type == TYPE_BOOL))
		return EXIT_DONE;
	log_error(e->ranks == NULL ? "--evaluate=%s: the rules have no let, feature or model of that name"
	                           : "--evaluate=%s: it is neither a number nor a boolean, so it cannot rank", options->name);
	evaluation_free(e);
	return EXIT_USAGE;
}

void evaluation_free(struct evaluation *e)
{
	facts_free(&e->facts);
	intern_free(&e->cards);
	free(e->row);
	free(e->fired);
	free(e->label);
	free(e->refused);
	*e = (struct evaluation){0};
}

/* --- while the input is read ------------------------------------------------------------------------------------------ */

static void keep_label(struct evaluation *e, const struct json_object *record)
{
	const struct json_member *fraud = json_find(record, SPAN("is_fraud"));

	if (fraud == NULL || (fraud->type != JSON_TRUE && fraud->type != JSON_FALSE))
		return;
	if (e->labels == e->label_cap) {
		e->label_cap = e->label_cap > 0 ? 2 * e->label_cap : 1024;
		e->label = xrealloc(e->label, e->label_cap * sizeof *e->label);
	}
	buf_clear(&e->facts.text);
	e->label[e->labels++] = (struct evaluated_label){hash_id(facts_string(record, SPAN("label_for"), &e->facts.text)),
	                                                 fraud->type == JSON_TRUE};
}

static void count_refused(struct evaluation *e)
{
	if (strcmp(e->judge->reason, "check_failed") != 0)
		return;
	for (size_t i = 0; i < e->judge->program.rules; i++)
		e->refused[i] += e->judge->fired[i];
}

static bool counts(const struct evaluation *e)
{
	const struct evaluate_options *o = &e->options;
	const struct facts *f = &e->facts;

	if ((o->from != INT64_MIN || o->until != INT64_MAX) && (!f->timed || f->time < o->from || f->time >= o->until))
		return false;
	return o->only == NULL || list_has(o->only, f->id);
}

/* Of a null value nothing is known: it ranks below all others. What a flag marks is fraud whatever the score. */
static struct rank rank_of(const struct evaluation *e)
{
	const struct judge *j = e->judge;
	const struct value *v;

	if (e->ranks == NULL)
		return (struct rank){j->flagged, j->score};
	v = &j->vm.reg[e->ranks->reg];
	return (struct rank){false, v->null ? -INFINITY : e->ranks->type == TYPE_BOOL ? v->truth : v->number};
}

static void keep_row(struct evaluation *e)
{
	const struct judge *j = e->judge;
	const int64_t day = INT64_C(86400000000);
	struct evaluated *row;

	if (e->rows == e->cap) {
		e->cap = e->cap > 0 ? 2 * e->cap : 4096;
		e->row = xrealloc(e->row, e->cap * sizeof *e->row);
		e->fired = xrealloc(e->fired, e->cap * (e->words > 0 ? e->words : 1) * sizeof *e->fired);
	}
	row = &e->row[e->rows];
	*row = (struct evaluated){.id = hash_id(e->facts.id), .rank = rank_of(e), .value = e->facts.value, .score = j->score,
	                          .truth = j->binder.truth, .is_fraud = j->is_fraud, .card = UINT32_MAX, .day = INT32_MIN};
	if (e->facts.customer.n > 0)
		row->card = (uint32_t)intern_take(&e->cards, e->facts.customer);
	if (e->facts.timed)
		row->day = (int32_t)(e->facts.time / day - (e->facts.time % day < 0));
	memset(&e->fired[e->rows * e->words], 0, e->words * sizeof *e->fired);
	for (size_t i = 0; i < j->program.rules; i++)
		if (j->fired[i])
			e->fired[e->rows * e->words + i / 64] |= UINT64_C(1) << i % 64;
	e->rows++;
}

static int judged(void *arg, const struct intake *in, const struct json_object *record, enum judged as, struct span line)
{
	struct evaluation *e = arg;

	(void)in;
	(void)line;
	if (as == JUDGED_LABEL)
		keep_label(e, record);
	if (as != JUDGED_VERDICT && as != JUDGED_REJECT)
		return EXIT_DONE;
	facts_read(&e->facts, record, &e->judge->currencies);
	if (!counts(e))
		e->outside++;
	else if (as == JUDGED_REJECT)
		count_refused(e);
	else
		keep_row(e);
	return EXIT_DONE;
}

/* --- labels find their records ----------------------------------------------------------------------------------------- */

/* Rows by their id: open addressing over row numbers + 1. */
struct index {
	size_t *slot, mask;
};

static size_t *slot_of(const struct index *x, const struct evaluation *e, uint64_t id)
{
	size_t at = (size_t)(id >> 1) & x->mask;

	while (x->slot[at] != 0 && e->row[x->slot[at] - 1].id != id)
		at = (at + 1) & x->mask;
	return &x->slot[at];
}

/* Of the records of one id the first counts. */
static struct index index_rows(struct evaluation *e)
{
	struct index x = {.mask = 1};

	while (x.mask < 2 * e->rows)
		x.mask *= 2;
	x.slot = xcalloc(x.mask, sizeof *x.slot);
	x.mask--;
	for (size_t i = 0; i < e->rows; i++) {
		size_t *slot = e->row[i].id != 0 ? slot_of(&x, e, e->row[i].id) : NULL;

		if (slot != NULL && *slot != 0) {
			e->row[i].repeated = true;
			e->repeated++;
		} else if (slot != NULL) {
			*slot = i + 1;
		}
	}
	return x;
}

/* Keep the rows that count; without --label no label means no fraud. */
static void drop_rows(struct evaluation *e)
{
	size_t kept = 0;

	for (size_t i = 0; i < e->rows; i++) {
		bool unknown = e->row[i].truth == TRUTH_UNKNOWN && e->judge->options.label != NULL;

		e->unlabelled += unknown && !e->row[i].repeated;
		if (unknown || e->row[i].repeated)
			continue;
		e->row[kept] = e->row[i];
		memmove(&e->fired[kept * e->words], &e->fired[i * e->words], e->words * sizeof *e->fired);
		kept++;
	}
	e->rows = kept;
}

int evaluation_close(struct evaluation *e)
{
	struct index x;

	if (e->labels == 0 && e->judge->options.label == NULL) {
		log_error("there are no labels in the input: name the member that holds the truth by --label, or add label records");
		return EXIT_DATA;
	}
	x = index_rows(e);
	for (size_t i = 0; i < e->labels; i++) {
		size_t *slot = e->label[i].id != 0 ? slot_of(&x, e, e->label[i].id) : NULL;

		if (slot != NULL && *slot != 0)
			e->row[*slot - 1].truth = e->label[i].fraud ? TRUTH_FRAUD : TRUTH_FINE;
		else
			e->unmatched++;
	}
	free(x.slot);
	drop_rows(e);
	return EXIT_DONE;
}
