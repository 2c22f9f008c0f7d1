#include "build.h"

#include <stdlib.h>
#include <string.h>

#include "exit.h"

static const char *advice(const struct db *db)
{
	if (strcmp(db->sqlstate, "42P01") == 0)
		return "a table of another project or of pgload is a source; a model of this one is read by ref()";
	if (strcmp(db->sqlstate, "42501") == 0)
		return "the role that aggregate connects as needs this right";
	if (strcmp(db->sqlstate, "2BP01") == 0)
		return "drop what depends on it, or select it too so that it is built anew";
	if (strcmp(db->sqlstate, "22012") == 0)
		return "divide by nullif(…, 0)";
	return NULL;
}

void build_error(const struct session *s, const struct node *n, const char *sql, size_t prefix, struct outcome *o)
{
	const struct db *db = &s->db;
	const char *hint = db->hint != NULL ? db->hint : advice(db);
	struct buf text = {0};
	int line = 0;

	if (db->position > 0 && sql != NULL) {
		size_t at = db_offset(sql, db->position);

		if (at >= prefix && at - prefix <= n->compiled.n)
			line = template_line(&n->template, &n->compiled, at - prefix);
	}
	buf_add_text(&text, n->at.file);
	if (line > 0)
		buf_addf(&text, ":%d", line);
	buf_addf(&text, ": %s", db->message);
	if (db->sqlstate[0] != '\0')
		buf_addf(&text, " (SQLSTATE %s)", db->sqlstate);
	if (db->detail != NULL)
		buf_addf(&text, "; %s", db->detail);
	if (hint != NULL)
		buf_addf(&text, "; hint: %s", hint);
	free(o->message);
	o->message = xstrdup(buf_text(&text));
	buf_free(&text);
	o->status = OUTCOME_ERROR;
	o->exit_status = db_exit_status(db);
}

int build_run(struct build *b, size_t prefix, PGresult **r)
{
	if (db_query(&b->s->db, buf_text(&b->sql), r) == 0)
		return 0;
	build_error(b->s, b->n, buf_text(&b->sql), prefix, b->o);
	return -1;
}

int build_catalogue_error(struct build *b)
{
	build_error(b->s, b->n, NULL, 0, b->o);
	return -1;
}

int build_drop_views_above(struct build *b)
{
	bool *above = xcalloc(b->p->count, sizeof *above);
	int status = 0;

	above[b->n->index] = true;
	graph_descendants(b->p->needs, b->p->count, above);
	for (size_t i = b->p->count; i-- > 0 && status == 0;) {
		const struct node *n = b->p->node[b->p->order[i]];
		struct relation there;

		if (n == b->n || n->kind != NODE_MODEL || !n->selected || !above[n->index] ||
		    session_state(b->s, n->schema, n->identifier) == NULL)
			continue;
		status = relation_look_up(b->s, n->schema, n->identifier, &there) < 0 ? build_catalogue_error(b) : 0;
		if (status < 0 || there.kind != 'v')
			continue;
		buf_clear(&b->sql);
		buf_addf(&b->sql, "drop view %s", n->relation);
		status = build_run(b, SIZE_MAX, NULL);
	}
	free(above);
	return status;
}

int build_drop_views_of(struct session *s, const struct project *p, const struct node *n, struct outcome *o)
{
	struct build b = {.s = s, .p = p, .n = n, .o = o};
	int status = build_drop_views_above(&b);

	buf_free(&b.sql);
	return status;
}

int build_columns_changed(struct build *b)
{
	struct buf text = {0};
	int status;

	if (relation_type_names(b->s, &b->want) < 0)
		return build_catalogue_error(b);
	relation_difference(&b->have, &b->want, &text);
	status = build_fault(b, EXIT_USAGE, "%s: the columns of %s changed (%s): run once with --full-refresh", b->n->at.file,
	               b->n->relation, buf_text(&text));
	buf_free(&text);
	return status;
}
