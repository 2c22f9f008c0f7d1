#include "schema.h"

#include <string.h>

#include "freshness.h"
#include "generic_test.h"
#include "nearest.h"

static const char *const document_keys[] = {"version", "sources", "models", "seeds", "exposures", "groups", "macros",
                                            "analyses", NULL};
static const char *const source_keys[] = {"name", "description", "schema", "database", "tables", "meta", "tags", "loader",
                                          "loaded_at_field", "freshness", "quoting", "config", NULL};
static const char *const table_keys[] = {"name", "identifier", "description", "columns", "tests", "data_tests", "meta", "tags",
                                         "loader", "loaded_at_field", "freshness", "quoting", "config", NULL};
static const char *const source_config_keys[] = {"enabled", "meta", "tags", "loaded_at_field", "freshness", "event_time", NULL};
static const char *const model_keys[] = {"name", "description", "columns", "tests", "data_tests", "config", "docs", "meta",
                                         "tags", "access", "group", "latest_version", NULL};
static const char *const column_keys[] = {"name", "description", "data_type", "tests", "data_tests", "meta", "tags", "quote",
                                          "config", "granularity", NULL};

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

static const char *description_of(const struct yaml *map)
{
	const struct yaml *text = yaml_get(map, "description");

	return text != NULL && text->kind == YAML_WORD && text->text[0] != '\0' ? text->text : NULL;
}

static void tags_read(struct project *p, struct node *n, const struct yaml *map)
{
	const struct yaml *tags = yaml_get(map, "tags");
	struct value v;

	if (tags != NULL && (yaml_value(&p->arena, tags, "tags", &v) < 0 ||
	                     config_set(&p->arena, &n->config, CONFIG_MODEL, "tags", &v, tags->at) < 0))
		p->faults++;
}

/* meta: {prune_by: column} */
static void meta_read(struct project *p, struct node *n, const struct yaml *map)
{
	const struct yaml *meta = yaml_get(map, "meta"), *by = meta != NULL ? yaml_get(meta, "prune_by") : NULL;

	if (by != NULL && (n->prune_by = yaml_word(by, "prune_by")) == NULL)
		p->faults++;
}

/* What may stand at a source, at its table, and in config below either of them. */
static void source_properties(struct project *p, struct node *n, const struct yaml *map)
{
	const struct yaml *config = yaml_get(map, "config");

	tags_read(p, n, map);
	meta_read(p, n, map);
	freshness_read(p, n, map);
	if (config == NULL)
		return;
	if (yaml_check(config, "config of a source", source_config_keys) < 0) {
		p->faults++;
		return;
	}
	tags_read(p, n, config);
	meta_read(p, n, config);
	freshness_read(p, n, config);
	if (yaml_get(config, "enabled") != NULL) {
		struct value v;

		if (yaml_value(&p->arena, yaml_get(config, "enabled"), "enabled", &v) < 0 ||
		    config_set(&p->arena, &n->config, CONFIG_MODEL, "enabled", &v, config->at) < 0)
			p->faults++;
	}
}

static void source_add(struct project *p, const struct yaml *source, const struct yaml *table)
{
	struct node *n = project_add(p, NODE_SOURCE, source_name(p, source, table), table->at, path_below(p, table->at.file));

	if (n == NULL)
		return;
	n->schema = word_or(p, source, "schema", yaml_get(source, "name")->text);
	n->identifier = word_or(p, table, "identifier", yaml_get(table, "name")->text);
	n->properties = table;
	n->description = description_of(table);
	source_properties(p, n, source);
	source_properties(p, n, table);
	freshness_complete(p, n);
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
		const struct yaml *tables = entries(p, sources->item[i], "tables", "a table of a source", table_keys);

		for (size_t k = 0; tables != NULL && k < tables->count; k++)
			source_add(p, sources->item[i], tables->item[k]);
	}
}

static const char *const kind_words[] = {[NODE_MODEL] = "model", [NODE_SEED] = "seed"};

static void no_such_node(struct project *p, enum node_kind kind, const struct yaml *name)
{
	const char **words = arena_alloc(&p->arena, (p->count + 1) * sizeof *words);
	const char *near;
	size_t count = 0;

	for (size_t i = 0; i < p->count; i++)
		if (p->node[i]->kind == kind)
			words[count++] = p->node[i]->name;
	near = nearest_word(name->text, words);
	place_error(name->at, "there is no %s '%s'%s%s%s", kind_words[kind], name->text, near != NULL ? "; did you mean '" : "",
	            near != NULL ? near : "", near != NULL ? "'?" : "");
	p->faults++;
}

static void describe(struct project *p, enum node_kind kind, const struct yaml *entry)
{
	const struct yaml *name = yaml_get(entry, "name"), *config = yaml_get(entry, "config");
	struct node *n = project_find(p, kind, name->text);

	if (n == NULL) {
		no_such_node(p, kind, name);
	} else if (n->properties != NULL) {
		place_error(name->at, "the %s '%s' is described twice, also in %s:%d", kind_words[kind], name->text,
		            n->properties->at.file, n->properties->at.line);
		p->faults++;
	} else if (config != NULL && config->kind != YAML_MAP) {
		place_error(config->at, "config must be a map");
		p->faults++;
	} else {
		n->properties = entry;
		n->description = description_of(entry);
		tags_read(p, n, entry);
	}
}

void schema_models(struct project *p, const struct yaml *document)
{
	static const struct {
		const char *key, *what;
		enum node_kind kind;
	} lists[] = {{"models", "a model", NODE_MODEL}, {"seeds", "a seed", NODE_SEED}};

	for (size_t l = 0; l < 2 && document->kind == YAML_MAP; l++) {
		const struct yaml *list = entries(p, document, lists[l].key, lists[l].what, model_keys);

		for (size_t i = 0; list != NULL && i < list->count; i++)
			describe(p, lists[l].kind, list->item[i]);
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
	const struct yaml *seeds = yaml_get(document, "seeds");

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
	for (size_t i = 0; seeds != NULL && i < seeds->count; i++)
		relation_tests(p, project_find(p, NODE_SEED, yaml_get(seeds->item[i], "name")->text), seeds->item[i]);
}
