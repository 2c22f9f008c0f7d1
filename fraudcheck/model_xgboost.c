/*
 * XGBoost's JSON, of Booster.save_model("x.json") by 1.3 to 3.x: objective binary:logistic, booster gbtree, numeric splits.
 * https://xgboost.readthedocs.io/en/stable/tutorials/saving_model.html describes it.
 *
 * Thresholds and values are float32 there, written with the digits that give the same float32 back. (They come to us through a
 * double, which could only go wrong where one of those texts lay within 1e-16 of the middle between two float32.)
 */
#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "model_json.h"
#include "parse.h"

static const char CATEGORIES[] = "tree %zu, node %zu splits by category: only numeric splits are supported (train with the category as numbers, or "
                                 "one input a category)";

/* The arrays of one tree, of the same length. */
struct arrays {
	const json_t *left, *right, *condition, *index, *default_left, *hessian;
	const json_t *type; /* or NULL: before 1.5 it need not be there */
	size_t count;
	size_t tree; /* its number, for messages */
};

/* A whole number that XGBoost writes as text. */
static int whole(struct model_reader *r, const json_t *object, const char *where, const char *name, int64_t *to)
{
	const char *text = model_json_text(r, object, where, name);

	if (text == NULL)
		return -1;
	if (parse_int(span_of(text), to) < 0)
		return model_fail(r, "%s of %s is '%.40s', no whole number", name, where, text);
	return 0;
}

/* The same, 0 if it is not there. */
static int whole_if_any(struct model_reader *r, const json_t *object, const char *where, const char *name, int64_t *to)
{
	*to = 0;
	return json_object_get(object, name) != NULL ? whole(r, object, where, name, to) : 0;
}

/* --- a tree -------------------------------------------------------------------------------------------------------- */

static int read_child(struct model_reader *r, const struct arrays *a, const json_t *array, const char *name, size_t node, size_t *to)
{
	const json_t *v = json_array_get(array, node);

	if (!json_is_integer(v) || json_integer_value(v) < 0 || json_integer_value(v) >= (json_int_t)a->count)
		return model_fail(r, "tree %zu, node %zu: %s is no number from 0 to %zu", a->tree, node, name, a->count - 1);
	*to = (size_t)json_integer_value(v);
	return 0;
}

static int read_float(struct model_reader *r, const struct arrays *a, const json_t *array, const char *name, size_t node, double *to)
{
	const json_t *v = json_array_get(array, node);

	if (!json_is_number(v) || fabs(json_number_value(v)) > (double)FLT_MAX)
		return model_fail(r, "tree %zu, node %zu: %s is no float32", a->tree, node, name);
	*to = (double)(float)json_number_value(v);
	return 0;
}

static int read_leaf(struct model_reader *r, const struct arrays *a, size_t node, struct model_split *s)
{
	s->input = MODEL_LEAF;
	if (json_integer_value(json_array_get(a->right, node)) != -1)
		return model_fail(r, "tree %zu, node %zu has a right child but no left one", a->tree, node);
	if (read_float(r, a, a->hessian, "sum_hessian", node, &s->weight) < 0)
		return -1;
	if (s->weight < 0)
		return model_fail(r, "tree %zu, node %zu: sum_hessian is negative", a->tree, node);
	return 0;
}

static int read_inner(struct model_reader *r, const struct arrays *a, size_t node, struct model_split *s)
{
	const json_t *index = json_array_get(a->index, node), *missing = json_array_get(a->default_left, node);
	const json_t *type = a->type != NULL ? json_array_get(a->type, node) : NULL;

	if (type != NULL && (!json_is_integer(type) || json_integer_value(type) != 0))
		return model_fail(r, CATEGORIES, a->tree, node);
	if (!json_is_integer(index) || json_integer_value(index) < 0 || json_integer_value(index) >= (json_int_t)r->model->inputs)
		return model_fail(r, "tree %zu, node %zu: split_indices is no number from 0 to %zu", a->tree, node, r->model->inputs - 1);
	if (!json_is_boolean(missing) && !json_is_integer(missing))
		return model_fail(r, "tree %zu, node %zu: default_left is neither 0 nor 1", a->tree, node);
	s->input = (uint16_t)json_integer_value(index);
	s->missing_left = json_is_true(missing) || json_integer_value(missing) != 0;
	if (read_child(r, a, a->left, "left_children", node, &s->left) < 0)
		return -1;
	return read_child(r, a, a->right, "right_children", node, &s->right);
}

static int read_nodes(struct model_reader *r, const struct arrays *a, struct model_split *split)
{
	for (size_t i = 0; i < a->count; i++) {
		const json_t *left = json_array_get(a->left, i);
		bool leaf = json_is_integer(left) && json_integer_value(left) == -1;

		split[i] = (struct model_split){0};
		if (read_float(r, a, a->condition, "split_conditions", i, &split[i].at) < 0 ||
		    (leaf ? read_leaf : read_inner)(r, a, i, &split[i]) < 0)
			return -1;
	}
	return 0;
}

