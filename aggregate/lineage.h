/* The lineage of a project as a drawing: what is built from what, from left to right. */
#ifndef AGGREGATE_LINEAGE_H
#define AGGREGATE_LINEAGE_H

#include "results.h"

/* The node's name as an anchor: "model.daily_sales_summary". */
void lineage_anchor(const struct node *n, struct buf *to);

/* Append bytes as HTML text (attribute values too). */
void lineage_escape(struct buf *to, const char *text);

/* Append an <svg> of all sources, seeds and models; each box links to #anchor and has a class by kind and by how the node
 * ended last. */
void lineage_svg(const struct project *p, const struct result *result, struct buf *to);

#endif
