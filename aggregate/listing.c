#include "listing.h"

#include "exit.h"
#include "json.h"
#include "report.h"

static int print(struct out *out, struct buf *text)
{
	int status = out_add_span(out, buf_span(text));

	buf_clear(text);
	return status;
}

int listing_compile(const struct project *p, struct out *out)
{
	struct buf text = {0};
	int status = 0;

	for (size_t i = 0; i < p->count && status == 0; i++) {
		const struct node *n = p->node[p->order[i]];

		if (!n->selected || n->compiled.n == 0)
			continue;
		buf_addf(&text, "-- %s\n%s\n;\n\n", n->path, n->compiled.sql);
		status = print(out, &text);
	}
	buf_free(&text);
	return status == 0 && out_flush(out) == 0 ? EXIT_DONE : out_failed(out, "stdout");
}

static void member(struct buf *to, const char *name, const char *text)
{
	buf_addf(to, ",\"%s\":", name);
	json_quote(to, span_of(text));
}

int listing_nodes(const struct project *p, struct out *out)
{
	struct buf text = {0};
	int status = 0;

	for (size_t i = 0; i < p->count && status == 0; i++) {
		const struct node *n = p->node[p->order[i]];

		if (!n->selected)
			continue;
		buf_add_text(&text, "{\"node\":");
		json_quote(&text, span_of(n->name));
		member(&text, "type", report_kind(n->kind));
		member(&text, "path", n->path);
		if (n->relation != NULL)
			member(&text, "relation", n->relation);
		if (n->kind == NODE_MODEL)
			member(&text, "materialized", config_materialisation(n->config.materialised));
		buf_add_text(&text, ",\"needs\":[");
		for (size_t k = 0; k < p->needs[n->index].count; k++) {
			buf_add_text(&text, k > 0 ? "," : "");
			json_quote(&text, span_of(p->node[p->needs[n->index].item[k]]->name));
		}
		buf_add_text(&text, "]}\n");
		status = print(out, &text);
	}
	buf_free(&text);
	return status == 0 && out_flush(out) == 0 ? EXIT_DONE : out_failed(out, "stdout");
}