static int one_array(struct model_reader *r, const json_t *tree, const char *where, const char *name, struct arrays *a, const json_t **to)
{
	*to = model_json_array(r, tree, where, name);
	if (*to == NULL)
		return -1;
	if (json_array_size(*to) != a->count)
		return model_fail(r, "%s of %s has %zu items, but the tree has %zu nodes", name, where, json_array_size(*to), a->count);
	return 0;
}

static int read_arrays(struct model_reader *r, const json_t *tree, const char *where, struct arrays *a)
{
	if (one_array(r, tree, where, "left_children", a, &a->left) < 0 || one_array(r, tree, where, "right_children", a, &a->right) < 0 ||
	    one_array(r, tree, where, "split_conditions", a, &a->condition) < 0 ||
	    one_array(r, tree, where, "split_indices", a, &a->index) < 0 ||
	    one_array(r, tree, where, "default_left", a, &a->default_left) < 0 ||
	    one_array(r, tree, where, "sum_hessian", a, &a->hessian) < 0)
		return -1;
	return json_object_get(tree, "split_type") != NULL ? one_array(r, tree, where, "split_type", a, &a->type) : 0;
}

/* `deleted`: nodes that pruning left behind; they are in the arrays, but not in the tree. */
static int read_param(struct model_reader *r, const json_t *tree, const char *where, size_t *count, int64_t *deleted)
{
	const json_t *param = model_json_object(r, tree, where, "tree_param");
	int64_t nodes, leaf_size;

	if (param == NULL || whole(r, param, where, "num_nodes", &nodes) < 0 || whole_if_any(r, param, where, "num_deleted", deleted) < 0 ||
	    whole_if_any(r, param, where, "size_leaf_vector", &leaf_size) < 0)
		return -1;
	if (leaf_size > 1)
		return model_fail(r, "%s has leaves of %lld values: only one value a leaf is supported", where, (long long)leaf_size);
	if (nodes < 1 || nodes > MODEL_NODES_MAX)
		return model_fail(r, "%s: num_nodes is not between 1 and %d", where, MODEL_NODES_MAX);
	*count = (size_t)nodes;
	return 0;
}

static int read_tree(struct model_reader *r, const json_t *tree, size_t number)
{
	struct arrays a = {.tree = number};
	struct model_split *split;
	char where[40];
	size_t unreached;
	int64_t deleted;
	int status;

	snprintf(where, sizeof where, "tree %zu", number);
	if (!json_is_object(tree))
		return model_fail(r, "%s is no object", where);
	if (read_param(r, tree, where, &a.count, &deleted) < 0 || read_arrays(r, tree, where, &a) < 0)
		return -1;
	split = xcalloc(a.count, sizeof *split); /* as long as the arrays, which are there */
	status = read_nodes(r, &a, split);
	if (status == 0) {
		size_t start = r->error->n;

		status = model_add_tree(r, split, a.count, &unreached);
		if (status < 0) {
			struct span why = pool_copy(r->pool, (struct span){r->error->p + start, r->error->n - start});

			r->error->n = start;
			model_fail(r, "%s: %.*s", where, SPAN_ARG(why));
		} else if ((int64_t)unreached != deleted) {
			status = model_fail(r, "%s: %zu nodes are no part of it, but num_deleted is %lld", where, unreached, (long long)deleted);
		}
	}
	free(split);
	return status;
}

/* --- all of it ------------------------------------------------------------------------------------------------------- */

static int read_trees(struct model_reader *r, const json_t *model)
{
	const char *where = "gradient_booster.model";
	const json_t *param = model_json_object(r, model, where, "gbtree_model_param");
	const json_t *trees = model_json_array(r, model, where, "trees"), *info = model_json_array(r, model, where, "tree_info"), *item;
	int64_t count;
	size_t i;

	if (param == NULL || trees == NULL || info == NULL || whole(r, param, "gbtree_model_param", "num_trees", &count) < 0)
		return -1;
	if (count != (int64_t)json_array_size(trees) || json_array_size(info) != json_array_size(trees))
		return model_fail(r, "num_trees is %lld, but there are %zu trees and %zu items of tree_info", (long long)count,
		                  json_array_size(trees), json_array_size(info));
	if (count == 0)
		return model_fail(r, "there is no tree in it");
	json_array_foreach(info, i, item)
		if (!json_is_integer(item) || json_integer_value(item) != 0)
			return model_fail(r, "tree %zu belongs to a class of its own: only models of two classes are supported", i);
	json_array_foreach(trees, i, item)
		if (read_tree(r, item, i) < 0)
			return -1;
	return 0;
}

