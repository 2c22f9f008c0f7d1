/* Any text as a model of each kind: it is read or refused with words, and what is read gives a value for any inputs. */
#include <math.h>

#include "../../fraudcheck/model.h"
#include "fuzz.h"

const char *const fuzz_seeds[] = {
	"{\"learner\":{\"attributes\":{},\"feature_names\":[],\"gradient_booster\":{\"model\":{\"gbtree_model_param\":{\"num_parallel_tree\":\"1\",\"num_trees\":\"1\"},"
	"\"tree_info\":[0],\"trees\":[{\"categories\":[],\"default_left\":[1,0,0],\"left_children\":[1,-1,-1],\"parents\":[2147483647,0,0],\"right_children\":[2,-1,-1],"
	"\"split_conditions\":[1.5E0,-5E-1,7.5E-1],\"split_indices\":[0,0,0],\"split_type\":[0,0,0],\"sum_hessian\":[8,3,5],\"tree_param\":{\"num_deleted\":\"0\","
	"\"num_feature\":\"2\",\"num_nodes\":\"3\",\"size_leaf_vector\":\"1\"}}]},\"name\":\"gbtree\"},\"learner_model_param\":{\"base_score\":\"[8.9E-3]\","
	"\"num_class\":\"0\",\"num_feature\":\"2\"},\"objective\":{\"name\":\"binary:logistic\"}},\"version\":[3,1,0]}\n",
	"tree\nversion=v4\nnum_class=1\nnum_tree_per_iteration=1\nlabel_index=0\nmax_feature_idx=1\nobjective=binary sigmoid:1\nfeature_names=a b\n"
	"feature_infos=[0:3] [0:5]\ntree_sizes=400\n\nTree=0\nnum_leaves=3\nnum_cat=0\nsplit_feature=0 1\nsplit_gain=9 3\nthreshold=1.5 2\ndecision_type=10 8\n"
	"left_child=-1 -2\nright_child=1 -3\nleaf_value=.25 -.5 .75\nleaf_weight=3 1 4\nleaf_count=30 10 40\ninternal_value=0 0\ninternal_weight=8 5\n"
	"internal_count=80 50\nis_linear=0\nshrinkage=1\n\n\nend of trees\n\nfeature_importances:\na=1\n\nparameters:\n[boosting: gbdt]\nend of parameters\n\n",
	"{\"model\": \"logistic\", \"features\": [\"a\", \"b\"], \"intercept\": -1, \"coefficients\": [2, 3], \"mean\": [1, 0], \"scale\": [4, 1], \"missing\": [1, 2]}",
	NULL};
const char *const fuzz_words[] = {"[1,-1,3,-1,-1]", "[0,0,1,0,0]", "\"num_nodes\":", "\"num_feature\":", "\"left_children\":", "\"split_indices\":", "\"base_score\":",
	"[]", "{}", "\"\"", "null", "-1", "2147483647", "4294967295", "1e999", "NaN", "\nTree=1\n", "num_leaves=", "left_child=", "leaf_value=", "threshold=", "-2147483648",
	"\"features\":", "\"mean\":", "\"scale\":", "\"missing\":", NULL};

void fuzz_one(struct span input)
{
	static double x[MODEL_INPUTS_MAX], because[MODEL_INPUTS_MAX];

	for (int kind = 0; kind < MODEL_KINDS; kind++) {
		struct pool pool = {0};
		struct buf error = {0};
		struct model m = {0};

		if (model_read(&m, (enum model_kind)kind, &pool, pool_copy(&pool, input), &error) < 0) {
			if (error.n == 0)
				fuzz_fail(input, "refused as %s without a word", model_kind_name((enum model_kind)kind));
		} else {
			if (m.inputs > MODEL_INPUTS_MAX)
				fuzz_fail(input, "%zu inputs", m.inputs);
			for (int round = 0; round < 4; round++) {
				for (size_t i = 0; i < m.inputs; i++)
					x[i] = (double[]){0, NAN, 1e300, -1.5}[(i + (size_t)round) % 4];
				if (isinf(model_value(&m, x, round % 2 == 0 ? because : NULL)))
					fuzz_fail(input, "an infinite probability");
			}
		}
		pool_free(&pool);
		buf_free(&error);
	}
}
