/*
 * LightGBM's text format, of Booster.save_model("x.txt") by 3.0 to 4.x: objective binary, numeric splits, constant leaves. It is documented by
 * LightGBM's own reader alone (src/io/tree.cpp, src/boosting/gbdt_model_text.cpp): lines NAME=VALUE, a header, the trees, and
 * behind `end of trees` what training was told.
 */
#include <float.h>
#include <math.h>
#include <stdlib.h>

#include "model_parts.h"
#include "parse.h"

/* Bits of decision_type. */
enum { DECISION_CATEGORY = 1, DECISION_DEFAULT_LEFT = 2, DECISION_MISSING = 4 | 8, MISSING_IS_ZERO = 4, MISSING_IS_NAN = 8 };

enum key {
	KEY_NUM_LEAVES, KEY_NUM_CAT, KEY_SPLIT_FEATURE, KEY_THRESHOLD, KEY_DECISION_TYPE, KEY_LEFT_CHILD, KEY_RIGHT_CHILD, KEY_LEAF_VALUE,
	KEY_LEAF_WEIGHT, KEY_IS_LINEAR,
	KEY_UNUSED, /* from here on: known, not needed */
	KEYS = KEY_UNUSED + 12
};

static const char *const tree_keys[KEYS] = {
	"num_leaves", "num_cat", "split_feature", "threshold", "decision_type", "left_child", "right_child", "leaf_value", "leaf_weight",
	"is_linear", "split_gain", "leaf_count", "internal_value", "internal_weight", "internal_count", "shrinkage",
	"cat_boundaries", "cat_threshold", "leaf_const", "num_features", "leaf_features", "leaf_coeff",
};

enum header {
	HEADER_VERSION, HEADER_NUM_CLASS, HEADER_PER_ITERATION, HEADER_MAX_FEATURE, HEADER_OBJECTIVE, HEADER_NAMES, HEADER_TREE_SIZES,
	HEADER_UNUSED,
	HEADERS = HEADER_UNUSED + 3
};

static const char *const header_keys[HEADERS] = {
	"version", "num_class", "num_tree_per_iteration", "max_feature_idx", "objective", "feature_names", "tree_sizes",
	"label_index", "feature_infos", "monotone_constraints",
};

enum { VALUES_MAX = 32 };

_Static_assert((int)KEYS <= (int)VALUES_MAX && (int)HEADERS <= (int)VALUES_MAX, "a block must fit");

struct lines {
	struct model_reader *r;
	size_t at;      /* of the next line */
	size_t number;  /* of this one, from 1 */
	struct span line;
};

/* The values of one block; p is NULL where there is none. */
struct values {
	struct span value[VALUES_MAX];
	size_t line; /* where the block begins */
};

/* false at the end of the file */
static bool next(struct lines *l)
{
	struct span text = l->r->text;
	const char *begin = text.p + l->at, *end;

	if (l->at >= text.n)
		return false;
	end = memchr(begin, '\n', text.n - l->at);
	l->line = (struct span){begin, end != NULL ? (size_t)(end - begin) : text.n - l->at};
	l->at += l->line.n + 1;
	l->number++;
	if (l->line.n > 0 && l->line.p[l->line.n - 1] == '\r')
		l->line.n--;
	return true;
}

static bool is_line(const struct lines *l, const char *text)
{
	return span_eq(l->line, span_of(text));
}

/* Put a line NAME=VALUE into its place. */
static int take(struct lines *l, const char *const *keys, size_t count, struct values *v)
{
	const char *equals = memchr(l->line.p, '=', l->line.n);
	struct span name = {l->line.p, equals != NULL ? (size_t)(equals - l->line.p) : l->line.n};
	size_t i = 0;

	while (i < count && !span_eq(name, span_of(keys[i])))
		i++;
	if (i == count && span_eq(name, SPAN("average_output")))
		return model_fail(l->r, "line %zu: a random forest (average_output): only boosted trees are supported", l->number);
	if (equals == NULL || i == count)
		return model_fail(l->r, "line %zu: '%.*s' is nothing that is known here", l->number, (int)(name.n < 60 ? name.n : 60), name.p);
	if (v->value[i].p != NULL)
		return model_fail(l->r, "line %zu: %s is there twice", l->number, keys[i]);
	v->value[i] = (struct span){equals + 1, l->line.n - name.n - 1};
	return 0;
}

/* --- values -------------------------------------------------------------------------------------------------------- */

static int get_int(struct model_reader *r, const struct values *v, const char *const *keys, unsigned key, int64_t *to)
{
	if (v->value[key].p == NULL)
		return model_fail(r, "line %zu: there is no %s in what begins here", v->line, keys[key]);
	if (parse_int(v->value[key], to) < 0)
		return model_fail(r, "line %zu: %s is no whole number in what begins here", v->line, keys[key]);
	return 0;
}