/* A model that stopped early predicts by its best rounds in one binding of XGBoost and by all in another: which is meant must not be guessed. */
static int check_rounds(struct model_reader *r, const json_t *learner, const json_t *model)
{
	const json_t *best = json_object_get(json_object_get(learner, "attributes"), "best_iteration");
	const json_t *param = json_object_get(model, "gbtree_model_param");
	int64_t round, trees, parallel;

	if (best == NULL)
		return 0;
	if (!json_is_string(best) || parse_int(span_of(json_string_value(best)), &round) < 0)
		return model_fail(r, "best_iteration is no whole number");
	if (whole(r, param, "gbtree_model_param", "num_trees", &trees) < 0 ||
	    whole_if_any(r, param, "gbtree_model_param", "num_parallel_tree", &parallel) < 0)
		return -1;
	if (parallel < 1)
		parallel = 1;
	if (round < 0 || round >= trees / parallel)
		return model_fail(r, "best_iteration is %lld, but the rounds go from 0 to %lld", (long long)round, (long long)(trees / parallel - 1));
	if (round + 1 != trees / parallel)
		return model_fail(r, "training stopped early: its best round is %lld of %lld. Save what is to be used: booster[:%lld].save_model(…)",
		                  (long long)round, (long long)(trees / parallel - 1), (long long)round + 1);
	return 0;
}

/* A probability, from 3.1 on in brackets; the margin is its logit, computed as XGBoost does. */
static int read_base_score(struct model_reader *r, const json_t *param)
{
	const char *text = model_json_text(r, param, "learner_model_param", "base_score");
	struct span s;
	double score;

	if (text == NULL)
		return -1;
	s = span_of(text);
	if (s.n >= 2 && s.p[0] == '[' && s.p[s.n - 1] == ']')
		s = (struct span){s.p + 1, s.n - 2};
	if (memchr(s.p, ',', s.n) != NULL)
		return model_fail(r, "base_score has several values: only models of two classes are supported");
	if (parse_real(s, &score) < 0 || !((float)score > 0 && (float)score < 1))
		return model_fail(r, "base_score is '%.60s', no probability between 0 and 1", text);
	r->model->margin = -logf(1.0F / (float)score - 1.0F);
	r->model->base = (double)r->model->margin;
	return 0;
}

static int read_learner_param(struct model_reader *r, const json_t *learner)
{
	const char *where = "learner_model_param";
	const json_t *param = model_json_object(r, learner, "learner", where);
	int64_t classes, targets, inputs;

	if (param == NULL || whole_if_any(r, param, where, "num_class", &classes) < 0 ||
	    whole_if_any(r, param, where, "num_target", &targets) < 0 || whole(r, param, where, "num_feature", &inputs) < 0)
		return -1;
	if (classes > 1 || targets > 1)
		return model_fail(r, "it has %lld classes and %lld targets: only models of two classes are supported", (long long)classes,
		                  (long long)targets);
	if (inputs < 1 || inputs > MODEL_INPUTS_MAX)
		return model_fail(r, "num_feature is not between 1 and %d", MODEL_INPUTS_MAX);
	r->model->inputs = (size_t)inputs;
	return read_base_score(r, param);
}

static int check_kind(struct model_reader *r, const json_t *learner, const json_t *booster)
{
	const json_t *objective = model_json_object(r, learner, "learner", "objective");
	const char *name = model_json_text(r, booster, "gradient_booster", "name");
	const char *what = objective != NULL ? model_json_text(r, objective, "objective", "name") : NULL;

	if (name == NULL || what == NULL)
		return -1;
	if (strcmp(name, "gbtree") != 0)
		return model_fail(r, "the booster is %.40s: only gbtree is supported", name);
	if (strcmp(what, "binary:logistic") != 0)
		return model_fail(r, "the objective is %.60s: only binary:logistic is supported", what);
	return 0;
}

static int check_types(struct model_reader *r, const json_t *learner)
{
	const json_t *types = json_object_get(learner, "feature_types"), *type;
	size_t i;

	json_array_foreach(types, i, type)
		if (json_is_string(type) && strcmp(json_string_value(type), "c") == 0)
			return model_fail(r, "input %zu holds categories: only numeric inputs are supported", i);
	return 0;
}

static int read_learner(struct model_reader *r, const json_t *learner)
{
	const json_t *booster = model_json_object(r, learner, "learner", "gradient_booster"), *model, *names;

	if (booster == NULL || check_kind(r, learner, booster) < 0 || read_learner_param(r, learner) < 0 || check_types(r, learner) < 0)
		return -1;
	names = json_object_get(learner, "feature_names");
	if (names != NULL && model_json_names(r, names, "feature_names") < 0)
		return -1;
	model = model_json_object(r, booster, "gradient_booster", "model");
	if (model == NULL || read_trees(r, model) < 0)
		return -1;
	return check_rounds(r, learner, model);
}

int model_read_xgboost(struct model_reader *r)
{
	json_t *root = model_json_load(r);
	const json_t *learner;
	int status = -1;

	if (root == NULL)
		return -1;
	learner = model_json_object(r, root, "the file", "learner");
	if (learner != NULL)
		status = read_learner(r, learner);
	json_decref(root);
	return status;
}
