#include "generic_test.h"

#include <ctype.h>
#include <string.h>

#include "nearest.h"

static const struct {
	const char *name;
	enum test_kind kind;
} kinds[] = {
	{"unique", TEST_UNIQUE},
	{"not_null", TEST_NOT_NULL},
	{"accepted_values", TEST_ACCEPTED_VALUES},
	{"relationships", TEST_RELATIONSHIPS},
	{"between", TEST_BETWEEN},
	{"dbt_utils.accepted_range", TEST_BETWEEN},
	{"dbt_expectations.expect_column_values_to_be_between", TEST_BETWEEN},
};

enum { KINDS = sizeof kinds / sizeof kinds[0] };

/* What one entry says before it becomes a node. */
struct entry {
	struct project *p;
	const char *word; /* the test's name as written */
	struct test test;
	struct config config;
	const char *name, *column, *condition;
};

static int test_kind_find(const struct yaml *at, const char *word, enum test_kind *kind)
{
	const char *names[KINDS + 1] = {NULL};
	const char *near;

	for (size_t i = 0; i < KINDS; i++) {
		names[i] = kinds[i].name;
		if (strcmp(kinds[i].name, word) == 0) {
			*kind = kinds[i].kind;
			return 0;
		}
	}
	near = nearest_word(word, names);
	return place_error(at->at, "unknown test '%s'%s%s%s (known: unique, not_null, accepted_values, "
	                           "relationships, between; anything else is a SQL file in tests/)",
	                   word, near != NULL ? "; did you mean '" : "", near != NULL ? near : "", near != NULL ? "'?" : "");
}

static bool one_of(const char *word, const char *const *list)
{
	for (; *list != NULL; list++)
		if (strcmp(*list, word) == 0)
			return true;
	return false;
}

/* true or false; `to` becomes whether it is `when`. 1, or -1 with a message. */
static int flag(const struct yaml *value, const char *key, bool when, bool *to)
{
	if (value->kind != YAML_WORD || value_kind_of(value->text) != VALUE_BOOL)
		return place_error(value->at, "%s must be true or false", key);
	*to = (tolower((unsigned char)value->text[0]) == 't') == when;
	return 1;
}

/* An argument of this kind of test? 1 taken, 0 not one, -1 with a message. */
static int argument(struct entry *e, const char *key, const struct yaml *value)
{
	struct test *t = &e->test;
	const char **to = NULL;

	if (strcmp(key, "column_name") == 0)
		to = &e->column;
	else if (t->kind == TEST_RELATIONSHIPS && strcmp(key, "to") == 0)
		to = &t->to;
	else if (t->kind == TEST_RELATIONSHIPS && strcmp(key, "field") == 0)
		to = &t->field;
	else if (t->kind == TEST_BETWEEN && (strcmp(key, "min") == 0 || strcmp(key, "min_value") == 0))
		to = &t->min;
	else if (t->kind == TEST_BETWEEN && (strcmp(key, "max") == 0 || strcmp(key, "max_value") == 0))
		to = &t->max;
	if (to != NULL) {
		*to = yaml_word(value, key);
		return *to != NULL ? 1 : -1;
	}
	if (t->kind == TEST_ACCEPTED_VALUES && strcmp(key, "values") == 0)
		return yaml_value(&e->p->arena, value, key, &t->arguments) < 0 ? -1 : 1;
	if (t->kind == TEST_ACCEPTED_VALUES && strcmp(key, "quote") == 0)
		return flag(value, key, false, &t->bare);
	if (t->kind == TEST_BETWEEN && strcmp(key, "inclusive") == 0)
		return flag(value, key, false, &t->strictly);
	if (t->kind == TEST_BETWEEN && strcmp(key, "strictly") == 0)
		return flag(value, key, true, &t->strictly);
	return 0;
}

