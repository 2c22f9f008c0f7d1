#include "project_yml.h"

#include <string.h>

#include "files.h"
#include "log.h"

/* Everything that dbt knows there. What has no meaning here is let pass, but for … */
static const char *const known[] = {
	"name", "version", "config-version", "profile", "require-dbt-version", "model-paths", "seed-paths", "test-paths",
	"analysis-paths", "macro-paths", "snapshot-paths", "docs-paths", "asset-paths", "function-paths", "target-path",
	"log-path", "packages-install-path", "clean-targets", "query-comment", "flags", "dbt-cloud", "dispatch", "quoting",
	"restrict-access", "vars", "models", "seeds", "tests", "data_tests", "sources", "snapshots", "exposures", "metrics",
	"semantic-models", "saved-queries", "unit_tests", "on-run-start", "on-run-end", NULL};

/* … this, which would change what a run does. */
static const char *const refused[] = {"on-run-start", "on-run-end", "snapshots", "dispatch", NULL};

static bool is_empty(const struct yaml *v)
{
	return v->kind == YAML_WORD ? v->text[0] == '\0' : v->count == 0;
}

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
		size_t length = strlen(v.item[i].text);

		while (length > 1 && v.item[i].text[length - 1] == '/')
			length--;
		to->item = arena_more(&p->arena, to->item, i, sizeof *to->item);
		to->item[i] = arena_text(&p->arena, v.item[i].text, length);
		to->count = i + 1;
	}
	return 0;
}

static const struct yaml *map_below(const struct yaml *top, const char *key)
{
	const struct yaml *map = top != NULL ? yaml_get(top, key) : NULL;

	return map != NULL && map->kind == YAML_MAP ? map : NULL;
}

/* Configuration by folder: keys with + are for everything, the rest stands below the project's name. */
static int folders_read(struct project *p, const struct yaml *top, const char *key, const struct yaml **to)
{
	const struct yaml *map = map_below(top, key);

	for (size_t i = 0; map != NULL && i < map->count; i++)
		if (map->key[i]->text[0] != '+' && strcmp(map->key[i]->text, p->name) != 0)
			return place_error(map->key[i]->at, "%s: '%s' is not this project; its name is '%s'", key, map->key[i]->text,
			                   p->name);
	*to = map;
	return 0;
}

static int maps_read(struct project *p, const struct yaml *top)
{
	static const char *const maps[] = {"vars", "models", "seeds", "tests", "data_tests"};

	for (size_t i = 0; i < sizeof maps / sizeof maps[0]; i++) {
		const struct yaml *map = yaml_get(top, maps[i]);

		if (map != NULL && (map->kind == YAML_LIST || (map->kind == YAML_WORD && map->text[0] != '\0')))
			return place_error(map->at, "%s must be a map (key: value)", maps[i]);
	}
	p->vars = map_below(top, "vars");
	p->own_vars = map_below(p->vars, p->name);
	return folders_read(p, top, "models", &p->model_config) < 0 || folders_read(p, top, "seeds", &p->seed_config) < 0 ||
	       folders_read(p, top, yaml_get(top, "tests") != NULL ? "tests" : "data_tests", &p->test_config) < 0 ? -1 : 0;
}

static int refuse(const struct yaml *top)
{
	for (size_t i = 0; refused[i] != NULL; i++) {
		const struct yaml *v = yaml_get(top, refused[i]);

		if (v != NULL && !is_empty(v))
			return place_error(v->at, "%s is not supported: aggregate has no macros, hooks or snapshots; a statement that "
			                          "must run belongs into the job beside `aggregate build`", refused[i]);
	}
	return 0;
}

static int head_read(struct project *p, const struct yaml *top)
{
	const struct yaml *name = yaml_get(top, "name"), *target = yaml_get(top, "target-path");

	if (name == NULL)
		return place_error(top->at, "the project has no name (name: …)");
	p->name = yaml_word(name, "name");
	if (p->name == NULL)
		return -1;
	if (p->name[0] == '\0')
		return place_error(name->at, "the project's name is empty");
	if (target != NULL && (p->target_path = yaml_word(target, "target-path")) == NULL)
		return -1;
	return 0;
}

int project_yml_read(struct project *p)
{
	struct span text;
	struct yaml *top;

	if (files_read(&p->arena, p->file, &text) < 0) {
		log_error("%s is not a project folder: it must hold dbt_project.yml (--project-dir names the folder)",
		          p->folder);
		return -1;
	}
	if (yaml_read(&p->arena, p->file, text, &top) < 0)
		return -1;
	if (top == NULL)
		return place_error((struct place){p->file, 0}, "is empty; it needs at least `name: …`");
	if (yaml_check(top, "dbt_project.yml", known) < 0 || refuse(top) < 0 || head_read(p, top) < 0 || maps_read(p, top) < 0)
		return -1;
	return paths_read(p, top, "model-paths", "models", &p->model_paths) < 0 ||
	       paths_read(p, top, "seed-paths", "seeds", &p->seed_paths) < 0 ||
	       paths_read(p, top, "test-paths", "tests", &p->test_paths) < 0 ? -1 : 0;
}
