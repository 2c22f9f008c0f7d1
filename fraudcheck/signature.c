#include "signature.h"

#include <stdlib.h>

#include "hash.h"

struct signer {
	struct digest *digest;
	const struct statement *first;
	const struct files *files;
	const struct symbol **let; /* those that were written already: each once, by its number from then on */
	size_t lets;
	bool currencies, all_files;
};

static void add(struct signer *s, const void *bytes, size_t n)
{
	digest_add(s->digest, (struct span){bytes, n});
}

static void add_number(struct signer *s, int64_t n)
{
	add(s, &n, sizeof n);
}

/* With its length, so that two texts never run into one another. */
static void add_span(struct signer *s, struct span text)
{
	add_number(s, (int64_t)text.n);
	add(s, text.p, text.n);
}

static void add_expr(struct signer *s, const struct expr *e);

static void add_let(struct signer *s, const struct symbol *y)
{
	const struct statement *t = s->first;

	for (size_t i = 0; i < s->lets; i++) {
		if (s->let[i] == y) {
			add_number(s, (int64_t)i);
			return;
		}
	}
	s->let = xrealloc(s->let, (s->lets + 1) * sizeof(const struct symbol *));
	s->let[s->lets++] = y;
	while (t->kind != STATEMENT_LET || t->symbol != y)
		t = t->next;
	add_expr(s, t->value);
}

/* The values, whatever their order. */
static void add_list(struct signer *s, const struct list *list)
{
	uint64_t sum[2] = {0};

	for (size_t i = 0; i < list->size; i++) {
		if (list->slot[i].p != NULL) {
			sum[0] += hash_bytes(1, list->slot[i]);
			sum[1] += hash_bytes(2, list->slot[i]);
		}
	}
	add_number(s, (int64_t)list->count);
	add(s, sum, sizeof sum);
}

static void add_name(struct signer *s, const struct symbol *y)
{
	add_number(s, y->kind);
	switch (y->kind) {
	case SYMBOL_FIELD:
		add_span(s, y->name);
		add_number(s, rule_type(y->type));
		break;
	case SYMBOL_LET:
		add_let(s, y);
		break;
	case SYMBOL_LIST:
		add_list(s, y->list);
		break;
	case SYMBOL_BASE_AMOUNT:
		s->currencies = true;
		break;
	default:
		add_span(s, y->name);
		s->all_files = true;
		break;
	}
}

static void add_expr(struct signer *s, const struct expr *e)
{
	add_number(s, e->kind);
	add_number(s, e->op);
	add_number(s, e->negated);
	add_number(s, (int64_t)e->count);
	switch (e->kind) {
	case EXPR_NUMBER:
		add(s, &e->number, sizeof e->number);
		break;
	case EXPR_BOOL:
		add_number(s, e->truth);
		break;
	case EXPR_TIME:
		add_number(s, e->time);
		break;
	case EXPR_STRING:
	case EXPR_CALL:
		add_span(s, e->text);
		break;
	case EXPR_NAME:
	case EXPR_IN_SET:
		add_name(s, e->symbol);
		break;
	default:
		break;
	}
	for (size_t i = 0; i < e->count; i++)
		add_expr(s, e->arg[i]);
}

static void add_feature(struct signer *s, const struct feature_clauses *f)
{
	add_number(s, f->aggregate);
	add_number(s, f->label);
	add_number(s, (int64_t)f->args);
	for (size_t i = 0; i < f->args && !f->label; i++)
		add_expr(s, f->arg[i]);
	add_number(s, (int64_t)f->keys);
	for (size_t i = 0; i < f->keys; i++)
		add_expr(s, f->key[i]);
	add_number(s, f->when != NULL);
	if (f->when != NULL)
		add_expr(s, f->when);
	add_number(s, f->over);
	add_number(s, f->delay);
	add_number(s, f->before);
	add_number(s, f->min);
}

void signature_make(const struct statement *first, const struct files *files, char hex[DIGEST_HEX + 1], bool *currencies)
{
	struct signer s = {.digest = digest_new(), .first = first, .files = files};

	for (const struct statement *t = first; t != NULL; t = t->next)
		if (t->kind == STATEMENT_FEATURE)
			add_feature(&s, t->feature);
	for (size_t i = 0; s.all_files && i < files->count; i++)
		if (!files->file[i].model) /* of those nothing is remembered */
			add_span(&s, files->file[i].text);
	free(s.let);
	*currencies = s.currencies;
	digest_finish(s.digest, hex);
}
