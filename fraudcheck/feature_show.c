#include "feature_show.h"

#include <inttypes.h>
#include <math.h>

#include "decimal.h"
#include "feature_parts.h"
#include "render.h"
#include "rfc3339.h"

static void show_key(const struct plan_group *g, const struct value *reg, struct buf *to)
{
	for (size_t i = 0; i < g->keys; i++) {
		buf_addf(to, "%s%.*s ", i > 0 ? ", " : "", SPAN_ARG(g->name[i]));
		render_json(to, g->type[i], &reg[g->key[i]]);
	}
}

static void show_place(uint64_t word, struct buf *to)
{
	if (word == WORD_NULL)
		buf_add_text(to, "no place");
	else
		buf_addf(to, "%.7g, %.7g", feature_degrees((uint32_t)(word >> 32)), feature_degrees((uint32_t)word));
}

/* A value as the ring keeps it. */
static void show_word(const struct history *h, const struct plan_feature *f, uint64_t word, struct buf *to)
{
	const struct plan_word *w = &f->group->ring.word[f->column];
	struct value v = {.null = word == WORD_NULL};

	switch (w->kind) {
	case WORD_PLACE:
		show_place(word, to);
		return;
	case WORD_HASH:
		if (v.null)
			buf_add_text(to, "null");
		else
			buf_addf(to, "hash %08" PRIx32, (uint32_t)(word >> 32));
		return;
	case WORD_NUMBER:
		memcpy(&v.number, &word, sizeof v.number);
		break;
	case WORD_TIME:
		v.time = (int64_t)word;
		break;
	case WORD_BOOL:
		v.truth = word != 0;
		break;
	case WORD_STRING:
		if (!v.null)
			v.string = intern_get(&h->at->strings, word);
		break;
	}
	render_json(to, f->arg_type, &v);
}

static void show_fixed(int64_t fixed, struct buf *to)
{
	if (fixed == FIXED_NULL)
		buf_add_text(to, "null");
	else
		decimal_write(to, (double)fixed / FIXED_UNITS);
}

/* What the feature reads of a record in its window. */
static void show_read(const struct history *h, const struct feature_look *l, uint32_t row, struct buf *to)
{
	const struct plan_feature *f = l->feature;

	switch (f->clauses->aggregate) {
	case AGGREGATE_SUM:
	case AGGREGATE_AVG:
	case AGGREGATE_STDDEV:
	case AGGREGATE_MIN:
	case AGGREGATE_MAX:
		buf_add_text(to, "  ");
		show_fixed(ring_fixed(&l->group->view, f->total->column, row), to);
		break;
	case AGGREGATE_DISTINCT:
	case AGGREGATE_LAST:
	case AGGREGATE_GEO_SPEED:
		buf_add_text(to, "  ");
		show_word(h, f, ring_word(&l->group->view, f->column, row), to);
		break;
	case AGGREGATE_SHARE:
		buf_add_text(to, (ring_flags(&l->group->view, row) & f->share) != f->share ? "  no" :
		                 f->clauses->label ? "  fraud" : "  yes");
		break;
	default:
		break;
	}
}

static void show_rows(const struct history *h, const struct feature_look *l, struct buf *to)
{
	uint32_t shown = 0, row = l->head;

	while (row > l->tail && shown < FEATURE_SHOWN_MAX) {
		if (!feature_meets(l, --row))
			continue;
		buf_add_text(to, "      ");
		rfc3339_write(to, ring_time(&l->group->view, row));
		show_read(h, l, row, to);
		buf_add_char(to, '\n');
		shown++;
	}
	for (shown = 0; row > l->tail;)
		shown += feature_meets(l, --row);
	if (shown > 0)
		buf_addf(to, "      and %" PRIu32 " before\n", shown);
}

static uint32_t count_rows(const struct feature_look *l)
{
	uint32_t count = 0;

	for (uint32_t row = l->tail; row < l->head; row++)
		count += feature_meets(l, row);
	return count;
}

void feature_show(struct history *h, const struct plan_feature *f, const struct value *reg, struct buf *to)
{
	struct feature_look l;
	int64_t high;

	buf_addf(to, "  %.*s = ", SPAN_ARG(f->name));
	render_json(to, plan_feature_type(f), &reg[f->to]);
	buf_addf(to, "\n    %s by ", aggregate_name(f->clauses->aggregate));
	show_key(f->group, reg, to);
	if (!h->evaluated || !h->group[f->group - h->plan->group].has_key) {
		buf_add_text(to, h->evaluated ? ": the record has no such key\n" : ": the record has no transaction_ts\n");
		return;
	}
	l = feature_look_at(h, f);
	high = h->time - f->window->delay;
	buf_add_text(to, ", after ");
	rfc3339_write(to, high - f->window->over);
	buf_add_text(to, " up to ");
	rfc3339_write(to, high);
	buf_addf(to, ": %" PRIu32 " earlier records%s\n", count_rows(&l), l.self ? ", and this one" : "");
	show_rows(h, &l, to);
}