/* The next of the words that blanks separate; empty at the end. */
static struct span next_word(struct span *rest)
{
	struct span word;
	const char *end;

	while (rest->n > 0 && rest->p[0] == ' ')
		*rest = (struct span){rest->p + 1, rest->n - 1};
	if (rest->n == 0)
		return *rest;
	end = memchr(rest->p, ' ', rest->n);
	word = (struct span){rest->p, end != NULL ? (size_t)(end - rest->p) : rest->n};
	*rest = (struct span){rest->p + word.n, rest->n - word.n};
	return word;
}

static size_t count_words(struct span text)
{
	size_t count = 0;

	while (next_word(&text).n > 0)
		count++;
	return count;
}

/* As many words as `count`; the span of them is where next_word() goes on. */
static int get_words(struct model_reader *r, const struct values *v, enum key key, size_t count, struct span *to)
{
	*to = v->value[key].p != NULL ? v->value[key] : SPAN("");
	if (count_words(*to) != count)
		return model_fail(r, "line %zu: %s has %zu items, not %zu, in the tree that begins here", v->line, tree_keys[key],
		                  count_words(*to), count);
	return 0;
}

/* --- a tree -------------------------------------------------------------------------------------------------------- */

struct columns {
	struct span feature, threshold, decision, left, right;
};

static int bad_node(struct model_reader *r, const struct values *v, size_t node, const char *what)
{
	return model_fail(r, "line %zu: node %zu of the tree that begins here %s", v->line, node, what);
}

/* A child is the number of a node; of a leaf, -1 - its number. Leaves stand behind the nodes here. */
static int get_child(struct model_reader *r, const struct values *v, struct span *words, size_t node, size_t inner, size_t *to)
{
	int64_t child;

	if (parse_int(next_word(words), &child) < 0 || child >= (int64_t)inner || child < -1 - (int64_t)inner)
		return bad_node(r, v, node, "has a child that is not there");
	*to = child >= 0 ? (size_t)child : inner + (size_t)(-1 - child);
	return 0;
}

/* Where an input that is null goes: what LightGBM trained without any is taken for 0. */
static int set_decision(struct model_reader *r, const struct values *v, size_t node, int64_t decision, struct model_split *s)
{
	if (decision & DECISION_CATEGORY)
		return bad_node(r, v, node, "splits by category: only numeric splits are supported");
	if (decision < 0 || decision > (DECISION_MISSING | DECISION_DEFAULT_LEFT) || (decision & DECISION_MISSING) == DECISION_MISSING)
		return bad_node(r, v, node, "has a decision_type that is not known");
	s->zero_missing = (decision & DECISION_MISSING) == MISSING_IS_ZERO;
	s->missing_left = (decision & DECISION_MISSING) != 0 ? (decision & DECISION_DEFAULT_LEFT) != 0 : 0 < s->at;
	return 0;
}

/* `inf` parts what is null from all numbers. */
static int get_threshold(struct model_reader *r, const struct values *v, struct span *words, size_t node, double *to)
{
	struct span word = next_word(words);

	if (span_eq(word, SPAN("inf"))) {
		*to = INFINITY;
		return 0;
	}
	return parse_real(word, to) == 0 ? 0 : bad_node(r, v, node, "has a threshold that is no number");
}

static int read_inner(struct model_reader *r, const struct values *v, struct columns *c, size_t node, size_t inner, struct model_split *s)
{
	int64_t feature, decision;

	if (parse_int(next_word(&c->feature), &feature) < 0 || feature < 0 || feature >= (int64_t)r->model->inputs)
		return bad_node(r, v, node, "splits by an input that the model does not have");
	s->input = (uint16_t)feature;
	if (get_threshold(r, v, &c->threshold, node, &s->at) < 0)
		return -1;
	s->at = nextafter(s->at, INFINITY); /* what is equal goes left too */
	if (parse_int(next_word(&c->decision), &decision) < 0)
		return bad_node(r, v, node, "has a decision_type that is no number");
	if (set_decision(r, v, node, decision, s) < 0 || get_child(r, v, &c->left, node, inner, &s->left) < 0)
		return -1;
	return get_child(r, v, &c->right, node, inner, &s->right);
}

static int read_leaves(struct model_reader *r, const struct values *v, size_t leaves, struct model_split *split)
{
	struct span value, weight;

	if (get_words(r, v, KEY_LEAF_VALUE, leaves, &value) < 0)
		return -1;
	if (leaves == 1) /* a tree that found nothing to split has no weight */
		weight = SPAN("");
	else if (get_words(r, v, KEY_LEAF_WEIGHT, leaves, &weight) < 0)
		return -1;
	for (size_t i = 0; i < leaves; i++) {
		split[i].input = MODEL_LEAF;
		if (parse_real(next_word(&value), &split[i].at) < 0)
			return model_fail(r, "line %zu: leaf %zu of the tree that begins here has a value that is no number", v->line, i);
		if (leaves > 1 && (parse_real(next_word(&weight), &split[i].weight) < 0 || split[i].weight < 0))
			return model_fail(r, "line %zu: leaf %zu of the tree that begins here has a weight that is no number from 0 on", v->line, i);
	}
	return 0;
}

