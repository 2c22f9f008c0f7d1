#include "config.h"

#include <ctype.h>
#include <string.h>

#include "nearest.h"
#include "parse.h"

enum { KEEP_ROWS = 100, KEEP_ROWS_MAX = 10000 };

static const char *const model_names[] = {"materialized", "unique_key", "schema", "alias", "tags", "enabled", "touches",
                                         "incremental_strategy", "on_schema_change", NULL};
static const char *const test_names[] = {"severity", "warn_if",        "error_if", "where", "limit",
                                         "gate",     "store_failures", "tags",     "enabled", NULL};
static const char *const seed_names[] = {"schema", "alias", "tags", "enabled", "delimiter", "column_types", NULL};
static const char *const without_effect[] = {"meta", "docs", "description", "group", "access", "quote_columns", "persist_docs",
                                             "event_time", NULL};
static const char *const materialisations[] = {"view", "table", "fold", "rebuild", "incremental", NULL};

const char *const *config_names(enum config_of of)
{
	return of == CONFIG_MODEL ? model_names : of == CONFIG_TEST ? test_names : seed_names;
}

bool config_has_no_effect(const char *name)
{
	for (size_t i = 0; without_effect[i] != NULL; i++)
		if (strcmp(without_effect[i], name) == 0)
			return true;
	return false;
}

const char *config_materialisation(enum materialisation m)
{
	return materialisations[m];
}

void config_default(struct config *c)
{
	*c = (struct config){.limit = KEEP_ROWS, .warn_if = {UNEQUAL, 0, false}, .error_if = {UNEQUAL, 0, false}};
}

int threshold_read(const char *text, struct threshold *to)
{
	static const struct {
		const char *sign;
		int op;
	} signs[] = {{">=", AT_LEAST}, {"<=", AT_MOST}, {"!=", UNEQUAL}, {"<>", UNEQUAL},
	             {">", OVER},      {"<", UNDER},    {"=", EQUAL}};
	struct span number;
	size_t i = 0;

	while (isspace((unsigned char)*text))
		text++;
	while (i < sizeof signs / sizeof signs[0] && strncmp(text, signs[i].sign, strlen(signs[i].sign)) != 0)
		i++;
	if (i == sizeof signs / sizeof signs[0])
		return -1;
	text += strlen(signs[i].sign);
	while (isspace((unsigned char)*text))
		text++;
	number = span_of(text);
	while (number.n > 0 && isspace((unsigned char)number.p[number.n - 1]))
		number.n--;
	to->percent = number.n > 0 && number.p[number.n - 1] == '%';
	number.n -= to->percent;
	while (number.n > 0 && isspace((unsigned char)number.p[number.n - 1]))
		number.n--;
	if (parse_real(number, &to->value) < 0)
		return -1;
	switch (signs[i].op) {
	case AT_LEAST: to->op = AT_LEAST; break;
	case AT_MOST: to->op = AT_MOST; break;
	case UNEQUAL: to->op = UNEQUAL; break;
	case OVER: to->op = OVER; break;
	case UNDER: to->op = UNDER; break;
	default: to->op = EQUAL; break;
	}
	return 0;
}

bool threshold_met(const struct threshold *t, int64_t failures, int64_t rows)
{
	double n = (double)failures;
	double limit = t->percent ? t->value / 100 * (double)rows : t->value;

	switch (t->op) {
	case OVER: return n > limit;
	case AT_LEAST: return n >= limit;
	case UNDER: return n < limit;
	case AT_MOST: return n <= limit;
	case EQUAL: return n >= limit && n <= limit;
	case UNEQUAL: return n < limit || n > limit;
	}
	return false;
}

/* A word, or a list of words, as names behind those that are there. */
static int texts_add(struct arena *arena, struct texts *to, const char *name, const struct value *v, struct place at)
{
	const struct value *item = v->kind == VALUE_LIST ? v->item : v;
	size_t count = v->kind == VALUE_LIST ? v->count : 1;

	for (size_t i = 0; i < count; i++) {
		if (item[i].kind == VALUE_LIST || item[i].text[0] == '\0')
			return place_error(at, "%s must be a name or a list of names", name);
		to->item = arena_more(arena, to->item, to->count, sizeof *to->item);
		to->item[to->count++] = item[i].text;
	}
	return 0;
}

static int text_set(const char **to, const char *name, const struct value *v, struct place at)
{
	if (v->kind == VALUE_LIST || v->kind == VALUE_NULL || v->text[0] == '\0')
		return place_error(at, "%s must be a text", name);
	*to = v->text;
	return 0;
}

static int bool_set(bool *to, bool when, const char *name, const struct value *v, struct place at)
{
	if (v->kind != VALUE_BOOL)
		return place_error(at, "%s must be true or false", name);
	*to = value_is_true(v) == when;
	return 0;
}

