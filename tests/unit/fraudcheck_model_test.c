/* Models: what trees made by hand yield, and what is refused. (What the libraries predict: tests/tools/fraud_models.t.) */
#include "unit.h"

#include <math.h>

#include "../../fraudcheck/model.h"

static const char xgboost[] =
	"{\"learner\":{\"attributes\":{},\"feature_names\":[],\"feature_types\":[],\"gradient_booster\":{\"model\":{\"gbtree_model_param\":"
	"{\"num_parallel_tree\":\"1\",\"num_trees\":\"2\"},\"tree_info\":[0,0],\"trees\":["
	"{\"categories\":[],\"default_left\":[1,0,0,0,0],\"left_children\":[1,-1,3,-1,-1],\"parents\":[2147483647,0,0,2,2],"
	"\"right_children\":[2,-1,4,-1,-1],\"split_conditions\":[1.5E0,2.5E-1,2E0,-5E-1,7.5E-1],\"split_indices\":[0,0,1,0,0],"
	"\"split_type\":[0,0,0,0,0],\"sum_hessian\":[8,3,5,1,4],\"tree_param\":{\"num_deleted\":\"0\",\"num_feature\":\"2\","
	"\"num_nodes\":\"5\",\"size_leaf_vector\":\"1\"}},"
	"{\"default_left\":[false],\"left_children\":[-1],\"right_children\":[-1],\"split_conditions\":[1.25E-1],\"split_indices\":[0],"
	"\"sum_hessian\":[8],\"tree_param\":{\"num_nodes\":\"1\"}}"
	"]},\"name\":\"gbtree\"},\"learner_model_param\":{\"base_score\":\"5E-1\",\"num_class\":\"0\",\"num_feature\":\"2\"},"
	"\"objective\":{\"name\":\"binary:logistic\"}},\"version\":[1,7,6]}\n";

static const char lightgbm[] =
	"tree\nversion=v4\nnum_class=1\nnum_tree_per_iteration=1\nlabel_index=0\nmax_feature_idx=1\nobjective=binary sigmoid:2\n"
	"feature_names=Column_0 Column_1\nfeature_infos=[0:3] [0:5]\ntree_sizes=400 100\n\n"
	"Tree=0\nnum_leaves=3\nnum_cat=0\nsplit_feature=0 1\nsplit_gain=9 3\nthreshold=1.5 2\ndecision_type=10 8\nleft_child=-1 -2\n"
	"right_child=1 -3\nleaf_value=.25 -.5 .75\nleaf_weight=3 1 4\nleaf_count=30 10 40\ninternal_value=0 0\ninternal_weight=8 5\n"
	"internal_count=80 50\nis_linear=0\nshrinkage=1\n\n\n"
	"Tree=1\nnum_leaves=1\nnum_cat=0\nsplit_feature=\nthreshold=\nleaf_value=.125\nleaf_weight=\nis_linear=0\nshrinkage=.1\n\n\n"
	"end of trees\n\nfeature_importances:\nColumn_0=1\n\nparameters:\n[boosting: gbdt]\n[objective: binary]\n\nend of parameters\n\n"
	"pandas_categorical:null\n";

static const char logistic[] =
	"{\"model\": \"logistic\", \"features\": [\"a\", \"b\"], \"intercept\": -1, \"coefficients\": [2, 3], \"mean\": [1, 0], "
	"\"scale\": [4, 1], \"missing\": [1, 2]}";

struct loaded {
	struct pool pool;
	struct model model;
	struct buf error;
	int status;
};

static struct loaded load(enum model_kind kind, struct span text)
{
	struct loaded l = {0};

	l.status = model_read(&l.model, kind, &l.pool, pool_copy(&l.pool, text), &l.error);
	return l;
}

static void unload(struct loaded *l)
{
	pool_free(&l->pool);
	buf_free(&l->error);
}

/* The text with the first occurrence of `part` exchanged. */
static struct buf exchange(const char *text, const char *part, const char *by)
{
	const char *at = strstr(text, part);
	struct buf b = {0};

	if (at == NULL)
		fail_msg("%s is not in the model", part);
	buf_add(&b, text, (size_t)(at - text));
	buf_add_text(&b, by);
	buf_add_text(&b, at + strlen(part));
	return b;
}

