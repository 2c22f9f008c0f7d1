#include "show.h"

#include <string.h>

#include "exit.h"
#include "log.h"
#include "nearest.h"
#include "session.h"
#include "sig.h"

int show_check(const struct project *p, const char *name)
{
	const char **words, *near;
	size_t count = 0;
	struct arena arena = {0};

	if (project_find_ref(p, name) != NULL)
		return 0;
	words = arena_alloc(&arena, (p->count + 1) * sizeof *words);
	for (size_t i = 0; i < p->count; i++)
		if (node_is_built(p->node[i]))
			words[count++] = p->node[i]->name;
	near = nearest_word(name, words);
	log_error("there is no model '%s' in %s%s%s%s (aggregate list shows what there is)", name, p->folder,
	          near != NULL ? "; did you mean '" : "", near != NULL ? near : "", near != NULL ? "'?" : "");
	arena_free(&arena);
	return -1;
}

static int show_row(void *arg, const PGresult *r)
{
	struct out *out = arg;

	return out_add_span(out, span_of(PQgetvalue(r, 0, 0))) < 0 || out_add(out, "\n", 1) < 0;
}

static int show_rows(struct session *s, const struct node *n, struct out *out)
{
	struct buf sql = {0};
	int status;

	buf_addf(&sql, "select row_to_json(t) from %s t", n->relation);
	status = db_stream(&s->db, buf_text(&sql), show_row, out);
	buf_free(&sql);
	if (sig_asked() != 0)
		return EXIT_SIGNAL + sig_asked();
	if (status < 0)
		return db_failed(&s->db, n->name);
	return status == 0 && out_flush(out) == 0 ? EXIT_DONE : out_failed(out, "stdout");
}

int show_model(const struct project *p, const char *name, const char *conninfo, struct out *out)
{
	struct session s = {0};
	int status;

	if (show_check(p, name) < 0)
		return EXIT_USAGE;
	status = session_open(&s, conninfo);
	if (status == EXIT_DONE)
		status = show_rows(&s, project_find_ref(p, name), out);
	session_close(&s);
	return status;
}