static int materialised_set(struct config *c, const struct value *v, struct place at)
{
	for (int i = 0; materialisations[i] != NULL; i++) {
		if (v->kind == VALUE_TEXT && strcmp(v->text, materialisations[i]) == 0) {
			c->materialised = (enum materialisation)i;
			return 0;
		}
	}
	return place_error(at, "materialized='%s' is not known here: write view, table, fold, rebuild or incremental", v->text);
}

/* What dbt lets one choose of an incremental model, as far as it is the same here. */
static int choice_set(struct config *c, const char *name, const struct value *v, struct place at)
{
	static const char *const known[] = {"append", "delete+insert", "merge", "ignore", "fail", NULL};
	bool strategy = strcmp(name, "incremental_strategy") == 0;
	size_t i = 0;

	while (known[i] != NULL && strcmp(known[i], v->text) != 0)
		i++;
	if (known[i] == NULL || strategy != (i < 3))
		return place_error(at, "%s='%s' is not known here: write %s", name, v->text,
		                   strategy ? "append, delete+insert or merge" : "ignore or fail; other columns need --full-refresh");
	c->append = strategy ? i == 0 : c->append;
	return 0;
}

static int model_set(struct arena *arena, struct config *c, const char *name, const struct value *v, struct place at)
{
	if (strcmp(name, "materialized") == 0)
		return materialised_set(c, v, at);
	if (strcmp(name, "unique_key") == 0 || strcmp(name, "touches") == 0) {
		struct texts *list = name[0] == 'u' ? &c->unique_key : &c->touches;

		*list = (struct texts){0};
		return texts_add(arena, list, name, v, at);
	}
	if (strcmp(name, "incremental_strategy") == 0 || strcmp(name, "on_schema_change") == 0)
		return choice_set(c, name, v, at);
	return text_set(strcmp(name, "schema") == 0 ? &c->schema : &c->alias, name, v, at);
}

static int threshold_set(struct threshold *to, const char *name, const struct value *v, struct place at)
{
	if (v->kind == VALUE_LIST || threshold_read(v->text, to) < 0)
		return place_error(at, "%s: '%s' is not a condition such as \">0\", \">= 10\" or \"> 1%%\"", name, v->text);
	return 0;
}

static int severity_set(struct config *c, const struct value *v, struct place at)
{
	if (strcmp(v->text, "error") != 0 && strcmp(v->text, "warn") != 0)
		return place_error(at, "severity: '%s' is neither error nor warn", v->text);
	c->severity = v->text[0] == 'w' ? SEVERITY_WARN : SEVERITY_ERROR;
	return 0;
}

static int limit_set(struct config *c, const struct value *v, struct place at)
{
	if (parse_int(span_of(v->text), &c->limit) < 0 || c->limit < 0 || c->limit > KEEP_ROWS_MAX)
		return place_error(at, "limit: '%s' is not a number from 0 to %d", v->text, KEEP_ROWS_MAX);
	return 0;
}

static int test_set(struct config *c, const char *name, const struct value *v, struct place at)
{
	if (strcmp(name, "severity") == 0)
		return severity_set(c, v, at);
	if (strcmp(name, "warn_if") == 0)
		return threshold_set(&c->warn_if, name, v, at);
	if (strcmp(name, "error_if") == 0)
		return threshold_set(&c->error_if, name, v, at);
	if (strcmp(name, "where") == 0)
		return text_set(&c->where, name, v, at);
	if (strcmp(name, "limit") == 0)
		return limit_set(c, v, at);
	if (strcmp(name, "gate") == 0)
		return bool_set(&c->gate, true, name, v, at);
	return bool_set(&c->discard_failures, false, name, v, at);
}

static int seed_set(struct config *c, const char *name, const struct value *v, struct place at)
{
	if (strcmp(name, "delimiter") != 0)
		return text_set(strcmp(name, "schema") == 0 ? &c->schema : &c->alias, name, v, at);
	if (v->kind == VALUE_LIST || strlen(v->text) != 1 || strchr("\"\r\n", v->text[0]) != NULL)
		return place_error(at, "delimiter must be one character");
	c->delimiter = v->text[0];
	return 0;
}

int config_set(struct arena *arena, struct config *c, enum config_of of, const char *name, const struct value *value,
               struct place at)
{
	const char *const *known = config_names(of);
	size_t i = 0;

	while (known[i] != NULL && strcmp(known[i], name) != 0)
		i++;
	if (known[i] == NULL) {
		const char *near = nearest_word(name, known);

		return place_error(at, "unknown configuration '%s' of a %s%s%s%s", name,
		                   of == CONFIG_MODEL ? "model" : of == CONFIG_TEST ? "test" : "seed", near != NULL ? "; did you mean '" : "",
		                   near != NULL ? near : "", near != NULL ? "'?" : "");
	}
	if (strcmp(name, "tags") == 0)
		return texts_add(arena, &c->tags, name, value, at);
	if (strcmp(name, "enabled") == 0)
		return bool_set(&c->disabled, false, name, value, at);
	switch (of) {
	case CONFIG_MODEL: return model_set(arena, c, name, value, at);
	case CONFIG_SEED: return seed_set(c, name, value, at);
	default: return test_set(c, name, value, at);
	}
}