static const char *sample(enum model_kind kind)
{
	return kind == MODEL_XGBOOST ? xgboost : kind == MODEL_LIGHTGBM ? lightgbm : logistic;
}

static void refused(enum model_kind kind, const char *part, const char *by, const char *want)
{
	struct buf text = exchange(sample(kind), part, by);
	struct loaded l = load(kind, buf_span(&text));

	if (l.status == 0)
		fail_msg("%s for %s was taken", by, part);
	if (strstr(buf_text(&l.error), want) == NULL)
		fail_msg("%s for %s\ngot:  %s\nwant: %s", by, part, buf_text(&l.error), want);
	unload(&l);
	buf_free(&text);
}

/* The value of a sample, changed at one place. */
static double value_of(enum model_kind kind, const char *part, const char *by, double a, double b)
{
	struct buf text = exchange(sample(kind), part, by);
	struct loaded l = load(kind, buf_span(&text));
	double x[2] = {a, b}, value;

	if (l.status < 0)
		fail_msg("%s", buf_text(&l.error));
	value = model_value(&l.model, x, NULL);
	unload(&l);
	buf_free(&text);
	return value;
}

static double probability32(float margin)
{
	return (double)(1.0F / (1.0F + expf(-margin)));
}

static void check_xgboost(double a, double b, float margin)
{
	double got = value_of(MODEL_XGBOOST, "", "", a, b);

	if (got != probability32(margin))
		fail_msg("%g, %g: got %.9g, want %.9g", a, b, got, probability32(margin));
}

static void xgboost_walks(void **state)
{
	(void)state;
	check_xgboost(1, 0, .375F);
	check_xgboost(1.5, 1, -.375F); /* equal goes right */
	check_xgboost(1.5, 2, .875F);
	check_xgboost(NAN, 0, .375F);  /* default left */
	check_xgboost(2, NAN, .875F);  /* default right */
	check_xgboost(1e300, -1e300, -.375F);
	/* what is nearer to the float32 of the threshold than the next one below counts as equal */
	check_xgboost(1.49999999, 1, -.375F);
	check_xgboost(1.4999, 1, .375F);
}

static void margins_begin_at_the_base_score(void **state)
{
	const char *part = "\"base_score\":\"5E-1\"";
	float logit = -logf(1.0F / 8.692925e-3F - 1.0F);

	(void)state;
	assert_true(value_of(MODEL_XGBOOST, part, "\"base_score\":\"8.692925E-3\"", 1, 0) == probability32(logit + .25F + .125F));
	assert_true(value_of(MODEL_XGBOOST, part, "\"base_score\":\"[8.692925E-3]\"", 1, 0) == probability32(logit + .25F + .125F));
	refused(MODEL_XGBOOST, part, "\"base_score\":\"[2E-1,3E-1]\"", "base_score has several values");
	refused(MODEL_XGBOOST, part, "\"base_score\":\"[]\"", "base_score is '[]', no probability");
	refused(MODEL_XGBOOST, part, "\"base_score\":\"[.5\"", "no probability between 0 and 1");
	refused(MODEL_XGBOOST, part, "\"base_score\":\"0\"", "no probability between 0 and 1");
	refused(MODEL_XGBOOST, part, "\"base_score\":\"1E0\"", "no probability between 0 and 1");
	refused(MODEL_XGBOOST, part, "\"base_score\":\"nan\"", "no probability between 0 and 1");
	refused(MODEL_XGBOOST, part, "\"base_score\":\"\"", "no probability between 0 and 1");
	refused(MODEL_XGBOOST, part, "\"base_score\":5", "base_score of learner_model_param is no string");
}

/* Sums are rounded to float32 at each tree, in the order of the trees: 1 is lost beside 2^25, and only then 2^25 goes. */
static void xgboost_sums_in_float32(void **state)
{
	struct buf text = exchange(xgboost, "\"split_conditions\":[1.5E0,2.5E-1,", "\"split_conditions\":[1.5E0,1E0,"), more;
	struct loaded l;
	double x[2] = {1, 0};

	(void)state;
	more = exchange(buf_text(&text), "\"split_conditions\":[1.25E-1]", "\"split_conditions\":[3.3554432E7]");
	l = load(MODEL_XGBOOST, buf_span(&more));
	assert_int_equal(l.status, 0);
	l.model.margin = -3.3554432e7F;
	assert_true(model_value(&l.model, x, NULL) == probability32(0)); /* -2^25 + 1 rounds to -2^25 */
	unload(&l);
	buf_free(&text);
	buf_free(&more);
}

