#include "schema.h"

#include <string.h>

#include "generic_test.h"
#include "nearest.h"

static const char *const document_keys[] = {"version", "sources", "models", NULL};
static const char *const source_keys[] = {"name", "description", "schema", "database", "tables",
                                          "meta", "tags", "loader", NULL};
static const char *const table_keys[] = {"name", "identifier", "description", "columns", "tests",
                                         "data_tests", "meta", "tags", NULL};
static const char *const model_keys[] = {"name", "description", "columns", "tests", "data_tests",
                                         "config", "docs", "meta", NULL};
static const char *const column_keys[] = {"name", "description", "data_type", "tests",
                                          "data_tests", "meta", "tags", NULL};

/* The value of `key` as a list of maps that have a name, every key of theirs known; NULL if there is none or it is
 * broken. */
static const struct yaml *entries(struct project *p, const struct yaml *map, const char *key, const char *what,
                                  const char *const *known)
{
	const struct yaml *list = yaml_get(map, key);

	if (list == NULL)
		return NULL;
	if (list->kind != YAML_LIST) {
		place_error(list->at, "%s must be a list (- name: …)", key);
		p->faults++;
		return NULL;
	}
	for (size_t i = 0; i < list->count; i++) {
		const struct yaml *name;

		if (yaml_check(list->item[i], what, known) < 0) {
			p->faults++;
			return NULL;
		}
		name = yaml_get(list->item[i], "name");
		if (name == NULL || name->kind != YAML_WORD || name->text[0] == '\0') {
			place_error(list->item[i]->at, "%s has no name", what);
			p->faults++;
			return NULL;
		}
	}
	return list;
}

static const char *word_or(struct project *p, const struct yaml *map, const char *key, const char *otherwise)
{
	const struct yaml *node = yaml_get(map, key);
	const char *text;

	if (node == NULL)
		return otherwise;
	text = yaml_word(node, key);
	if (text == NULL)
		p->faults++;
	return text != NULL ? text : otherwise;
}

static const char *path_below(const struct project *p, const char *file)
{
	size_t n = strlen(p->folder);

	return strncmp(file, p->folder, n) == 0 && file[n] == '/' ? file + n + 1 : file;
}

static const char *source_name(struct project *p, const struct yaml *source, const struct yaml *table)
{
	return arena_format(&p->arena, "%s.%s", yaml_get(source, "name")->text, yaml_get(table, "name")->text);
}

static void tags_read(struct project *p, struct node *n, const struct yaml *map)
{
	const struct yaml *tags = yaml_get(map, "tags");
	struct value v;

	if (tags != NULL && (yaml_value(&p->arena, tags, "tags", &v) < 0 ||
	                     config_set(&p->arena, &n->config, CONFIG_MODEL, "tags", &v, tags->at) < 0))
		p->faults++;
}

void schema_sources(struct project *p, const struct yaml *document)
{
	const struct yaml *sources;

	if (yaml_check(document, "the file", document_keys) < 0) {
		p->faults++;
		return;
	}
	sources = entries(p, document, "sources", "a source", source_keys);
	for (size_t i = 0; sources != NULL && i < sources->count; i++) {
		const struct yaml *source = sources->item[i];
		const struct yaml *tables = entries(p, source, "tables", "a table of a source", table_keys);
		const char *schema = word_or(p, source, "schema", yaml_get(source, "name")->text);

		for (size_t k = 0; tables != NULL && k < tables->count; k++) {
			const struct yaml *table = tables->item[k];
			struct node *n = project_add(p, NODE_SOURCE, source_name(p, source, table), table->at,
			                             path_below(p, table->at.file));

			if (n == NULL)
				continue;
			n->schema = schema;
			n->identifier = word_or(p, table, "identifier", yaml_get(table, "name")->text);
			tags_read(p, n, source);
			tags_read(p, n, table);
		}
	}
}

static void no_such_model(struct project *p, const struct yaml *name)
{
	const char **words = arena_alloc(&p->arena, (p->count + 1) * sizeof *words);
	const char *near;
	size_t count = 0;

	for (size_t i = 0; i < p->count; i++)
		if (p->node[i]->kind == NODE_MODEL)
			words[count++] = p->node[i]->name;
	near = nearest_word(name->text, words);
	place_error(name->at, "there is no model '%s'%s%s%s", name->text, near != NULL ? "; did you mean '" : "",
	            near != NULL ? near : "", near != NULL ? "'?" : "");
	p->faults++;
}

void schema_models(struct project *p, const struct yaml *document)
{
	const struct yaml *models = document->kind == YAML_MAP ? entries(p, document, "models", "a model", model_keys) : NULL;

	for (size_t i = 0; models != NULL && i < models->count; i++) {
		const struct yaml *name = yaml_get(models->item[i], "name");
		const struct yaml *config = yaml_get(models->item[i], "config");
		struct node *n = project_find(p, NODE_MODEL, name->text);

		if (n == NULL) {
			no_such_model(p, name);
		} else if (n->properties != NULL) {
			place_error(name->at, "the model '%s' is described twice, also in %s:%d", name->text,
			            n->properties->at.file, n->properties->at.line);
			p->faults++;
		} else if (config != NULL && config->kind != YAML_MAP) {
			place_error(config->at, "config must be a map");
			p->faults++;
		} else {
			n->properties = models->item[i];
		}
	}
}

/* tests: or data_tests: of a column (or of the whole relation, column NULL). */
static void tests_of(struct project *p, struct node *of, const struct yaml *map, const char *column)
{
	static const char *const keys[] = {"tests", "data_tests"};

	for (size_t k = 0; k < 2; k++) {
		const struct yaml *list = yaml_get(map, keys[k]);

		if (list == NULL)
			continue;
		if (list->kind != YAML_LIST) {
			place_error(list->at, "%s must be a list", keys[k]);
			p->faults++;
			continue;
		}
		for (size_t i = 0; i < list->count; i++)
			if (generic_test_add(p, of, column, list->item[i]) < 0)
				p->faults++;
	}
}

static void relation_tests(struct project *p, struct node *of, const struct yaml *map)
{
	const struct yaml *columns;

	if (of == NULL || of->config.disabled)
		return;
	columns = entries(p, map, "columns", "a column", column_keys);
	for (size_t i = 0; columns != NULL && i < columns->count; i++)
		tests_of(p, of, columns->item[i], yaml_get(columns->item[i], "name")->text);
	tests_of(p, of, map, NULL);
}

void schema_tests(struct project *p, const struct yaml *document)
{
	const struct yaml *sources = yaml_get(document, "sources"), *models = yaml_get(document, "models");

	if (p->faults > 0)
		return; /* names may be missing */
	for (size_t i = 0; sources != NULL && i < sources->count; i++) {
		const struct yaml *tables = yaml_get(sources->item[i], "tables");

		for (size_t k = 0; tables != NULL && k < tables->count; k++)
			relation_tests(p, project_find(p, NODE_SOURCE, source_name(p, sources->item[i], tables->item[k])),
			               tables->item[k]);
	}
	for (size_t i = 0; models != NULL && i < models->count; i++)
		relation_tests(p, project_find(p, NODE_MODEL, yaml_get(models->item[i], "name")->text), models->item[i]);
}
