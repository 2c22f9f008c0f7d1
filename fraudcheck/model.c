#include "model.h"

#include <float.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>

#include "digest.h"
#include "model_parts.h"

_Static_assert(FLT_EVAL_METHOD == 0, "sums of float32 must be rounded to float32 at each step");

/* Beyond this XGBoost cuts the exponent off. */
static const float EXPONENT_MAX = 88.7F;

/* What LightGBM takes for zero, where zero stands for a missing value. */
static const double NEARLY_ZERO = (double)1e-35F;

const char *model_kind_name(enum model_kind kind)
{
	static const char *const names[MODEL_KINDS] = {"xgboost", "lightgbm", "logistic"};

	return names[kind];
}

int model_fail(struct model_reader *r, const char *format, ...)
{
	char text[512];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof text, format, args);
	va_end(args);
	buf_add_text(r->error, text);
	return -1;
}

int model_read(struct model *m, enum model_kind kind, struct pool *pool, struct span text, struct buf *error)
{
	static int (*const readers[MODEL_KINDS])(struct model_reader *) = {model_read_xgboost, model_read_lightgbm, model_read_logistic};
	struct model_reader r = {.model = m, .pool = pool, .text = text, .error = error};
	char hex[DIGEST_HEX + 1];
	int status;

	*m = (struct model){.kind = kind};
	digest_of(text, hex);
	memcpy(m->hash, hex, MODEL_HASH_HEX);
	status = readers[kind](&r);
	model_finish_trees(&r);
	return status;
}

/* --- trees --------------------------------------------------------------------------------------------------------- */

static bool goes_left(const struct model_node *n, double x)
{
	if (isnan(x) || (n->zero_missing && fabs(x) <= NEARLY_ZERO))
		return n->missing_left;
	return x < n->at;
}

/* The leaf that the inputs lead to. */
static const struct model_node *descend(const struct model_node *n, const double *x)
{
	while (n->input != MODEL_LEAF)
		n += goes_left(n, x[n->input]) ? 1 : n->right;
	return n;
}

/* The same; each step changes the mean of the leaves that can still be reached, and the input that decides it is the reason. */
static const struct model_node *descend_because(const struct model_node *n, const double *x, double *because)
{
	while (n->input != MODEL_LEAF) {
		const struct model_node *next = n + (goes_left(n, x[n->input]) ? 1 : n->right);

		because[n->input] += next->mean - n->mean;
		n = next;
	}
	return n;
}

static const struct model_node *leaf_of(const struct model *m, size_t tree, const double *x, double *because)
{
	const struct model_node *root = &m->node[m->root[tree]];

	return because == NULL ? descend(root, x) : descend_because(root, x, because);
}

static double xgboost_value(const struct model *m, const double *x, double *because)
{
	float margin = m->margin, power;

	for (size_t i = 0; i < m->trees; i++)
		margin += (float)leaf_of(m, i, x, because)->at;
	power = -margin < EXPONENT_MAX ? -margin : EXPONENT_MAX;
	return (double)(1.0F / (expf(power) + 1.0F));
}

static double lightgbm_value(const struct model *m, const double *x, double *because)
{
	double margin = 0;

	for (size_t i = 0; i < m->trees; i++)
		margin += leaf_of(m, i, x, because)->at;
	for (size_t i = 0; because != NULL && i < m->inputs; i++)
		because[i] *= m->sigmoid;
	return 1 / (1 + exp(-m->sigmoid * margin));
}

/* The nearest float32; what none can hold becomes the largest. */
static void round_inputs(const struct model *m, double *x)
{
	for (size_t i = 0; i < m->inputs; i++)
		x[i] = x[i] > FLT_MAX ? FLT_MAX : x[i] < -FLT_MAX ? -FLT_MAX : (double)(float)x[i];
}

/* --- logistic regression --------------------------------------------------------------------------------------------- */

static double logistic_value(const struct model *m, double *x, double *because)
{
	double margin = m->intercept;

	for (size_t i = 0; i < m->inputs; i++) {
		double part;

		if (isnan(x[i]) && m->missing != NULL)
			x[i] = m->missing[i];
		part = x[i] - (m->mean != NULL ? m->mean[i] : 0);
		part *= m->coefficient[i] / (m->scale != NULL ? m->scale[i] : 1);
		margin += part;
		if (because != NULL)
			because[i] = part;
	}
	return 1 / (1 + exp(-margin));
}

double model_value(const struct model *m, double *x, double *because)
{
	if (m->kind == MODEL_LOGISTIC)
		return logistic_value(m, x, because);
	for (size_t i = 0; because != NULL && i < m->inputs; i++)
		because[i] = 0;
	round_inputs(m, x);
	return m->kind == MODEL_XGBOOST ? xgboost_value(m, x, because) : lightgbm_value(m, x, because);
}
