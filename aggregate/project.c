#include "project.h"

#include <stdlib.h>
#include <string.h>

#include "files.h"
#include "log.h"
#include "resolve.h"
#include "schema.h"

enum { MAX_IDENTIFIER = 63 };

/* What is found before it can be understood: sources come first, then models, then tests. */
struct found {
	struct files models, tests;
	const struct yaml **document;
	size_t documents;
};

const char *project_quoted(struct arena *arena, const char *name)
{
	char *text = arena_alloc(arena, 2 * strlen(name) + 3), *to = text;

	*to++ = '"';
	for (; *name != '\0'; name++) {
		if (*name == '"')
			*to++ = '"';
		*to++ = *name;
	}
	*to = '"';
	return text;
}

bool project_gates(const struct node *test)
{
	return test->on_model || test->config.gate;
}

struct node *project_find(const struct project *p, enum node_kind kind, const char *name)
{
	for (size_t i = 0; i < p->count; i++)
		if (p->node[i]->kind == kind && strcmp(p->node[i]->name, name) == 0)
			return p->node[i];
	return NULL;
}

struct node *project_add(struct project *p, enum node_kind kind, const char *name, struct place at, const char *path)
{
	struct node *n = project_find(p, kind, name);

	if (n != NULL) {
		place_error(at, "the name '%s' is already taken by %s%s", name, n->at.file,
		            kind == NODE_TEST ? "; give one of the two tests a name of its own" : "");
		p->faults++;
		return NULL;
	}
	n = arena_alloc(&p->arena, sizeof *n);
	n->kind = kind;
	n->name = name;
	n->at = at;
	n->path = path;
	n->index = p->count;
	config_default(&n->config);
	p->node = arena_more(&p->arena, p->node, p->count, sizeof *p->node);
	p->node[p->count++] = n;
	return n;
}

/* --- dbt_project.yml -------------------------------------------------------------------------------------------- */

static int paths_read(struct project *p, const struct yaml *top, const char *key, const char *otherwise,
                      struct texts *to)
{
	const struct yaml *list = yaml_get(top, key);
	struct value v;

	if (list == NULL) {
		to->item = arena_more(&p->arena, NULL, 0, sizeof *to->item);
		to->item[0] = otherwise;
		to->count = 1;
		return 0;
	}
	if (yaml_value(&p->arena, list, key, &v) < 0)
		return -1;
	if (v.kind != VALUE_LIST)
		return place_error(list->at, "%s must be a list of folders: [%s]", key, otherwise);
	for (size_t i = 0; i < v.count; i++) {
		to->item = arena_more(&p->arena, to->item, i, sizeof *to->item);
		to->item[i] = v.item[i].text;
		to->count = i + 1;
	}
	return 0;
}

static const struct yaml *map_below(const struct yaml *top, const char *key)
{
	const struct yaml *map = top != NULL ? yaml_get(top, key) : NULL;

	return map != NULL && map->kind == YAML_MAP ? map : NULL;
}

static int maps_read(struct project *p, const struct yaml *top)
{
	static const char *const maps[] = {"vars", "models"};
	const struct yaml *models = map_below(top, "models");

	for (size_t i = 0; i < 2; i++) {
		const struct yaml *map = yaml_get(top, maps[i]);

		if (map != NULL && (map->kind == YAML_LIST || (map->kind == YAML_WORD && map->text[0] != '\0')))
			return place_error(map->at, "%s must be a map (key: value)", maps[i]);
	}
	for (size_t i = 0; models != NULL && i < models->count; i++)
		if (strcmp(models->key[i]->text, p->name) != 0)
			return place_error(models->key[i]->at, "models: '%s' is not this project; its name is '%s'",
			                   models->key[i]->text, p->name);
	p->vars = map_below(top, "vars");
	p->own_vars = map_below(p->vars, p->name);
	p->folder_config = map_below(models, p->name);
	return 0;
}

