#include "project.h"

#include <stdlib.h>
#include <string.h>

#include "files.h"
#include "log.h"
#include "project_yml.h"
#include "resolve.h"
#include "schema.h"

enum { MAX_IDENTIFIER = 63 };

/* What is found before it can be understood: sources come first, then models, then tests. */
struct found {
	struct files models, tests, seeds;
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

struct node *project_find_ref(const struct project *p, const char *name)
{
	struct node *n = project_find(p, NODE_MODEL, name);

	return n != NULL ? n : project_find(p, NODE_SEED, name);
}

struct node *project_add(struct project *p, enum node_kind kind, const char *name, struct place at, const char *path)
{
	struct node *n = kind == NODE_MODEL || kind == NODE_SEED ? project_find_ref(p, name) : project_find(p, kind, name);

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

static int read_given_vars(struct project *p, const char *vars)
{
	if (vars == NULL)
		return 0;
	if (yaml_read(&p->arena, "--vars", span_of(vars), &p->given_vars) < 0)
		return -1;
	if (p->given_vars != NULL && p->given_vars->kind != YAML_MAP)
		return place_error((struct place){"--vars", 0}, "must be a map: --vars '{name: value}'");
	if (p->given_vars != NULL)
		p->given_read = arena_alloc(&p->arena, (p->given_vars->count + 1) * sizeof *p->given_read);
	return 0;
}

/* A misspelled name would silently leave the default in force. */
static void tell_unread_vars(const struct project *p)
{
	for (size_t i = 0; p->given_vars != NULL && i < p->given_vars->count; i++)
		if (!p->given_read[i])
			log_warn("--vars: no file of the project reads '%s'", p->given_vars->key[i]->text);
}

/* --- files ------------------------------------------------------------------------------------------------------ */

static void file_add(struct project *p, struct files *to, const char *path)
{
	to->path = arena_more(&p->arena, to->path, to->count, sizeof *to->path);
	to->path[to->count++] = path;
}

static void document_add(struct project *p, struct found *found, const char *path)
{
	const char *full = arena_format(&p->arena, "%s/%s", p->folder, path);
	struct span text;
	struct yaml *top;

	if (files_read(&p->arena, full, &text) < 0 || yaml_read(&p->arena, full, text, &top) < 0) {
		p->faults++;
		return;
	}
	if (top == NULL)
		return;
	found->document = arena_more(&p->arena, found->document, found->documents, sizeof *found->document);
	found->document[found->documents++] = top;
}

/* Files that end so below these folders go to `to`, .yml files to the documents. */
static int find_below(struct project *p, const struct texts *folders, const char *ending, struct files *to,
                      struct found *found)
{
	struct files all = {0};

