#include "lineage.h"

#include <stdlib.h>
#include <string.h>

#include "report.h"

/* In pixels. The font is monospaced, so that the width of a name is known. */
enum { CHARACTER = 8, HEIGHT = 28, GAP = 14, MARGIN = 12, BETWEEN = 72, SWEEPS = 6 };

struct box {
	size_t layer, rank;
	double weight;
	int x, y, width;
};

struct drawing {
	const struct project *p;
	struct box *box;    /* of each node */
	size_t layers;
	size_t *member;     /* nodes by layer, then by rank … */
	size_t *first;      /* … those of layer l from first[l] to first[l + 1] */
	int width, height;
};

void lineage_escape(struct buf *to, const char *text)
{
	for (; *text != '\0'; text++) {
		switch (*text) {
		case '<': buf_add_text(to, "&lt;"); break;
		case '>': buf_add_text(to, "&gt;"); break;
		case '&': buf_add_text(to, "&amp;"); break;
		case '"': buf_add_text(to, "&quot;"); break;
		case '\'': buf_add_text(to, "&#39;"); break;
		default: buf_add_char(to, *text);
		}
	}
}

void lineage_anchor(const struct node *n, struct buf *to)
{
	buf_addf(to, "%s.", report_kind(n->kind));
	lineage_escape(to, n->name);
}

static bool drawn(const struct node *n)
{
	return n->kind != NODE_TEST && !n->config.disabled;
}

/* A node stands one layer to the right of the last that it needs. p->order has what is needed first. */
static void set_layers(struct drawing *d)
{
	for (size_t i = 0; i < d->p->count; i++) {
		size_t k = d->p->order[i];

		if (!drawn(d->p->node[k]))
			continue;
		for (size_t j = 0; j < d->p->needs[k].count; j++) {
			const struct box *need = &d->box[d->p->needs[k].item[j]];

			if (need->layer + 1 > d->box[k].layer)
				d->box[k].layer = need->layer + 1;
		}
		if (d->box[k].layer + 1 > d->layers)
			d->layers = d->box[k].layer + 1;
	}
}

static void fill_layers(struct drawing *d)
{
	size_t n = 0;

	d->first = xcalloc(d->layers + 1, sizeof *d->first);
	d->member = xcalloc(d->p->count + 1, sizeof *d->member);
	for (size_t l = 0; l < d->layers; l++) {
		d->first[l] = n;
		for (size_t i = 0; i < d->p->count; i++) {
			size_t k = d->p->order[i];

			if (!drawn(d->p->node[k]) || d->box[k].layer != l)
				continue;
			d->box[k].rank = n - d->first[l];
			d->member[n++] = k;
		}
	}
	d->first[d->layers] = n;
}

/* Where a node would like to stand: the mean rank of its neighbours. Few crossings, not the fewest. */
static double wish(const struct drawing *d, size_t k)
{
	double sum = 0;
	int count = 0;

	for (size_t j = 0; j < d->p->needs[k].count; j++, count++)
		sum += (double)d->box[d->p->needs[k].item[j]].rank;
	for (size_t i = 0; i < d->p->count; i++)
		for (size_t j = 0; drawn(d->p->node[i]) && j < d->p->needs[i].count; j++)
			if (d->p->needs[i].item[j] == k) {
				sum += (double)d->box[i].rank;
				count++;
			}
	return count > 0 ? sum / count : (double)d->box[k].rank;
}

static void sort_layer(struct drawing *d, size_t layer)
{
	size_t *m = d->member + d->first[layer], n = d->first[layer + 1] - d->first[layer];

	for (size_t i = 0; i < n; i++)
		d->box[m[i]].weight = wish(d, m[i]);
	for (size_t i = 1; i < n; i++) /* by insertion: stable, and layers are short */
		for (size_t j = i; j > 0 && d->box[m[j]].weight < d->box[m[j - 1]].weight; j--) {
			size_t swap = m[j];

			m[j] = m[j - 1];
			m[j - 1] = swap;
		}
	for (size_t i = 0; i < n; i++)
		d->box[m[i]].rank = i;
}