static int unknown_argument(const struct entry *e, const struct yaml *key)
{
	static const char *const known[] = {"values", "quote", "to", "field", "min", "max", "min_value", "max_value",
	                                    "inclusive", "strictly", "row_condition", "column_name", "arguments", "config", "name", "description", "meta",
	                                    "severity", "warn_if", "error_if", "where", "limit", "gate",
	                                    "store_failures", "tags", "enabled", NULL};
	const char *near = nearest_word(key->text, known);

	return place_error(key->at, "unknown key '%s' in the test %s%s%s%s", key->text, e->word,
	                   near != NULL ? "; did you mean '" : "", near != NULL ? near : "", near != NULL ? "'?" : "");
}

static int arguments_read(struct entry *e, const struct yaml *map);

/* What dbt_expectations calls the condition on the rows; beside where both hold. */
static int row_condition(struct entry *e, const struct yaml *value)
{
	e->condition = yaml_word(value, "row_condition");
	return e->condition != NULL ? 0 : -1;
}

static int argument_read(struct entry *e, const struct yaml *key, const struct yaml *value)
{
	static const char *const ignored[] = {"description", "meta", NULL};
	struct value v;
	int taken = argument(e, key->text, value);

	if (taken != 0)
		return taken < 0 ? -1 : 0;
	if (one_of(key->text, ignored))
		return 0;
	if (e->test.kind == TEST_BETWEEN && strcmp(key->text, "row_condition") == 0)
		return row_condition(e, value);
	if (strcmp(key->text, "arguments") == 0 || strcmp(key->text, "config") == 0)
		return arguments_read(e, value);
	if (strcmp(key->text, "name") == 0) {
		e->name = yaml_word(value, "name");
		return e->name != NULL ? 0 : -1;
	}
	if (!one_of(key->text, config_names(CONFIG_TEST)))
		return unknown_argument(e, key);
	if (yaml_value(&e->p->arena, value, key->text, &v) < 0)
		return -1;
	return config_set(&e->p->arena, &e->config, CONFIG_TEST, key->text, &v, value->at);
}

static int arguments_read(struct entry *e, const struct yaml *map)
{
	if (map->kind == YAML_WORD && map->text[0] == '\0')
		return 0; /* `- unique:` */
	if (map->kind != YAML_MAP)
		return place_error(map->at, "the arguments of the test %s must be a map", e->word);
	for (size_t i = 0; i < map->count; i++)
		if (argument_read(e, map->key[i], map->item[i]) < 0)
			return -1;
	return 0;
}

static int complete(const struct entry *e, struct place at)
{
	const struct test *t = &e->test;

	if (e->column == NULL)
		return place_error(at, "the test %s stands at a relation, not at a column: it needs column_name", e->word);
	if (t->kind == TEST_RELATIONSHIPS && (t->to == NULL || t->field == NULL))
		return place_error(at, "relationships needs to: (such as ref('dim_customer')) and field:");
	if (t->kind == TEST_BETWEEN && t->min == NULL && t->max == NULL)
		return place_error(at, "between needs min: or max: or both");
	if (t->kind == TEST_ACCEPTED_VALUES && (t->arguments.kind != VALUE_LIST || t->arguments.count == 0))
		return place_error(at, "accepted_values needs values: [ … ]");
	return 0;
}

/* As dbt: test_relation_column, everything but letters, digits and _ turned into _. */
static const char *default_name(struct entry *e, const struct node *of)
{
	char *name = arena_format(&e->p->arena, "%s%s_%s_%s", of->kind == NODE_SOURCE ? "source_" : "", e->word, of->name,
	                         e->column);

	for (char *c = name; *c != '\0'; c++)
		if (!isalnum((unsigned char)*c))
			*c = '_';
	return name;
}

/* A simple name is taken as SQL takes it (folded to lower case); anything else at a column is quoted, anything else in
 * column_name is an expression. */