static int read_head(struct project *p)
{
	static const char *const known[] = {"name", "version", "config-version", "profile", "model-paths", "test-paths",
	                                    "seed-paths", "macro-paths", "snapshot-paths", "analysis-paths",
	                                    "target-path", "clean-targets", "require-dbt-version", "vars", "models", NULL};
	struct span text;
	struct yaml *top;
	const struct yaml *name;

	if (files_read(&p->arena, p->file, &text) < 0) {
		log_error("%s is not a project folder: it must hold dbt_project.yml (--project-dir names the folder)",
		          p->folder);
		return -1;
	}
	if (yaml_read(&p->arena, p->file, text, &top) < 0)
		return -1;
	if (top == NULL)
		return place_error((struct place){p->file, 0}, "is empty; it needs at least `name: …`");
	if (yaml_check(top, "dbt_project.yml", known) < 0)
		return -1;
	name = yaml_get(top, "name");
	if (name == NULL)
		return place_error(top->at, "the project has no name (name: …)");
	p->name = yaml_word(name, "name");
	if (p->name == NULL)
		return -1;
	return maps_read(p, top) < 0 || paths_read(p, top, "model-paths", "models", &p->model_paths) < 0 ||
	       paths_read(p, top, "test-paths", "tests", &p->test_paths) < 0 ? -1 : 0;
}

static int read_given_vars(struct project *p, const char *vars)
{
	if (vars == NULL)
		return 0;
	if (yaml_read(&p->arena, "--vars", span_of(vars), &p->given_vars) < 0)
		return -1;
	if (p->given_vars != NULL && p->given_vars->kind != YAML_MAP)
		return place_error((struct place){"--vars", 0}, "must be a map: --vars '{name: value}'");
	return 0;
}

/* --- files ------------------------------------------------------------------------------------------------------ */

static int find_files(struct project *p, struct found *found)
{
	struct files all = {0};

	for (size_t i = 0; i < p->model_paths.count; i++)
		if (files_walk(&p->arena, p->folder, p->model_paths.item[i], &all) < 0)
			return -1;
	for (size_t i = 0; i < p->test_paths.count; i++)
		if (files_walk(&p->arena, p->folder, p->test_paths.item[i], &found->tests) < 0)
			return -1;
	for (size_t i = 0; i < all.count; i++) {
		if (files_is(all.path[i], ".sql")) {
			found->models.path = arena_more(&p->arena, found->models.path, found->models.count, sizeof *all.path);
			found->models.path[found->models.count++] = all.path[i];
		} else if (files_is(all.path[i], ".yml") || files_is(all.path[i], ".yaml")) {
			const char *full = arena_format(&p->arena, "%s/%s", p->folder, all.path[i]);
			struct span text;
			struct yaml *top;

			if (files_read(&p->arena, full, &text) < 0 || yaml_read(&p->arena, full, text, &top) < 0) {
				p->faults++;
				continue;
			}
			if (top == NULL)
				continue;
			found->document = arena_more(&p->arena, found->document, found->documents, sizeof *found->document);
			found->document[found->documents++] = top;
		}
	}
	return 0;
}

static const char *base_name(struct arena *arena, const char *path)
{
	const char *slash = strrchr(path, '/');
	const char *base = slash != NULL ? slash + 1 : path;

	return arena_text(arena, base, strlen(base) - strlen(".sql"));
}

static void add_sql(struct project *p, enum node_kind kind, const char *path)
{
	const char *full = arena_format(&p->arena, "%s/%s", p->folder, path);
	struct span text;
	struct node *n;

	if (files_read(&p->arena, full, &text) < 0) {
		p->faults++;
		return;
	}
	n = project_add(p, kind, base_name(&p->arena, path), (struct place){full, 1}, path);
	if (n == NULL)
		return;
	if (template_parse(&p->arena, full, text, &n->template) < 0)
		p->faults++;
}

/* --- configuration ---------------------------------------------------------------------------------------------- */

static void apply_yaml(struct project *p, struct node *n, const char *key, const struct yaml *value)
{
	struct value v;

	if (yaml_value(&p->arena, value, key, &v) < 0 ||
	    config_set(&p->arena, &n->config, n->kind == NODE_TEST ? CONFIG_TEST : CONFIG_MODEL, key, &v, value->at) < 0)
		p->faults++;
}

/* models: of dbt_project.yml, from the project's name down along the folders of the model to its own name. */
static void apply_folders(struct project *p, struct node *n)
{
	const struct yaml *map = p->folder_config;
	const char *at = strchr(n->path, '/');

	while (map != NULL) {
		size_t length;

		for (size_t i = 0; i < map->count; i++) {
			const char *key = map->key[i]->text;

			if (key[0] == '+' || map->item[i]->kind != YAML_MAP)
				apply_yaml(p, n, key + (key[0] == '+'), map->item[i]);
		}
		if (at == NULL)
			return;
		at++;
		length = strcspn(at, "/");
		map = map_below(map, at[length] == '/' ? arena_text(&p->arena, at, length) : n->name);
		at = strchr(at, '/');
	}
}

