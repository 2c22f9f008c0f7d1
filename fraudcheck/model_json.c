#include "model_json.h"

json_t *model_json_load(struct model_reader *r)
{
	json_error_t error;
	json_t *root = json_loadb(r->text.p, r->text.n, JSON_REJECT_DUPLICATES, &error);

	if (root == NULL) {
		model_fail(r, "%d:%d: %s", error.line, error.column, error.text);
	} else if (!json_is_object(root)) {
		model_fail(r, "this is no JSON object");
		json_decref(root);
		root = NULL;
	}
	return root;
}

json_t *model_json_member(struct model_reader *r, const json_t *object, const char *where, const char *name)
{
	json_t *found = json_object_get(object, name);

	if (found == NULL)
		model_fail(r, "%s has no %s", where, name);
	return found;
}

static json_t *typed(struct model_reader *r, const json_t *object, const char *where, const char *name, json_type type, const char *what)
{
	json_t *found = model_json_member(r, object, where, name);

	if (found == NULL || json_typeof(found) == type)
		return found;
	model_fail(r, "%s of %s is no %s", name, where, what);
	return NULL;
}

json_t *model_json_object(struct model_reader *r, const json_t *object, const char *where, const char *name)
{
	return typed(r, object, where, name, JSON_OBJECT, "object");
}

json_t *model_json_array(struct model_reader *r, const json_t *object, const char *where, const char *name)
{
	return typed(r, object, where, name, JSON_ARRAY, "array");
}

const char *model_json_text(struct model_reader *r, const json_t *object, const char *where, const char *name)
{
	return json_string_value(typed(r, object, where, name, JSON_STRING, "string"));
}

int model_json_names(struct model_reader *r, const json_t *array, const char *where)
{
	struct model *m = r->model;

	if (!json_is_array(array))
		return model_fail(r, "%s is no array", where);
	if (json_array_size(array) == 0)
		return 0;
	if (json_array_size(array) != m->inputs)
		return model_fail(r, "%s has %zu names, but the model has %zu inputs", where, json_array_size(array), m->inputs);
	m->name = pool_zero(r->pool, m->inputs, sizeof *m->name);
	for (size_t i = 0; i < m->inputs; i++) {
		const json_t *name = json_array_get(array, i);

		if (!json_is_string(name))
			return model_fail(r, "%s: name %zu is no string", where, i);
		m->name[i] = pool_copy(r->pool, (struct span){json_string_value(name), json_string_length(name)});
	}
	return 0;
}
