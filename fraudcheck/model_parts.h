/* What the readers of model files share: model_xgboost.c, model_lightgbm.c, model_logistic.c, and model_trees.c, which takes their trees. */
#ifndef FRAUDCHECK_MODEL_PARTS_H
#define FRAUDCHECK_MODEL_PARTS_H

#include "model.h"

/* A node as a file has it, its children by their numbers in the tree. */
struct model_split {
	double at;       /* threshold or value */
	double weight;   /* of a leaf: the hessian of what it was trained on */
	size_t left, right;
	uint16_t input;  /* or MODEL_LEAF */
	bool missing_left, zero_missing;
};

struct model_reader {
	struct model *model;
	struct pool *pool;
	struct span text;
	struct buf *error;
	size_t node_cap, tree_cap;
};

/* Each reads the whole file. 0, or -1 after model_fail(). */
int model_read_xgboost(struct model_reader *r);
int model_read_lightgbm(struct model_reader *r);
int model_read_logistic(struct model_reader *r);

/* Says what is wrong, with its place. Always -1. */
int model_fail(struct model_reader *r, const char *format, ...) __attribute__((format(printf, 2, 3)));

/*
 * Add a tree, whose root is node 0; leaves, thresholds and inputs are checked already. Every node is to be reached on one way; *unreached
 * is how many are not on any. -1 if a child is out of range or reached twice.
 */
int model_add_tree(struct model_reader *r, const struct model_split *split, size_t count, size_t *unreached);

/* All trees are there: the memory that they need for good. */
void model_finish_trees(struct model_reader *r);

#endif
