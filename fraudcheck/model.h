/*
 * Models that were trained elsewhere, evaluated here: trees of XGBoost and LightGBM, and logistic regression. What a model
 * yields is what its library predicts, bit by bit: XGBoost sums in float32 and in the order of its trees, LightGBM in double,
 * both over inputs rounded to float32.
 *
 * Trees are one flat array, each in pre-order: the left child of a node stands behind it. Evaluating allocates nothing.
 */
#ifndef FRAUDCHECK_MODEL_H
#define FRAUDCHECK_MODEL_H

#include <stdint.h>

#include "buf.h"
#include "pool.h"

enum model_kind { MODEL_XGBOOST, MODEL_LIGHTGBM, MODEL_LOGISTIC, MODEL_KINDS };

enum { MODEL_INPUTS_MAX = 1000, MODEL_HASH_HEX = 12, MODEL_LEAF = UINT16_MAX };

/* Of a file, of all trees together: what is larger is refused before much memory is spent on it. */
enum { MODEL_BYTES_MAX = 64 << 20, MODEL_NODES_MAX = 1 << 23 };

struct model_node {
	double at;          /* an input below it goes left; of a leaf: what it adds */
	double mean;        /* of the leaves below, weighted by the hessian of what they were trained on */
	uint32_t right;     /* how many nodes further on the right child is */
	uint16_t input;     /* or MODEL_LEAF */
	bool missing_left;  /* where an input that is null goes */
	bool zero_missing;  /* zero counts as null */
};

struct model {
	enum model_kind kind;
	size_t inputs;
	char hash[MODEL_HASH_HEX + 1]; /* of its file */
	struct span *name;             /* of the inputs, as the file has them; or NULL */
	double base;                   /* margin of a record of which nothing is known: margin = base + all that the inputs contribute */

	/* trees: */
	struct model_node *node;
	size_t nodes;
	uint32_t *root; /* of each tree */
	size_t trees;
	float margin;   /* where the sum of XGBoost begins */
	double sigmoid; /* LightGBM's factor of the margin */

	/* logistic regression: */
	double intercept;
	double *coefficient;
	double *mean, *scale; /* or NULL */
	double *missing;      /* what stands for a null; or NULL: then the model is null too */
};

/* "xgboost", "lightgbm", "logistic" */
const char *model_kind_name(enum model_kind kind);

/*
 * Read a model file, whose text has to live as long as the pool and has a NUL behind it. 0, or -1 with the place and what is wrong in
 * `error`. That it has as many inputs as the rules give it is the caller's to check.
 */
int model_read(struct model *m, enum model_kind kind, struct pool *pool, struct span text, struct buf *error);

/*
 * The probability that the model gives, NAN for none. `x` holds the inputs, NAN for null; they are rounded in place as the model's library does
 * it. What each input contributes to the margin is written to `because` unless that is NULL.
 */
double model_value(const struct model *m, double *x, double *because);

#endif