static void place(struct drawing *d)
{
	int x = MARGIN;

	for (int sweep = 0; sweep < SWEEPS; sweep++)
		for (size_t l = 0; l < d->layers; l++)
			sort_layer(d, sweep % 2 == 0 ? l : d->layers - 1 - l);
	for (size_t l = 0; l < d->layers; l++) {
		size_t widest = 0, n = d->first[l + 1] - d->first[l];

		for (size_t i = 0; i < n; i++) {
			struct box *b = &d->box[d->member[d->first[l] + i]];
			size_t length = strlen(d->p->node[d->member[d->first[l] + i]]->name);

			widest = length > widest ? length : widest;
			b->x = x;
			b->y = MARGIN + (int)i * (HEIGHT + GAP);
		}
		for (size_t i = 0; i < n; i++)
			d->box[d->member[d->first[l] + i]].width = (int)widest * CHARACTER + 2 * MARGIN;
		if ((int)n * (HEIGHT + GAP) + MARGIN > d->height)
			d->height = (int)n * (HEIGHT + GAP) + MARGIN;
		x += (int)widest * CHARACTER + 2 * MARGIN + BETWEEN;
	}
	d->width = x - BETWEEN + MARGIN;
}

/* Short layers stand in the middle. */
static void centre(struct drawing *d)
{
	for (size_t l = 0; l < d->layers; l++) {
		int own = (int)(d->first[l + 1] - d->first[l]) * (HEIGHT + GAP) + MARGIN;

		for (size_t i = d->first[l]; i < d->first[l + 1]; i++)
			d->box[d->member[i]].y += (d->height - own) / 2;
	}
}

static void draw_lines(const struct drawing *d, struct buf *to)
{
	for (size_t m = 0; m < d->first[d->layers]; m++) {
		const struct box *b = &d->box[d->member[m]];
		const struct indexes *needs = &d->p->needs[d->member[m]];

		for (size_t j = 0; j < needs->count; j++) {
			const struct box *a = &d->box[needs->item[j]];
			int x1 = a->x + a->width, y1 = a->y + HEIGHT / 2, y2 = b->y + HEIGHT / 2;

			buf_addf(to, "<path d=\"M%d %dC%d %d %d %d %d %d\"/>\n", x1, y1, x1 + BETWEEN / 2, y1, b->x - BETWEEN / 2, y2, b->x, y2);
		}
	}
}

static void draw_boxes(const struct drawing *d, const struct result *result, struct buf *to)
{
	for (size_t m = 0; m < d->first[d->layers]; m++) {
		const struct node *n = d->p->node[d->member[m]];
		const struct box *b = &d->box[d->member[m]];
		const struct result *r = &result[d->member[m]];

		buf_add_text(to, "<a href=\"#");
		lineage_anchor(n, to);
		buf_addf(to, "\"><g class=\"%s %s\"><title>%s", report_kind(n->kind), r->status != NULL ? r->status : "", report_kind(n->kind));
		if (n->description != NULL) {
			buf_add_text(to, ": ");
			lineage_escape(to, n->description);
		}
		buf_addf(to, "</title><rect x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\" rx=\"5\"/><text x=\"%d\" y=\"%d\">", b->x, b->y,
		         b->width, HEIGHT, b->x + MARGIN, b->y + HEIGHT / 2 + 5);
		lineage_escape(to, n->name);
		buf_add_text(to, "</text></g></a>\n");
	}
}

void lineage_svg(const struct project *p, const struct result *result, struct buf *to)
{
	struct drawing d = {.p = p, .box = xcalloc(p->count, sizeof *d.box)};

	set_layers(&d);
	fill_layers(&d);
	place(&d);
	centre(&d);
	buf_addf(to, "<svg role=\"img\" aria-label=\"lineage\" width=\"%d\" height=\"%d\" viewBox=\"0 0 %d %d\">\n", d.width, d.height,
	         d.width, d.height);
	draw_lines(&d, to);
	draw_boxes(&d, result, to);
	buf_add_text(to, "</svg>\n");
	free(d.first);
	free(d.member);
	free(d.box);
}