static int read_splits(struct model_reader *r, const struct values *v, size_t inner, struct model_split *split)
{
	struct columns c;

	if (get_words(r, v, KEY_SPLIT_FEATURE, inner, &c.feature) < 0 || get_words(r, v, KEY_THRESHOLD, inner, &c.threshold) < 0 ||
	    get_words(r, v, KEY_DECISION_TYPE, inner, &c.decision) < 0 || get_words(r, v, KEY_LEFT_CHILD, inner, &c.left) < 0 ||
	    get_words(r, v, KEY_RIGHT_CHILD, inner, &c.right) < 0)
		return -1;
	for (size_t i = 0; i < inner; i++)
		if (read_inner(r, v, &c, i, inner, &split[i]) < 0)
			return -1;
	return read_leaves(r, v, inner + 1, split + inner);
}

static int check_tree(struct model_reader *r, const struct values *v, int64_t *leaves)
{
	int64_t categories = 0, linear = 0;

	if (get_int(r, v, tree_keys, KEY_NUM_LEAVES, leaves) < 0 ||
	    (v->value[KEY_NUM_CAT].p != NULL && get_int(r, v, tree_keys, KEY_NUM_CAT, &categories) < 0) ||
	    (v->value[KEY_IS_LINEAR].p != NULL && get_int(r, v, tree_keys, KEY_IS_LINEAR, &linear) < 0))
		return -1;
	if (categories != 0)
		return model_fail(r, "line %zu: the tree that begins here splits by category: only numeric splits are supported", v->line);
	if (linear != 0)
		return model_fail(r, "line %zu: the tree that begins here has linear leaves: only constant ones are supported", v->line);
	if (*leaves < 1 || *leaves > MODEL_NODES_MAX / 2 || (size_t)*leaves != count_words(v->value[KEY_LEAF_VALUE]))
		return model_fail(r, "line %zu: num_leaves is %lld, but leaf_value has %zu items, in the tree that begins here", v->line,
		                  (long long)*leaves, count_words(v->value[KEY_LEAF_VALUE]));
	return 0;
}

static int add_tree(struct model_reader *r, const struct values *v)
{
	struct model_split *split;
	size_t inner, unreached, start = r->error->n;
	int64_t leaves;
	int status;

	if (check_tree(r, v, &leaves) < 0)
		return -1;
	inner = (size_t)leaves - 1;
	split = xcalloc(2 * inner + 1, sizeof *split);
	status = read_splits(r, v, inner, split);
	if (status == 0 && model_add_tree(r, split, 2 * inner + 1, &unreached) < 0) {
		struct span why = pool_copy(r->pool, (struct span){r->error->p + start, r->error->n - start});

		r->error->n = start;
		status = model_fail(r, "line %zu: the tree that begins here: %.*s", v->line, SPAN_ARG(why));
	} else if (status == 0 && unreached > 0) {
		status = model_fail(r, "line %zu: %zu nodes are no part of the tree that begins here", v->line, unreached);
	}
	free(split);
	return status;
}

/* From `Tree=N` up to the next or to the end of trees; l->line is the first of them and then the last. */
static int read_trees(struct lines *l)
{
	struct model_reader *r = l->r;

	while (!is_line(l, "end of trees")) {
		struct values v = {.line = l->number};
		int64_t number;

		if (!span_starts(l->line, SPAN("Tree=")) || parse_int((struct span){l->line.p + 5, l->line.n - 5}, &number) < 0 ||
		    number != (int64_t)r->model->trees)
			return model_fail(r, "line %zu: Tree=%zu or the end of trees should be here", l->number, r->model->trees);
		do {
			if (!next(l))
				return model_fail(r, "line %zu: the file ends within a tree", l->number);
			if (l->line.n == 0 || span_starts(l->line, SPAN("Tree=")) || is_line(l, "end of trees"))
				continue;
			if (take(l, tree_keys, KEYS, &v) < 0)
				return -1;
		} while (!span_starts(l->line, SPAN("Tree=")) && !is_line(l, "end of trees"));
		if (add_tree(r, &v) < 0)
			return -1;
	}
	return 0;
}

/* --- before and behind the trees ------------------------------------------------------------------------------------- */

