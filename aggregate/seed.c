#include "seed.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "build.h"
#include "csv.h"
#include "exit.h"
#include "json.h"
#include "merge.h"
#include "nearest.h"
#include "relation.h"
#include "seed_type.h"

/* One seed being loaded. */
struct load {
	struct session *s;
	const struct project *p;
	const struct node *n;
	bool full_refresh;
	struct csv csv;
	const char **type; /* of each column, as SQL */
	struct relation have, want;
	const struct state *state;
	struct outcome *o;
};

void seed_fingerprint(struct node *n)
{
	struct buf text = {0};

	buf_addf(&text, "seed\n%s\n%c\n", n->relation, n->config.delimiter);
	for (size_t i = 0; n->column_types != NULL && i < n->column_types->count; i++)
		buf_addf(&text, "%s: %s\n", n->column_types->key[i]->text,
		         n->column_types->item[i]->kind == YAML_WORD ? n->column_types->item[i]->text : "");
	buf_add_span(&text, n->csv);
	digest_of(buf_span(&text), n->hash);
	buf_free(&text);
}

/* --- the file ---------------------------------------------------------------------------------------------------- */

static int types_given(struct load *l)
{
	const struct yaml *map = l->n->column_types;

	for (size_t i = 0; map != NULL && i < map->count; i++) {
		const struct yaml *key = map->key[i];
		const char **names = arena_alloc(&l->s->arena, (l->csv.columns + 1) * sizeof *names), *near;
		size_t k = 0;

		while (k < l->csv.columns && strcmp(l->csv.name[k], key->text) != 0)
			k++;
		if (k == l->csv.columns) {
			memcpy(names, l->csv.name, l->csv.columns * sizeof *names);
			near = nearest_word(key->text, names);
			return outcome_error(l->o, EXIT_USAGE, "%s:%d: column_types: %s has no column '%s'%s%s%s", key->at.file, key->at.line,
			                     l->n->path, key->text, near != NULL ? "; did you mean '" : "", near != NULL ? near : "",
			                     near != NULL ? "'?" : "");
		}
		if (map->item[i]->kind != YAML_WORD || map->item[i]->text[0] == '\0')
			return outcome_error(l->o, EXIT_USAGE, "%s:%d: column_types: the type of '%s' must be a word", key->at.file,
			                     key->at.line, key->text);
		l->type[k] = map->item[i]->text;
	}
	return 0;
}

static int file_read(struct load *l)
{
	char delimiter = l->n->config.delimiter != 0 ? l->n->config.delimiter : ',';

	if (csv_read(&l->s->arena, l->n->at.file, l->n->csv, delimiter, &l->csv) < 0)
		return outcome_error(l->o, EXIT_USAGE, "%s: is not CSV, see above", l->n->at.file);
	l->type = arena_alloc(&l->s->arena, l->csv.columns * sizeof *l->type);
	for (size_t i = 0; i < l->csv.columns; i++)
		l->type[i] = seed_type(&l->csv, i);
	return types_given(l);
}

/* The rows as an array of arrays of texts. */
static void rows_json(const struct load *l, struct buf *to)
{
	const struct csv_cell *cell = l->csv.cell;

	buf_add_char(to, '[');
	for (size_t r = 0; r < l->csv.rows; r++) {
		buf_add_text(to, r > 0 ? ",\n[" : "[");
		for (size_t c = 0; c < l->csv.columns; c++, cell++) {
			buf_add_text(to, c > 0 ? "," : "");
			if (cell->text[0] == '\0' && !(cell->quoted && strcmp(l->type[c], "text") == 0))
				buf_add_text(to, "null");
			else
				json_quote(to, span_of(cell->text));
		}
		buf_add_char(to, ']');
	}
	buf_add_char(to, ']');
}

/* --- the table --------------------------------------------------------------------------------------------------- */

/* `select null::type as "name", …`, for the server to say what the types are. */
static int want_look_up(struct load *l)
{
	struct buf sql = {0};
	int status;

	buf_add_text(&sql, "select ");
	for (size_t i = 0; i < l->csv.columns; i++)
		buf_addf(&sql, "%snull::%s as %s", i > 0 ? ", " : "", l->type[i], project_quoted(&l->s->arena, l->csv.name[i]));
	status = relation_of_query(l->s, buf_text(&sql), &l->want);
	if (status == 0)
		status = relation_type_names(l->s, &l->want);
	buf_free(&sql);
	return status < 0 ? outcome_server_error(l->o, &l->s->db, "column_types") : 0;
}

static int run(struct load *l, const char *sql, PGresult **r)
{
	return db_query(&l->s->db, sql, r) < 0 ? outcome_server_error(l->o, &l->s->db, "") : 0;
}