	for (size_t i = 0; i < folders->count; i++)
		if (files_walk(&p->arena, p->folder, folders->item[i], &all) < 0)
			return -1;
	for (size_t i = 0; i < all.count; i++) {
		if (files_is(all.path[i], ending))
			file_add(p, to, all.path[i]);
		else if (files_is(all.path[i], ".yml") || files_is(all.path[i], ".yaml"))
			document_add(p, found, all.path[i]);
	}
	return 0;
}

static int find_files(struct project *p, struct found *found)
{
	return find_below(p, &p->model_paths, ".sql", &found->models, found) < 0 ||
	       find_below(p, &p->seed_paths, ".csv", &found->seeds, found) < 0 ||
	       find_below(p, &p->test_paths, ".sql", &found->tests, found) < 0 ? -1 : 0;
}

static const char *base_name(struct arena *arena, const char *path)
{
	const char *slash = strrchr(path, '/');
	const char *base = slash != NULL ? slash + 1 : path;

	return arena_text(arena, base, strlen(base) - strlen(".sql")); /* or ".csv" */
}

static void add_file(struct project *p, enum node_kind kind, const char *path)
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
	if (kind == NODE_SEED)
		n->csv = text;
	else if (template_parse(&p->arena, full, text, &n->template) < 0)
		p->faults++;
}

/* --- configuration ---------------------------------------------------------------------------------------------- */

static enum config_of config_of(const struct node *n)
{
	return n->kind == NODE_TEST ? CONFIG_TEST : n->kind == NODE_SEED ? CONFIG_SEED : CONFIG_MODEL;
}

static void apply_yaml(struct project *p, struct node *n, const char *key, const struct yaml *value)
{
	struct value v;

	if (config_has_no_effect(key))
		return;
	if (n->kind == NODE_SEED && strcmp(key, "column_types") == 0) {
		n->column_types = value;
		return;
	}
	if (yaml_value(&p->arena, value, key, &v) < 0 ||
	    config_set(&p->arena, &n->config, config_of(n), key, &v, value->at) < 0)
		p->faults++;
}

static void apply_map(struct project *p, struct node *n, const struct yaml *map)
{
	for (size_t i = 0; map != NULL && i < map->count; i++)
		if (map->kind == YAML_MAP)
			apply_yaml(p, n, map->key[i]->text, map->item[i]);
}

/* The path of a file behind the folder of the project's that it was found in. */
static const char *behind(const struct texts *folders, const char *path)
{
	for (size_t i = 0; i < folders->count; i++) {
		size_t n = strlen(folders->item[i]);

		if (strncmp(path, folders->item[i], n) == 0 && path[n] == '/')
			return path + n + 1;
	}
	return path;
}

/* What stands in dbt_project.yml: + keys at the top, below the project's name, then along the file's folders down to its
 * own name. */
static void apply_folders(struct project *p, struct node *n, const struct yaml *top, const struct texts *folders)
{
	const char *at = behind(folders, n->path), *next = p->name;
	const struct yaml *map = top;

	while (map != NULL) {
		const struct yaml *below;
		size_t length;

		for (size_t i = 0; i < map->count; i++) {
			const char *key = map->key[i]->text;

			if (key[0] == '+' || (map != top && map->item[i]->kind != YAML_MAP))
				apply_yaml(p, n, key + (key[0] == '+'), map->item[i]);
		}
		below = next != NULL ? yaml_get(map, next) : NULL;
		map = below != NULL && below->kind == YAML_MAP ? below : NULL;
		if (at == NULL) {
			next = NULL;
			continue;
		}
		length = strcspn(at, "/");
		next = at[length] == '/' ? arena_text(&p->arena, at, length) : n->name;
		at = at[length] == '/' ? at + length + 1 : NULL;
	}
}

void project_test_defaults(struct project *p, const struct node *of, struct config *to)
{
	struct node n = {.kind = NODE_TEST, .name = "", .path = of->path};

	config_default(&n.config);
	apply_folders(p, &n, p->test_config, of->kind == NODE_SEED ? &p->seed_paths : &p->model_paths);
	*to = n.config;
}

static void apply_calls(struct project *p, struct node *n)
{
	for (size_t i = 0; i < n->template.count; i++) {
		const struct template_call *call = &n->template.call[i];

		for (size_t k = 0; call->kind == CALL_CONFIG && k < call->count; k++)
			if (!config_has_no_effect(call->arg[k].name) &&
			    config_set(&p->arena, &n->config, config_of(n), call->arg[k].name, &call->arg[k].value, call->at) < 0)
				p->faults++;
	}
}

static void name_parts(struct project *p, struct node *n)
{
	n->schema = n->config.schema != NULL ? n->config.schema : "public";
	n->identifier = n->config.alias != NULL ? n->config.alias : n->name;
	if (strlen(n->identifier) > MAX_IDENTIFIER || strlen(n->schema) > MAX_IDENTIFIER) {
		place_error(n->at, "the name %s.%s is longer than the server's 63 bytes", n->schema, n->identifier);
		p->faults++;
	}
}

static void configure_model(struct project *p, struct node *n)
{
	apply_folders(p, n, p->model_config, &p->model_paths);
	apply_map(p, n, n->properties != NULL ? yaml_get(n->properties, "config") : NULL);
	apply_calls(p, n);
	name_parts(p, n);
	if ((n->config.materialised == MATERIALISE_TABLE || n->config.materialised == MATERIALISE_REBUILD) &&
	    n->config.unique_key.count == 0 && !n->config.disabled) {
		place_error(n->at, "materialized='%s' needs unique_key='…': rows are compared and merged by it, the table is "
		                   "never replaced",
		            config_materialisation(n->config.materialised));
		p->faults++;
	}
}

static void configure_seed(struct project *p, struct node *n)
{
	apply_folders(p, n, p->seed_config, &p->seed_paths);
	apply_map(p, n, n->properties != NULL ? yaml_get(n->properties, "config") : NULL);
	name_parts(p, n);
	if (n->column_types != NULL && n->column_types->kind != YAML_MAP) {
		place_error(n->column_types->at, "column_types must be a map (column: type)");
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
		for (size_t k = 0; k < i && node_is_built(n) && !n->config.disabled; k++) {
			if (p->node[k]->config.disabled || strcmp(p->node[k]->relation, n->relation) != 0)
				continue;
			place_error(n->at, "writes %s, which is also %s", n->relation, p->node[k]->at.file);
			p->faults++;
		}
	}
}

/* --- the whole -------------------------------------------------------------------------------------------------- */

static void load_singular(struct project *p, const char *path)
{
	size_t before = p->count;

	add_file(p, NODE_TEST, path);
	if (p->count == before)
		return;
	apply_folders(p, p->node[before], p->test_config, &p->test_paths);
	apply_calls(p, p->node[before]);
}

static void load_nodes(struct project *p, struct found *found)
{
	for (size_t i = 0; i < found->documents; i++)
		schema_sources(p, found->document[i]);
	for (size_t i = 0; i < found->models.count; i++)
		add_file(p, NODE_MODEL, found->models.path[i]);
	for (size_t i = 0; i < found->seeds.count; i++)
		add_file(p, NODE_SEED, found->seeds.path[i]);
	for (size_t i = 0; i < found->documents; i++)
		schema_models(p, found->document[i]);
	for (size_t i = 0; i < p->count; i++) {
		if (p->node[i]->kind == NODE_MODEL)
			configure_model(p, p->node[i]);
		else if (p->node[i]->kind == NODE_SEED)
			configure_seed(p, p->node[i]);
	}
	name_relations(p);
	for (size_t i = 0; i < found->documents; i++)
		schema_tests(p, found->document[i]);
	for (size_t i = 0; i < found->tests.count; i++)
		load_singular(p, found->tests.path[i]);
}

int project_load(struct project *p, const char *folder, const char *vars)
{
	struct found found = {0};

	*p = (struct project){0};
	p->folder = arena_dup(&p->arena, folder);
	p->file = arena_format(&p->arena, "%s/dbt_project.yml", folder);
	if (project_yml_read(p) < 0 || read_given_vars(p, vars) < 0 || find_files(p, &found) < 0)
		return -1;
	load_nodes(p, &found);
	if (p->faults > 0)
		return -1;
	if (found.models.count + found.seeds.count == 0)
		return place_error((struct place){p->file, 0}, "the project has no models (folder %s)", p->model_paths.item[0]);
	if (resolve_project(p) < 0)
		return -1;
	tell_unread_vars(p);
	return 0;
}

void project_free(struct project *p)
{
	arena_free(&p->arena);
}