static int read_objective(struct model_reader *r, struct span objective)
{
	struct span name = next_word(&objective), factor = next_word(&objective);
	const struct span sigmoid = SPAN("sigmoid:");

	if (!span_eq(name, SPAN("binary")))
		return model_fail(r, "the objective is '%.*s': only binary is supported", (int)(name.n < 60 ? name.n : 60), name.n > 0 ? name.p : "");
	if (!span_starts(factor, sigmoid) || next_word(&objective).n > 0 ||
	    parse_real((struct span){factor.p + sigmoid.n, factor.n - sigmoid.n}, &r->model->sigmoid) < 0 || r->model->sigmoid <= 0)
		return model_fail(r, "the objective binary stands without sigmoid:NUMBER");
	return 0;
}

static int read_names(struct model_reader *r, struct span names)
{
	struct model *m = r->model;

	if (count_words(names) != m->inputs)
		return model_fail(r, "feature_names has %zu names, but max_feature_idx is %zu", count_words(names), m->inputs - 1);
	m->name = pool_zero(r->pool, m->inputs, sizeof *m->name);
	for (size_t i = 0; i < m->inputs; i++)
		m->name[i] = next_word(&names);
	return 0;
}

static int check_header(struct model_reader *r, const struct values *v)
{
	int64_t classes, per_iteration, last;

	if (!span_eq(v->value[HEADER_VERSION], SPAN("v3")) && !span_eq(v->value[HEADER_VERSION], SPAN("v4")))
		return model_fail(r, "line %zu: version is neither v3 nor v4 in what begins here", v->line);
	if (get_int(r, v, header_keys, HEADER_NUM_CLASS, &classes) < 0 ||
	    get_int(r, v, header_keys, HEADER_PER_ITERATION, &per_iteration) < 0 ||
	    get_int(r, v, header_keys, HEADER_MAX_FEATURE, &last) < 0)
		return -1;
	if (classes != 1 || per_iteration != 1)
		return model_fail(r, "it has %lld classes and %lld trees a round: only models of two classes are supported", (long long)classes,
		                  (long long)per_iteration);
	if (last < 0 || last >= MODEL_INPUTS_MAX)
		return model_fail(r, "max_feature_idx is not between 0 and %d", MODEL_INPUTS_MAX - 1);
	r->model->inputs = (size_t)last + 1;
	if (read_objective(r, v->value[HEADER_OBJECTIVE]) < 0)
		return -1;
	return v->value[HEADER_NAMES].p != NULL ? read_names(r, v->value[HEADER_NAMES]) : 0;
}

/* Up to the first tree, whose line l->line is then. */
static int read_header(struct lines *l, size_t *trees)
{
	struct values v = {.line = 1};

	if (!next(l) || !is_line(l, "tree"))
		return model_fail(l->r, "line 1: a model of LightGBM begins with `tree` (Booster.save_model)");
	do {
		if (!next(l))
			return model_fail(l->r, "line %zu: the file ends before its trees", l->number);
		if (l->line.n > 0 && !span_starts(l->line, SPAN("Tree=")) && !is_line(l, "end of trees") &&
		    take(l, header_keys, HEADERS, &v) < 0)
			return -1;
	} while (!span_starts(l->line, SPAN("Tree=")) && !is_line(l, "end of trees"));
	*trees = count_words(v.value[HEADER_TREE_SIZES]);
	return check_header(l->r, &v);
}

/* What training was told, in sections that are known; nothing else may follow. */
static int read_rest(struct lines *l)
{
	enum { NONE, IMPORTANCES, PARAMETERS } section = NONE;
	bool ended = false;

	while (next(l)) {
		if (l->line.n == 0)
			continue;
		if (ended)
			return model_fail(l->r, "line %zu: something follows the end of the model", l->number);
		if (is_line(l, "feature_importances:"))
			section = IMPORTANCES;
		else if (is_line(l, "parameters:"))
			section = PARAMETERS;
		else if (section == PARAMETERS && is_line(l, "end of parameters"))
			section = NONE;
		else if (section != PARAMETERS && span_starts(l->line, SPAN("pandas_categorical:")))
			ended = true;
		else if (!(section == IMPORTANCES && memchr(l->line.p, '=', l->line.n) != NULL) &&
		         !(section == PARAMETERS && l->line.p[0] == '['))
			return model_fail(l->r, "line %zu: nothing that is known behind the trees", l->number);
	}
	if (section == PARAMETERS)
		return model_fail(l->r, "line %zu: the file ends within its parameters", l->number);
	return 0;
}

int model_read_lightgbm(struct model_reader *r)
{
	struct lines l = {.r = r};
	size_t trees = 0;

	if (read_header(&l, &trees) < 0 || read_trees(&l) < 0)
		return -1;
	if (r->model->trees == 0)
		return model_fail(r, "there is no tree in it");
	if (trees != r->model->trees)
		return model_fail(r, "tree_sizes tells of %zu trees, but there are %zu", trees, r->model->trees);
	r->model->base *= r->model->sigmoid;
	return read_rest(&l);
}