static void xgboost_extremes(void **state)
{
	(void)state;
	assert_true(value_of(MODEL_XGBOOST, "1.25E-1", "-1E30", 1, 0) == (double)(1.0F / (expf(88.7F) + 1.0F)));
	assert_true(value_of(MODEL_XGBOOST, "1.25E-1", "1E30", 1, 0) == 1);
}

static void reasons_add_up(void **state)
{
	struct loaded l = load(MODEL_XGBOOST, SPAN(xgboost));
	double x[2] = {2, 1}, because[2] = {77, 77};

	(void)state;
	assert_int_equal(l.status, 0);
	model_value(&l.model, x, because);
	/* the leaves' mean is .40625 at the root, .5 right of it, -.5 at the leaf; the second tree adds .125 always */
	assert_true(l.model.base == .40625 + .125);
	assert_true(because[0] == .5 - .40625);
	assert_true(because[1] == -1);
	assert_true(fabs(model_value(&l.model, x, because) - 1 / (1 + exp(-(l.model.base + because[0] + because[1])))) < 1e-7);
	unload(&l);
	l = load(MODEL_LIGHTGBM, SPAN(lightgbm));
	assert_int_equal(l.status, 0);
	model_value(&l.model, x, because); /* the same tree, with a sigmoid of 2 */
	assert_true(l.model.base == 2 * (.40625 + .125) && because[0] == 2 * (.5 - .40625) && because[1] == -2);
	unload(&l);
	l = load(MODEL_LOGISTIC, SPAN(logistic));
	assert_int_equal(l.status, 0);
	model_value(&l.model, x, because);
	assert_true(l.model.base == -1 && because[0] == .5 && because[1] == 3);
	unload(&l);
}

static void weightless_leaves(void **state)
{
	struct buf text = exchange(xgboost, "\"sum_hessian\":[8,3,5,1,4]", "\"sum_hessian\":[0,0,0,0,0]");
	struct loaded l = load(MODEL_XGBOOST, buf_span(&text));

	(void)state;
	assert_int_equal(l.status, 0);
	assert_true(l.model.base == (.25 + .125) / 2 + .125);
	unload(&l);
	buf_free(&text);
}

/* Nodes that pruning took out of the tree stay in the arrays. */
static void deleted_nodes(void **state)
{
	struct buf text = exchange(xgboost, "\"left_children\":[1,-1,3,-1,-1]", "\"left_children\":[1,-1,-1,-1,-1]"), more;
	struct loaded l;

	(void)state;
	more = exchange(buf_text(&text), "\"right_children\":[2,-1,4,-1,-1]", "\"right_children\":[2,-1,-1,-1,-1]");
	l = load(MODEL_XGBOOST, buf_span(&more));
	assert_int_equal(l.status, -1);
	assert_non_null(strstr(buf_text(&l.error), "tree 0: 2 nodes are no part of it, but num_deleted is 0"));
	unload(&l);
	buf_free(&text);
	text = exchange(buf_text(&more), "\"num_deleted\":\"0\"", "\"num_deleted\":\"2\"");
	l = load(MODEL_XGBOOST, buf_span(&text));
	assert_int_equal(l.status, 0);
	assert_int_equal(l.model.nodes, 4);
	unload(&l);
	buf_free(&text);
	buf_free(&more);
}

