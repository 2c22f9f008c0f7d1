/* Dependencies: an order in which everything comes after what it needs, or the cycle that forbids one. */
#ifndef AGGREGATE_GRAPH_H
#define AGGREGATE_GRAPH_H

#include <stdbool.h>
#include <stddef.h>

struct indexes {
	size_t *item;
	size_t count;
};

/*
 * `needs[i]` are the nodes that node i needs, of `count` nodes. Fills order[0..count), stable: among those that are
 * ready the smallest number comes first. 0; or -1 with the nodes of one cycle, in the direction of needing, in
 * cycle[0..*length).
 */
int graph_order(const struct indexes *needs, size_t count, size_t *order, size_t *cycle, size_t *length);

/* Mark in reached[] (count flags, some set) everything that the marked ones need, directly or not … */
void graph_ancestors(const struct indexes *needs, size_t count, bool *reached);
/* … or everything that needs them. */
void graph_descendants(const struct indexes *needs, size_t count, bool *reached);

#endif