static void column_set(struct entry *e, bool expression)
{
	struct arena *arena = &e->p->arena;
	char *folded = arena_dup(arena, e->column);
	bool simple = isalpha((unsigned char)folded[0]) || folded[0] == '_';

	for (char *c = folded; *c != '\0'; c++) {
		simple = simple && (isalnum((unsigned char)*c) || *c == '_');
		*c = (char)tolower((unsigned char)*c);
	}
	if (simple)
		e->test.attribute = folded;
	else if (!expression)
		e->test.attribute = e->column;
	e->test.column = e->test.attribute != NULL
	                         ? arena_format(arena, "t.%s", project_quoted(arena, e->test.attribute))
	                         : arena_format(arena, "(%s)", e->column);
}

int generic_test_add(struct project *p, struct node *of, const char *column, const struct yaml *entry)
{
	struct entry e = {.p = p, .column = column};
	struct node *n;

	project_test_defaults(p, of, &e.config);
	if (entry->kind == YAML_LIST || (entry->kind == YAML_MAP && entry->count != 1))
		return place_error(entry->at, "a test is a name, or one name with its arguments below it");
	e.word = entry->kind == YAML_WORD ? entry->text : entry->key[0]->text;
	if (test_kind_find(entry, e.word, &e.test.kind) < 0)
		return -1;
	if (entry->kind == YAML_MAP && arguments_read(&e, entry->item[0]) < 0)
		return -1;
	if (complete(&e, entry->at) < 0)
		return -1;
	e.test.of = of->index;
	column_set(&e, column == NULL);
	n = project_add(p, NODE_TEST, e.name != NULL ? e.name : default_name(&e, of), entry->at, of->path);
	if (n == NULL)
		return 0; /* told and counted */
	n->test = e.test;
	n->config = e.config;
	if (e.condition != NULL)
		n->config.where = n->config.where == NULL ? e.condition
		                                          : arena_format(&p->arena, "(%s) and (%s)", e.condition, n->config.where);
	return 0;
}

/* A value as SQL: a number or true/false as it stands if asked for, else a literal in quotes. */
static void literal(struct buf *to, const struct value *v, bool bare)
{
	if (v->kind == VALUE_NULL) {
		buf_add_text(to, "null");
		return;
	}
	if (bare) {
		buf_add_text(to, v->text);
		return;
	}
	buf_add_text(to, strchr(v->text, '\\') != NULL ? " E'" : "'");
	for (const char *c = v->text; *c != '\0'; c++) {
		if (*c == '\'' || *c == '\\')
			buf_add_char(to, *c);
		buf_add_char(to, *c);
	}
	buf_add_char(to, '\'');
}

void generic_test_compile(struct arena *arena, struct node *n, const char *to)
{
	struct test *t = &n->test;
	struct buf sql = {0};
	const char *c = t->column;

	switch (t->kind) {
	case TEST_NOT_NULL:
		buf_addf(&sql, "%s is null", c);
		break;
	case TEST_ACCEPTED_VALUES:
		buf_addf(&sql, "%s not in (", c);
		for (size_t i = 0; i < t->arguments.count; i++) {
			buf_add_text(&sql, i > 0 ? ", " : "");
			literal(&sql, &t->arguments.item[i], t->bare);
		}
		buf_add_char(&sql, ')');
		break;
	case TEST_RELATIONSHIPS:
		/* One hash join, whatever the sizes; `not exists` inside a filter would be a look-up per row. */
		t->join = arena_format(arena, " left join (select distinct %s as aggregate_key from %s) aggregate_to_%zu on "
		                              "aggregate_to_%zu.aggregate_key = %s",
		                       project_quoted(arena, t->field), to, n->index, n->index, c);
		buf_addf(&sql, "%s is not null and aggregate_to_%zu.aggregate_key is null", c, n->index);
		break;
	case TEST_BETWEEN:
		if (t->min != NULL)
			buf_addf(&sql, "%s %s (%s)", c, t->strictly ? "<=" : "<", t->min);
		if (t->max != NULL)
			buf_addf(&sql, "%s%s %s (%s)", t->min != NULL ? " or " : "", c, t->strictly ? ">=" : ">", t->max);
		break;
	case TEST_UNIQUE:
	case TEST_SINGULAR:
		break;
	}
	t->wrong = arena_dup(arena, buf_text(&sql));
	buf_free(&sql);
}
