/*
 * Logistic regression, in a format of our own (docs/rules.md):
 *   {"model": "logistic", "features": ["amount", …], "intercept": -4.1, "coefficients": [.8, …], "mean": [97.5, …], "scale": [41, …], "missing": [0, …]}
 * intercept and coefficients must be there.
 */
#include <math.h>

#include "model_json.h"

static int check_names(struct model_reader *r, const json_t *root)
{
	static const char *const known[] = {"model", "features", "intercept", "coefficients", "mean", "scale", "missing"};
	const char *name;
	const json_t *value;
	const size_t count = sizeof known / sizeof known[0];

	json_object_foreach((json_t *)(uintptr_t)root, name, value) {
		size_t i = 0;

		while (i < count && strcmp(name, known[i]) != 0)
			i++;
		if (i == count)
			return model_fail(r, "there is no member '%.60s' in a logistic regression: model, features, intercept, coefficients, "
			                  "mean, scale and missing are", name);
	}
	return 0;
}

static int read_number(struct model_reader *r, const json_t *v, const char *name, size_t i, double *to)
{
	if (!json_is_number(v) || !isfinite(json_number_value(v)))
		return model_fail(r, "%s: item %zu is no number", name, i);
	*to = json_number_value(v);
	return 0;
}

/* NULL with status 0 if the member is not there. */
static int read_numbers(struct model_reader *r, const json_t *root, const char *name, double **to)
{
	struct model *m = r->model;
	const json_t *array = json_object_get(root, name), *v;
	size_t i;

	*to = NULL;
	if (array == NULL)
		return 0;
	if (!json_is_array(array) || json_array_size(array) != m->inputs)
		return model_fail(r, "%s is no array of %zu numbers, one for each of the coefficients", name, m->inputs);
	*to = pool_zero(r->pool, m->inputs, sizeof **to);
	json_array_foreach(array, i, v)
		if (read_number(r, v, name, i, &(*to)[i]) < 0)
			return -1;
	return 0;
}

static int read_parts(struct model_reader *r, const json_t *root)
{
	struct model *m = r->model;

	if (read_numbers(r, root, "coefficients", &m->coefficient) < 0 || read_numbers(r, root, "mean", &m->mean) < 0 ||
	    read_numbers(r, root, "scale", &m->scale) < 0 || read_numbers(r, root, "missing", &m->missing) < 0)
		return -1;
	for (size_t i = 0; m->scale != NULL && i < m->inputs; i++)
		if (m->scale[i] <= 0)
			return model_fail(r, "scale: item %zu is not above 0", i);
	return 0;
}

static int read_root(struct model_reader *r, const json_t *root)
{
	struct model *m = r->model;
	const json_t *intercept = model_json_member(r, root, "the file", "intercept");
	const json_t *coefficients = model_json_array(r, root, "the file", "coefficients");
	const json_t *kind = json_object_get(root, "model"), *names = json_object_get(root, "features");

	if (intercept == NULL || coefficients == NULL || check_names(r, root) < 0)
		return -1;
	if (kind != NULL && (!json_is_string(kind) || strcmp(json_string_value(kind), "logistic") != 0))
		return model_fail(r, "model is not \"logistic\"");
	m->inputs = json_array_size(coefficients);
	if (m->inputs < 1 || m->inputs > MODEL_INPUTS_MAX)
		return model_fail(r, "there are %zu coefficients, not 1 to %d", m->inputs, MODEL_INPUTS_MAX);
	if (read_number(r, intercept, "intercept", 0, &m->intercept) < 0)
		return -1;
	m->base = m->intercept;
	if (names != NULL && model_json_names(r, names, "features") < 0)
		return -1;
	return read_parts(r, root);
}

int model_read_logistic(struct model_reader *r)
{
	json_t *root = model_json_load(r);
	int status;

	if (root == NULL)
		return -1;
	status = read_root(r, root);
	json_decref(root);
	return status;
}