static void apply_calls(struct project *p, struct node *n)
{
	enum config_of of = n->kind == NODE_TEST ? CONFIG_TEST : CONFIG_MODEL;

	for (size_t i = 0; i < n->template.count; i++) {
		const struct template_call *call = &n->template.call[i];

		for (size_t k = 0; call->kind == CALL_CONFIG && k < call->count; k++)
			if (config_set(&p->arena, &n->config, of, call->arg[k].name, &call->arg[k].value, call->at) < 0)
				p->faults++;
	}
}

static void configure_model(struct project *p, struct node *n)
{
	const struct yaml *config;

	apply_folders(p, n);
	config = n->properties != NULL ? yaml_get(n->properties, "config") : NULL;
	for (size_t i = 0; config != NULL && i < config->count; i++)
		if (strcmp(config->key[i]->text, "meta") != 0)
			apply_yaml(p, n, config->key[i]->text, config->item[i]);
	apply_calls(p, n);
	n->schema = n->config.schema != NULL ? n->config.schema : "public";
	n->identifier = n->config.alias != NULL ? n->config.alias : n->name;
	if (strlen(n->identifier) > MAX_IDENTIFIER || strlen(n->schema) > MAX_IDENTIFIER) {
		place_error(n->at, "the name %s.%s is longer than the server's 63 bytes", n->schema, n->identifier);
		p->faults++;
	}
	if (n->config.materialised == MATERIALISE_TABLE && n->config.unique_key.count == 0 && !n->config.disabled) {
		place_error(n->at, "materialized='table' needs unique_key='…': rows are compared and merged by it, the table is "
		                   "never replaced");
		p->faults++;
	}
}

static void name_relations(struct project *p)
{
	for (size_t i = 0; i < p->count; i++) {
		struct node *n = p->node[i];

		if (n->kind == NODE_TEST)
			continue;
		n->relation = arena_format(&p->arena, "%s.%s", project_quoted(&p->arena, n->schema),
		                          project_quoted(&p->arena, n->identifier));
		for (size_t k = 0; k < i && n->kind == NODE_MODEL && !n->config.disabled; k++) {
			if (p->node[k]->config.disabled || strcmp(p->node[k]->relation, n->relation) != 0)
				continue;
			place_error(n->at, "writes %s, which is also %s", n->relation, p->node[k]->at.file);
			p->faults++;
		}
	}
}

/* --- the whole -------------------------------------------------------------------------------------------------- */

static void load_nodes(struct project *p, struct found *found)
{
	for (size_t i = 0; i < found->documents; i++)
		schema_sources(p, found->document[i]);
	for (size_t i = 0; i < found->models.count; i++)
		add_sql(p, NODE_MODEL, found->models.path[i]);
	for (size_t i = 0; i < found->documents; i++)
		schema_models(p, found->document[i]);
	for (size_t i = 0; i < p->count; i++)
		if (p->node[i]->kind == NODE_MODEL)
			configure_model(p, p->node[i]);
	name_relations(p);
	for (size_t i = 0; i < found->documents; i++)
		schema_tests(p, found->document[i]);
	for (size_t i = 0; i < found->tests.count; i++) {
		size_t before = p->count;

		if (!files_is(found->tests.path[i], ".sql"))
			continue;
		add_sql(p, NODE_TEST, found->tests.path[i]);
		if (p->count > before)
			apply_calls(p, p->node[before]);
	}
}

int project_load(struct project *p, const char *folder, const char *vars)
{
	struct found found = {0};

	*p = (struct project){0};
	p->folder = arena_dup(&p->arena, folder);
	p->file = arena_format(&p->arena, "%s/dbt_project.yml", folder);
	if (read_head(p) < 0 || read_given_vars(p, vars) < 0 || find_files(p, &found) < 0)
		return -1;
	load_nodes(p, &found);
	if (p->faults > 0)
		return -1;
	if (found.models.count == 0)
		return place_error((struct place){p->file, 0}, "the project has no models (folder %s)", p->model_paths.item[0]);
	return resolve_project(p);
}

void project_free(struct project *p)
{
	arena_free(&p->arena);
}
