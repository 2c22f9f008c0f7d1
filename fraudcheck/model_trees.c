/* From the nodes of a file to the flat array: every tree is walked once, which finds what is no tree. */
#include <stdlib.h>

#include "model_parts.h"

/* A node that is still to be placed, and the one whose right child it is (or SIZE_MAX). */
struct pending {
	size_t split, parent;
};

static void grow(struct model_reader *r, size_t more)
{
	struct model *m = r->model;

	if (m->nodes + more > r->node_cap) {
		r->node_cap = 2 * r->node_cap + more;
		m->node = xrealloc(m->node, r->node_cap * sizeof *m->node);
	}
	if (m->trees == r->tree_cap) {
		r->tree_cap = 2 * r->tree_cap + 64;
		m->root = xrealloc(m->root, r->tree_cap * sizeof *m->root);
	}
}

/* A right child comes behind everything that is below the left one. */
static int place(struct model_reader *r, const struct model_split *split, size_t count, struct pending *stack, bool *seen, size_t *placed)
{
	struct model *m = r->model;
	size_t open = 0;

	stack[open++] = (struct pending){0, SIZE_MAX};
	for (*placed = 0; open > 0; ++*placed) {
		struct pending at = stack[--open];
		const struct model_split *s = &split[at.split];
		struct model_node *n = &m->node[m->nodes];

		if (seen[at.split])
			return model_fail(r, "node %zu is reached on two ways: this is no tree", at.split);
		seen[at.split] = true;
		if (at.parent != SIZE_MAX)
			m->node[at.parent].right = (uint32_t)(m->nodes - at.parent);
		*n = (struct model_node){.at = s->at, .mean = s->weight, .input = s->input, .missing_left = s->missing_left,
		                         .zero_missing = s->zero_missing};
		m->nodes++;
		if (s->input == MODEL_LEAF)
			continue;
		if (s->left >= count || s->right >= count)
			return model_fail(r, "node %zu has a child %zu, but the nodes end at %zu", at.split,
			                  s->left >= count ? s->left : s->right, count - 1);
		stack[open++] = (struct pending){s->right, m->nodes - 1};
		stack[open++] = (struct pending){s->left, SIZE_MAX};
	}
	return 0;
}

/* From the last node to the root: children stand behind their parents. `mean` held the weights until now. */
static void compute_means(struct model *m, size_t first)
{
	double *weight = xcalloc(m->nodes - first, sizeof *weight);

	for (size_t i = m->nodes; i-- > first;) {
		struct model_node *n = &m->node[i];
		double *w = &weight[i - first];

		if (n->input == MODEL_LEAF) {
			*w = n->mean;
			n->mean = n->at;
		} else {
			double left = w[1], right = w[n->right];

			*w = left + right;
			n->mean = *w > 0 ? (left * n[1].mean + right * n[n->right].mean) / *w : (n[1].mean + n[n->right].mean) / 2;
		}
	}
	free(weight);
}

int model_add_tree(struct model_reader *r, const struct model_split *split, size_t count, size_t *unreached)
{
	struct model *m = r->model;
	struct pending *stack;
	bool *seen;
	size_t first = m->nodes, placed;
	int status;

	if (count == 0)
		return model_fail(r, "there is no node in it");
	if (count > MODEL_NODES_MAX - m->nodes)
		return model_fail(r, "the trees have more than %d nodes", MODEL_NODES_MAX);
	grow(r, count);
	stack = xcalloc(count + 1, sizeof *stack); /* each of the nodes placed adds one more than it takes */
	seen = xcalloc(count, sizeof *seen);
	status = place(r, split, count, stack, seen, &placed);
	if (status == 0) {
		compute_means(m, first);
		m->base += m->node[first].mean;
		m->root[m->trees++] = (uint32_t)first;
		*unreached = count - placed;
	}
	free(stack);
	free(seen);
	return status;
}

void model_finish_trees(struct model_reader *r)
{
	struct model *m = r->model;
	struct model_node *node = m->node;
	uint32_t *root = m->root;

	if (node == NULL)
		return;
	m->node = pool_take(r->pool, (m->nodes + 1) * sizeof *node);
	memcpy(m->node, node, m->nodes * sizeof *node);
	m->root = pool_take(r->pool, (m->trees + 1) * sizeof *root);
	memcpy(m->root, root, m->trees * sizeof *root);
	free(node);
	free(root);
}