/* Is what stands there ours, and a table? */
static int check_there(struct load *l)
{
	const char *file = l->n->at.file;

	if (l->have.kind == 0)
		return 0;
	if (l->state == NULL)
		return outcome_error(l->o, EXIT_CONFLICT, "%s: %s exists, and aggregate did not make it: drop or rename it, or give the "
		                     "seed another name (alias)", file, l->n->relation);
	if (strcmp(l->state->project, l->p->name) != 0)
		return outcome_error(l->o, EXIT_CONFLICT, "%s: %s belongs to the project %s: drop it, or give the seed another name "
		                     "(alias)", file, l->n->relation, l->state->project);
	if (l->have.kind != 'r')
		return outcome_error(l->o, EXIT_USAGE, "%s: %s is no table but the seed wants one: drop it", file, l->n->relation);
	return 0;
}

static int columns_change(struct load *l)
{
	struct buf text = {0};
	int status;

	if (l->full_refresh) {
		if (build_drop_views_of(l->s, l->p, l->n, l->o) < 0)
			return -1;
		merge_reshape_sql(&l->s->arena, l->n, &l->have, &l->want, &text);
		status = run(l, buf_text(&text), NULL);
	} else {
		relation_difference(&l->have, &l->want, &text);
		status = outcome_error(l->o, EXIT_USAGE, "%s: the columns of %s changed (%s): run once with --full-refresh",
		                       l->n->at.file, l->n->relation, buf_text(&text));
	}
	buf_free(&text);
	return status;
}

static int create(struct load *l)
{
	struct buf sql = {0};
	int status;

	buf_addf(&sql, "create table %s (", l->n->relation);
	for (size_t i = 0; i < l->csv.columns; i++)
		buf_addf(&sql, "%s%s %s", i > 0 ? ", " : "", project_quoted(&l->s->arena, l->csv.name[i]), l->type[i]);
	buf_add_char(&sql, ')');
	status = run(l, buf_text(&sql), NULL);
	buf_free(&sql);
	return status;
}

static int fill(struct load *l)
{
	struct buf sql = {0}, rows = {0};
	const char *values[1];
	PGresult *r;
	int status;

	buf_addf(&sql, "with aggregate_row as (insert into %s (", l->n->relation);
	for (size_t i = 0; i < l->csv.columns; i++)
		buf_addf(&sql, "%s%s", i > 0 ? ", " : "", project_quoted(&l->s->arena, l->csv.name[i]));
	buf_add_text(&sql, ") select ");
	for (size_t i = 0; i < l->csv.columns; i++)
		buf_addf(&sql, "%s(e->>%zu)::%s", i > 0 ? ", " : "", i, l->type[i]);
	buf_add_text(&sql, " from json_array_elements($1::json) e returning 1) select count(*) from aggregate_row");
	rows_json(l, &rows);
	values[0] = buf_text(&rows);
	status = db_params(&l->s->db, buf_text(&sql), 1, values, &r);
	if (status == 0) {
		l->o->rows = l->o->inserted = db_int(r, 0, 0);
		PQclear(r);
	} else {
		outcome_server_error(l->o, &l->s->db, "");
	}
	buf_free(&sql);
	buf_free(&rows);
	return status;
}

static int empty(struct load *l)
{
	const char *sql = arena_format(&l->s->arena, "with aggregate_row as (delete from %s returning 1) "
	                                             "select count(*) from aggregate_row", l->n->relation);
	PGresult *r;

	if (run(l, sql, &r) < 0)
		return -1;
	l->o->deleted = db_int(r, 0, 0);
	PQclear(r);
	return 0;
}

static int load(struct load *l)
{
	struct outcome *o = l->o;

	if (relation_look_up(l->s, l->n->schema, l->n->identifier, &l->have) < 0)
		return outcome_server_error(o, &l->s->db, "");
	if (check_there(l) < 0)
		return -1;
	if (l->have.kind == 'r' && !l->full_refresh && strcmp(l->state->compiled, l->n->hash) == 0) {
		o->status = OUTCOME_UNCHANGED;
		return 0;
	}
	if (file_read(l) < 0 || want_look_up(l) < 0)
		return -1;
	o->updated = o->deleted = 0;
	if (l->have.kind == 0) {
		if (create(l) < 0)
			return -1;
	} else if (empty(l) < 0 || (!relation_same(&l->have, &l->want) && columns_change(l) < 0)) {
		return -1;
	}
	if (fill(l) < 0 || run(l, arena_format(&l->s->arena, "analyze %s", l->n->relation), NULL) < 0)
		return -1;
	o->status = OUTCOME_SUCCESS;
	return 0;
}

void seed_load(struct session *s, const struct project *p, const struct node *n, bool full_refresh, struct outcome *o)
{
	struct load l = {.s = s, .p = p, .n = n, .full_refresh = full_refresh, .o = o};

	l.state = session_state(s, n->schema, n->identifier);
	load(&l);
}