static void refused_of_xgboost(void **state)
{
	static const char *const cases[][3] = {
		{"\"gbtree\"", "\"dart\"", "the booster is dart: only gbtree is supported"},
		{"binary:logistic", "multi:softprob", "the objective is multi:softprob: only binary:logistic is supported"},
		{"binary:logistic", "reg:squarederror", "the objective is reg:squarederror"},
		{"\"num_class\":\"0\"", "\"num_class\":\"3\"", "it has 3 classes"},
		{"\"num_class\":\"0\"", "\"num_target\":\"2\"", "and 2 targets"},
		{"\"tree_info\":[0,0]", "\"tree_info\":[0,1]", "tree 1 belongs to a class of its own"},
		{"\"tree_info\":[0,0]", "\"tree_info\":[0]", "2 trees and 1 items of tree_info"},
		{"\"num_trees\":\"2\"", "\"num_trees\":\"3\"", "num_trees is 3, but there are 2 trees"},
		{"\"num_trees\":\"2\"", "\"num_trees\":\"99999999999999999999\"", "no whole number"},
		{"\"split_type\":[0,0,0", "\"split_type\":[0,0,1", "tree 0, node 2 splits by category: only numeric splits are supported"},
		{"\"feature_types\":[]", "\"feature_types\":[\"float\",\"c\"]", "input 1 holds categories"},
		{"\"feature_names\":[]", "\"feature_names\":[\"a\"]", "feature_names has 1 names, but the model has 2 inputs"},
		{"\"size_leaf_vector\":\"1\"", "\"size_leaf_vector\":\"2\"", "tree 0 has leaves of 2 values"},
		{"\"left_children\":[1,", "\"left_children\":[0,", "tree 0: node 0 is reached on two ways: this is no tree"},
		{"\"left_children\":[1,", "\"left_children\":[2,", "tree 0: node 2 is reached on two ways: this is no tree"},
		{"\"right_children\":[2,-1,4", "\"right_children\":[2,-1,0", "tree 0: node 0 is reached on two ways: this is no tree"},
		{"\"left_children\":[1,", "\"left_children\":[5,", "tree 0, node 0: left_children is no number from 0 to 4"},
		{"\"left_children\":[1,", "\"left_children\":[-2,", "tree 0, node 0: left_children is no number from 0 to 4"},
		{"\"left_children\":[1,", "\"left_children\":[-1,", "tree 0, node 0 has a right child but no left one"},
		{"\"left_children\":[1,", "\"left_children\":[1.0,", "tree 0, node 0: left_children is no number"},
		{"\"right_children\":[2,-1,4", "\"right_children\":[2,-1,-1", "tree 0, node 2: right_children is no number from 0 to 4"},
		{"\"right_children\":[2,-1,4,-1,-1]", "\"right_children\":[2,-1,4,-1]", "right_children of tree 0 has 4 items, but the tree has 5 nodes"},
		{"\"split_indices\":[0,0,1", "\"split_indices\":[0,0,2", "tree 0, node 2: split_indices is no number from 0 to 1"},
		{"\"split_indices\":[0,0,1", "\"split_indices\":[0,0,-1", "tree 0, node 2: split_indices is no number from 0 to 1"},
		{"[1.5E0,", "[1E39,", "tree 0, node 0: split_conditions is no float32"},
		{"[1.5E0,", "[1E999,", "real number overflow"},
		{"[1.5E0,", "[NaN,", "1:"},
		{"[1.5E0,", "[\"1\",", "tree 0, node 0: split_conditions is no float32"},
		{"\"default_left\":[1", "\"default_left\":[\"1\"", "tree 0, node 0: default_left is neither 0 nor 1"},
		{"\"sum_hessian\":[8,3", "\"sum_hessian\":[8,-3", "tree 0, node 1: sum_hessian is negative"},
		{"\"sum_hessian\":[8,3,5,1,4],", "", "tree 0 has no sum_hessian"},
		{"\"num_nodes\":\"5\"", "\"num_nodes\":\"0\"", "num_nodes is not between 1 and"},
		{"\"num_nodes\":\"5\"", "\"num_nodes\":\"900000000\"", "num_nodes is not between 1 and"},
		{"\"num_nodes\":\"5\"", "\"num_nodes\":\"6\"", "has 5 items, but the tree has 6 nodes"},
		{"\"num_feature\":\"2\"},\"obj", "\"num_feature\":\"0\"},\"obj", "num_feature is not between 1 and 1000"},
		{"\"num_feature\":\"2\"},\"obj", "\"num_feature\":\"65536\"},\"obj", "num_feature is not between 1 and 1000"},
		{"\"attributes\":{}", "\"attributes\":{\"best_iteration\":\"0\"}", "its best round is 0 of 1. Save what is to be used: booster[:1]"},
		{"\"attributes\":{}", "\"attributes\":{\"best_iteration\":\"9223372036854775807\"}", "best_iteration is 9223372036854775807, but the rounds go from 0 to 1"},
		{"[1,7,6]}", "[1,7,6]}x", "1:"},
		{"[1,7,6]}", "[1,7,6]", "'}' expected near end of file"},
		{"[1,7,6]}", "[1,7,6],\"learner\":1}", "duplicate object key"},
		{"\"learner\"", "\"lerner\"", "the file has no learner"},
		{"{\"learner\":", "[", "1:"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
		refused(MODEL_XGBOOST, cases[i][0], cases[i][1], cases[i][2]);
}

static void check_lightgbm(const char *part, const char *by, double a, double b, double margin)
{
	double got = value_of(MODEL_LIGHTGBM, part, by, a, b);

	if (fabs(got - 1 / (1 + exp(-2 * margin))) > 1e-15)
		fail_msg("%g, %g: got %.17g, want %.17g", a, b, got, 1 / (1 + exp(-2 * margin)));
}

static void lightgbm_walks(void **state)
{
	(void)state;
	check_lightgbm("", "", 1, 0, .375);
	check_lightgbm("", "", 1.5, 0, .375); /* equal goes left */
	check_lightgbm("", "", 1.50000001, 0, .375); /* the same float32 */
	check_lightgbm("", "", 1.500001, 2, -.375);
	check_lightgbm("", "", 2, 2.1, .875);
	check_lightgbm("", "", NAN, 9, .375); /* missing is NaN, default left */
	check_lightgbm("", "", 2, NAN, .875); /* and not */
	check_lightgbm("decision_type=10 8", "decision_type=0 0", NAN, 0, .375); /* no missing in training: null is 0 */
	check_lightgbm("decision_type=10 8", "decision_type=2 0", 2, NAN, -.375);
	check_lightgbm("threshold=1.5 2", "threshold=-1.5 2", 0, 0, -.375);
	check_lightgbm("decision_type=10 8", "decision_type=6 4", NAN, 0, .375); /* zero is missing too */
	check_lightgbm("decision_type=10 8", "decision_type=10 4", 2, 0, .875);
	check_lightgbm("decision_type=10 8", "decision_type=10 4", 2, 1e-36, .875);
	check_lightgbm("decision_type=10 8", "decision_type=10 4", 2, 1e-34, -.375);
	check_lightgbm("threshold=1.5 2", "threshold=inf 2", 1e300, 0, .375); /* all numbers left; null as it says */
	check_lightgbm("threshold=1.5 2\ndecision_type=10 8", "threshold=inf 2\ndecision_type=8 8", NAN, 0, -.375);
	check_lightgbm("\n\nTree=0\n", "\r\n\r\nTree=0\r\n", 1, 0, .375);
	check_lightgbm("pandas_categorical:null\n", "", 1, 0, .375);
}

static void refused_of_lightgbm(void **state)
{
	static const char *const cases[][3] = {
		{"tree\n", "trees\n", "line 1: a model of LightGBM begins with `tree`"},
		{"version=v4", "version=v9", "version is neither v3 nor v4"},
		{"num_class=1", "num_class=3", "it has 3 classes"},
		{"num_tree_per_iteration=1", "num_tree_per_iteration=3", "3 trees a round"},
		{"num_class=1\n", "", "there is no num_class"},
		{"max_feature_idx=1", "max_feature_idx=1000", "max_feature_idx is not between 0 and 999"},
		{"max_feature_idx=1", "max_feature_idx=2", "feature_names has 2 names, but max_feature_idx is 2"},
		{"binary sigmoid:2", "multiclass num_class:3", "the objective is 'multiclass': only binary is supported"},
		{"binary sigmoid:2", "regression", "the objective is 'regression'"},
		{"objective=binary sigmoid:2\n", "", "the objective is ''"},
		{"binary sigmoid:2", "binary", "without sigmoid:NUMBER"},
		{"binary sigmoid:2", "binary sigmoid:0", "without sigmoid:NUMBER"},
		{"binary sigmoid:2", "binary sigmoid:2 sqrt", "without sigmoid:NUMBER"},
		{"label_index=0\n", "average_output\n", "line 5: a random forest (average_output)"},
		{"label_index=0\n", "nonsense=0\n", "line 5: 'nonsense' is nothing that is known here"},
		{"label_index=0\n", "num_class=1\n", "line 5: num_class is there twice"},
		{"tree_sizes=400 100", "tree_sizes=400", "tree_sizes tells of 1 trees, but there are 2"},
		{"Tree=1", "Tree=2", "Tree=1 or the end of trees should be here"},
		{"num_leaves=3", "num_leaves=4", "num_leaves is 4, but leaf_value has 3 items"},
		{"num_leaves=3", "num_leaves=99999999999", "num_leaves is 99999999999"},
		{"num_cat=0", "num_cat=1", "splits by category"},
		{"decision_type=10 8", "decision_type=10 9", "node 1 of the tree that begins here splits by category"},
		{"decision_type=10 8", "decision_type=10 12", "decision_type that is not known"},
		{"decision_type=10 8", "decision_type=10 -2", "decision_type that is not known"},
		{"decision_type=10 8", "decision_type=10", "decision_type has 1 items, not 2"},
		{"is_linear=0", "is_linear=1\nleaf_const=1 2 3", "linear leaves"},
		{"split_feature=0 1", "split_feature=0 2", "node 1 of the tree that begins here splits by an input that the model does not have"},
		{"split_feature=0 1", "split_feature=0 -1", "splits by an input"},
		{"threshold=1.5 2", "threshold=1.5 nan", "node 1 of the tree that begins here has a threshold that is no number"},
		{"threshold=1.5 2", "threshold=1e999 2", "threshold that is no number"},
		{"right_child=1 -3", "right_child=0 -3", "node 0 is reached on two ways"},
		{"right_child=1 -3", "right_child=1 0", "node 0 is reached on two ways"},
		{"right_child=1 -3", "right_child=2 -3", "node 0 of the tree that begins here has a child that is not there"},
		{"right_child=1 -3", "right_child=1 -4", "node 1 of the tree that begins here has a child that is not there"},
		{"right_child=1 -3", "right_child=-2 -3", "line 12: 2 nodes are no part of the tree that begins here"},
		{"leaf_value=.25 -.5 .75", "leaf_value=.25 -.5 inf", "leaf 2 of the tree that begins here has a value that is no number"},
		{"leaf_weight=3 1 4", "leaf_weight=3 1", "leaf_weight has 2 items, not 3"},
		{"leaf_weight=3 1 4", "leaf_weight=3 -1 4", "leaf 1 of the tree that begins here has a weight"},
		{"end of trees\n", "", "'feature_importances:' is nothing that is known here"},
		{"\nend of parameters\n\npandas_categorical:null\n", "", "the file ends within its parameters"},
		{"pandas_categorical:null\n", "pandas_categorical:null\nmore\n", "something follows the end of the model"},
		{"pandas_categorical:null\n", "more\n", "nothing that is known behind the trees"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
		refused(MODEL_LIGHTGBM, cases[i][0], cases[i][1], cases[i][2]);
}

static void logistic_regression(void **state)
{
	(void)state;
	assert_true(value_of(MODEL_LOGISTIC, "", "", 3, .5) == 1 / (1 + exp(-(-1 + 2 * (2.0 / 4) + 3 * .5))));
	assert_true(value_of(MODEL_LOGISTIC, "", "", NAN, .5) == 1 / (1 + exp(-(-1 + 3 * .5))));
	assert_true(isnan(value_of(MODEL_LOGISTIC, ", \"missing\": [1, 2]", "", NAN, .5)));
	assert_true(value_of(MODEL_LOGISTIC, ", \"mean\": [1, 0], \"scale\": [4, 1]", "", .25, 1) == 1 / (1 + exp(-(-1 + .5 + 3))));
	refused(MODEL_LOGISTIC, "\"intercept\": -1, ", "", "the file has no intercept");
	refused(MODEL_LOGISTIC, "\"intercept\": -1", "\"intercept\": \"-1\"", "intercept: item 0 is no number");
	refused(MODEL_LOGISTIC, "[2, 3]", "[]", "there are 0 coefficients, not 1 to 1000");
	refused(MODEL_LOGISTIC, "[2, 3]", "[2, null]", "coefficients: item 1 is no number");
	refused(MODEL_LOGISTIC, "[2, 3]", "[2, 3, 4]", "features has 2 names, but the model has 3 inputs");
	refused(MODEL_LOGISTIC, "\"mean\": [1, 0]", "\"mean\": [1]", "mean is no array of 2 numbers");
	refused(MODEL_LOGISTIC, "\"scale\": [4, 1]", "\"scale\": [4, 0]", "scale: item 1 is not above 0");
	refused(MODEL_LOGISTIC, "\"logistic\"", "\"linear\"", "model is not \"logistic\"");
	refused(MODEL_LOGISTIC, "\"mean\"", "\"means\"", "there is no member 'means' in a logistic regression");
	refused(MODEL_LOGISTIC, "[1, 2]}", "[1, 2]} {}", "1:");
}

/* Every beginning of a model is refused: none is read beyond its end, none is taken for the whole. */
static void cut_files(void **state)
{
	(void)state;
	for (enum model_kind kind = 0; kind < MODEL_KINDS; kind++) {
		const char *text = sample(kind), *end = strstr(text, kind == MODEL_LIGHTGBM ? "\nfeature_importances" : "\n");
		size_t whole = end != NULL ? (size_t)(end - text) : strlen(text);

		if (kind == MODEL_LIGHTGBM)
			whole -= 1; /* the newline behind `end of trees` */
		for (size_t n = 0; n < whole; n++) {
			struct loaded l = load(kind, (struct span){text, n});

			if (l.status == 0)
				fail_msg("%s: the first %zu bytes were taken for a model", model_kind_name(kind), n);
			unload(&l);
		}
	}
}

/* A tree as deep as it has nodes needs no stack. */
static void deep_trees(void **state)
{
	enum { DEPTH = 100000 };
	struct buf b = {0}, left = {0}, right = {0}, zero = {0}, weight = {0};
	struct loaded l;
	double x[2] = {5, 5}, because[2];

	(void)state;
	for (int i = 0; i < DEPTH; i++) { /* node 2i has the leaf 2i + 1 and the node 2i + 2 */
		buf_addf(&left, "%d,-1,", 2 * i + 1);
		buf_addf(&right, "%d,-1,", 2 * i + 2);
		buf_add_text(&zero, "0,0,");
		buf_add_text(&weight, "1,1,");
	}
	buf_addf(&b, "{\"learner\":{\"gradient_booster\":{\"model\":{\"gbtree_model_param\":{\"num_trees\":\"1\"},\"tree_info\":[0],\"trees\":[");
	buf_addf(&b, "{\"left_children\":[%s-1],\"right_children\":[%s-1],", buf_text(&left), buf_text(&right));
	buf_addf(&b, "\"split_conditions\":[%s1],\"split_indices\":[%s0],", buf_text(&zero), buf_text(&zero));
	buf_addf(&b, "\"default_left\":[%s0],\"sum_hessian\":[%s1],\"tree_param\":{\"num_nodes\":\"%d\"}}]},\"name\":\"gbtree\"},", buf_text(&zero),
	         buf_text(&weight), 2 * DEPTH + 1);
	buf_addf(&b, "\"learner_model_param\":{\"base_score\":\"5E-1\",\"num_feature\":\"2\"},\"objective\":{\"name\":\"binary:logistic\"}}}");
	l = load(MODEL_XGBOOST, buf_span(&b));
	if (l.status < 0)
		fail_msg("%s", buf_text(&l.error));
	assert_true(model_value(&l.model, x, because) == probability32(1));
	unload(&l);
	buf_free(&b);
	buf_free(&left);
	buf_free(&right);
	buf_free(&zero);
	buf_free(&weight);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(xgboost_walks),
		cmocka_unit_test(margins_begin_at_the_base_score),
		cmocka_unit_test(xgboost_sums_in_float32),
		cmocka_unit_test(xgboost_extremes),
		cmocka_unit_test(reasons_add_up),
		cmocka_unit_test(weightless_leaves),
		cmocka_unit_test(deleted_nodes),
		cmocka_unit_test(refused_of_xgboost),
		cmocka_unit_test(lightgbm_walks),
		cmocka_unit_test(refused_of_lightgbm),
		cmocka_unit_test(logistic_regression),
		cmocka_unit_test(cut_files),
		cmocka_unit_test(deep_trees),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
