#include "changes.h"

#include <stdlib.h>
#include <string.h>

#include "exit.h"

struct asked {
	const char *snapshot, *layout;
	struct difference answer;
};

/* A snapshot as text is xmin:xmax:xip,xip,… */
struct snapshot {
	const char *xmax, *in_progress;
};

static struct snapshot snapshot_of(struct session *s, const char *text)
{
	const char *xmax = strchr(text, ':') + 1, *list = strchr(xmax, ':');

	return (struct snapshot){arena_text(&s->arena, xmax, (size_t)(list - xmax)), list + 1};
}

/* Literals, so that the planner sees how little it is; `or` of two index conditions. */
static void unseen(const struct snapshot *snapshot, const char *column, struct buf *to)
{
	buf_addf(to, "(%s >= '%s'::xid8", column, snapshot->xmax);
	if (snapshot->in_progress[0] != '\0')
		buf_addf(to, " or %s = any('{%s}'::xid8[])", column, snapshot->in_progress);
	buf_add_char(to, ')');
}

/* --- the table -------------------------------------------------------------------------------------------------- */

/*
 * One row. A table's own parts are its leaves, or itself. Each must restamp rows on update and keep the images of updates
 * and deletes: for a part of a partitioned table row by row, because a statement that names the whole fires no statement
 * triggers of the part. A row may not come with the number of another transaction either. Bits of tgtype: 1 row, 2 before,
 * 4 insert, 8 delete, 16 update.
 *
 * The layout is what must be as it was for a difference to mean anything, a word each: the files (oid:file) of the parts and of
 * the old images; the columns (number=name), because one that is dropped and added again, or changes its name with another,
 * holds other values in rows that nobody wrote; the triggers of each part (oid/version), because one that was off, or of a
 * part that was detached for a while, missed what was written meanwhile.
 */
static const char catalogue[] =
	"with source as (select c.oid, c.relkind, c.relispartition, c.relhassubclass, n.oid as schema, c.relname "
	"from pg_class c join pg_namespace n on n.oid = c.relnamespace where n.nspname = $1 and c.relname = $2), "
	"part as (select t.relid::oid as oid from source s, pg_partition_tree(s.oid) t where s.relkind = 'p' and t.isleaf "
	"union all select oid from source where relkind = 'r'), "
	"image as (select r.oid from source s join pg_class r on r.relnamespace = s.schema and r.relname = s.relname || '_retracted' "
	"where not exists (select from pg_attribute a where a.attrelid = s.oid and a.attnum > 0 and not a.attisdropped "
	"and not exists (select from pg_attribute i where i.attrelid = r.oid and i.attname = a.attname and i.atttypid = a.atttypid))) "
	"select s.relkind, s.relkind = 'r' and (s.relhassubclass or s.relispartition), "
	"(select string_agg(p.oid || ':' || pg_relation_filenode(p.oid), ' ' order by p.oid) from "
	"(select oid from part union all select oid from image) p) || "
	"(select string_agg(' ' || a.attnum || '=' || left(md5(a.attname), 8), '' order by a.attnum) from pg_attribute a "
	"where a.attrelid = s.oid and a.attnum > 0 and not a.attisdropped) || "
	"(select string_agg(format(' %s/%s', p.oid, (select left(md5(string_agg(format('%s %s', t.oid, t.xmin), ' ' order by t.oid)), 8) "
	"from pg_trigger t join pg_proc f on f.oid = t.tgfoid where t.tgrelid = p.oid and f.proname like 'txpipe\\_%') || "
	"coalesce((select k.oid from pg_constraint k where k.conrelid = p.oid and k.conname = 'txpipe_written')::text, '')), '' order by p.oid) "
	"from part p), "
	"(select string_agg(quote_ident(a.attname), ', ' order by a.attnum) from pg_attribute a "
	"where a.attrelid = s.oid and a.attnum > 0 and not a.attisdropped), "
	"exists (select from pg_attribute a where a.attrelid = s.oid and a.attname = 'xid' and a.atttypid = 'xid8'::regtype "
	"and a.attnotnull), "
	"(select format('%I.%I', $1, $2 || '_retracted') from image), "
	"(select string_agg(p.oid::regclass::text, ', ') from part p where not exists (select from pg_trigger t join pg_proc f "
	"on f.oid = t.tgfoid where t.tgrelid = p.oid and t.tgenabled in ('O', 'A') and t.tgqual is null and "
	"f.proname = 'txpipe_restamp' and t.tgtype & 19 = 19 and (t.tgtype & 4 = 4 or exists (select from pg_constraint k "
	"where k.conrelid = p.oid and k.conname = 'txpipe_written' and k.contype = 'c'))) or 24 is distinct from (select bit_or(t.tgtype & 24) from pg_trigger t "
	"join pg_proc f on f.oid = t.tgfoid where t.tgrelid = p.oid and t.tgenabled in ('O', 'A') and t.tgqual is null and "
	"f.proname in ('txpipe_retract', 'txpipe_retract_row') and t.tgtype & 2 = 0 and (s.relkind = 'r' or t.tgtype & 1 = 1))), "
	"exists (select from pg_attribute a where a.attrelid = s.oid and a.attname = 'currency' and not a.attisdropped), "
	"(select string_agg(p.oid::regclass::text, ', ') from part p join pg_class c using (oid) where c.relpersistence <> 'p') "
	"from source s";

static const char *text_of(struct session *s, const PGresult *r, int column)
{
	return PQgetisnull(r, 0, column) ? NULL : arena_dup(&s->arena, PQgetvalue(r, 0, column));
}

/* Why it cannot be followed, or NULL. */
static const char *obstacle(struct session *s, const struct node *n, const PGresult *r)
{
	struct arena *arena = &s->arena;
	const char *untracked;

	if (PQntuples(r) == 0)
		return arena_format(arena, "%s does not exist", n->relation);
	if (strchr("rp", PQgetvalue(r, 0, 0)[0]) == NULL || PQgetvalue(r, 0, 1)[0] == 't')
		return arena_format(arena, "%s is not a table of its own: changes() follows plain and partitioned tables, not views, "
		                           "single parts or inheritance", n->relation);
	if (PQgetvalue(r, 0, 4)[0] != 't')
		return arena_format(arena, "%s does not say which transaction wrote a row: alter table %s add column xid xid8 not null "
		                           "default pg_current_xact_id(); create index on %s (xid); select txpipe_track('%s')",
		                    n->relation, n->relation, n->relation, n->relation);
	untracked = text_of(s, r, 6);
	if (PQgetisnull(r, 0, 5) || untracked != NULL)
		return arena_format(arena, "changes of %s would go unnoticed (%s): select txpipe_track('%s') makes its triggers",
		                    n->relation, untracked != NULL ? untracked : "no table for old images that fits", n->relation);
	if (!PQgetisnull(r, 0, 8))
		return arena_format(arena, "a crash empties what is not logged, and nothing would say so: alter table %s set logged",
		                    PQgetvalue(r, 0, 8));
	return NULL;
}

/* Its plan takes longer than its answer: one for all sources. */
static int ask_catalogue(struct session *s, const char *const *names, PGresult **r)
{
	if (!s->knows_catalogue && db_prepare(&s->db, "aggregate_catalogue", catalogue) < 0)
		return -1;
	s->knows_catalogue = true;
	if (db_query(&s->db, "set plan_cache_mode = force_generic_plan", NULL) < 0 ||
	    db_execute(&s->db, "aggregate_catalogue", 2, names, r) < 0)
		return -1;
	if (db_query(&s->db, "reset plan_cache_mode", NULL) == 0)
		return 0;
	PQclear(*r);
	return -1;
}

int changes_source(struct session *s, const struct node *node, const struct source **to)
{
	const char *values[] = {node->schema, node->identifier};
	struct source *source;
	PGresult *r;

	for (size_t i = 0; i < s->sources; i++)
		if (s->source[i]->node == node) {
			*to = s->source[i];
			return 0;
		}
	if (ask_catalogue(s, values, &r) < 0)
		return -1;
	source = arena_alloc(&s->arena, sizeof *source);
	source->node = node;
	source->asked = arena_alloc(&s->arena, sizeof *source->asked);
	source->why_not = obstacle(s, node, r);
	if (source->why_not == NULL) {
		source->layout = text_of(s, r, 2);
		source->columns = text_of(s, r, 3);
		source->retracted = text_of(s, r, 5);
		source->has_currency = PQgetvalue(r, 0, 7)[0] == 't';
	}
	PQclear(r);
	s->source = arena_more(&s->arena, s->source, s->sources, sizeof *s->source);
	s->source[s->sources++] = source;
	*to = source;
	return 0;
}

/* --- the difference --------------------------------------------------------------------------------------------- */

/* The next entry of a layout, or false. */
static bool next_word(const char **layout, struct span *part)
{
	while (**layout == ' ')
		(*layout)++;
	*part = (struct span){*layout, strcspn(*layout, " ")};
	*layout += part->n;
	return part->n > 0;
}

static bool has_word(const char *layout, struct span part)
{
	struct span have;

	while (next_word(&layout, &have))
		if (span_eq(have, part))
			return true;
	return false;
}

/* What is gone of the old layout, or is another now, in words; NULL: nothing. */
static const char *loss(const char *before, const char *now)
{
	struct span part;

	while (next_word(&before, &part)) {
		if (has_word(now, part))
			continue;
		if (memchr(part.p, ':', part.n) != NULL)
			return "was truncated, adopted, rewritten (vacuum full, cluster, alter table) or lost a part";
		return memchr(part.p, '=', part.n) != NULL ? "had a column dropped or renamed"
		                                           : "had its triggers switched off or made anew, or a part detached and attached again,";
	}
	return NULL;
}

/* A part of the table that the old layout does not have. */
static bool next_new_part(const char *before, const char **now, struct span *part)
{
	while (next_word(now, part))
		if (memchr(part->p, ':', part->n) != NULL && !has_word(before, *part))
			return true;
	return false;
}

/* Parts that came: what the old snapshot contains of them was not there then, so it was attached with its rows. */
static void attached_sql(const struct snapshot *then, const char *before, const char *now, struct buf *to)
{
	struct span part;
	bool any = false;

	while (next_new_part(before, &now, &part)) {
		part.n = (size_t)((const char *)memchr(part.p, ':', part.n) - part.p);
		buf_addf(to, "%sexists (select from aggregate_part_%.*s where not ", any ? " or " : "", SPAN_ARG(part));
		unseen(then, "xid", to);
		buf_add_char(to, ')');
		any = true;
	}
	if (!any)
		buf_add_text(to, "false");
}

/* Relations cannot be named by their number: with … as gives each new part a name. */
static int name_parts(struct session *s, const char *before, const char *now, struct buf *to)
{
	struct span part;
	const char *separator = "with ";

	while (next_new_part(before, &now, &part)) {
		const char *oid;
		PGresult *r;

		oid = arena_text(&s->arena, part.p, (size_t)((const char *)memchr(part.p, ':', part.n) - part.p));
		if (db_params(&s->db, "select $1::oid::regclass::text", 1, &oid, &r) < 0)
			return -1;
		buf_addf(to, "%saggregate_part_%s as (select xid from %s)", separator, oid, PQgetvalue(r, 0, 0));
		PQclear(r);
		separator = ", ";
	}
	return 0;
}

static int probe_sql(struct session *s, const struct source *source, const char *snapshot, const char *layout,
                     struct buf *to)
{
	struct snapshot now = snapshot_of(s, s->snapshot), then;
	const char *relation = source->node->relation;

	if (snapshot != NULL && name_parts(s, layout, source->layout, to) < 0)
		return -1;
	buf_addf(to, " select exists (select from %s where ", relation);
	unseen(&now, "xid", to);
	buf_addf(to, ") or exists (select from %s where ", source->retracted);
	unseen(&now, "retracted_by", to);
	buf_add_char(to, ')');
	if (snapshot == NULL) {
		buf_add_text(to, ", false, false, false");
		return 0;
	}
	then = snapshot_of(s, snapshot);
	buf_addf(to, ", exists (select from %s where ", relation);
	unseen(&then, "xid", to);
	buf_addf(to, "), exists (select from %s where ", source->retracted);
	unseen(&then, "retracted_by", to);
	buf_addf(to, " and pg_visible_in_snapshot(xid, '%s')), ", snapshot);
	attached_sql(&then, layout, source->layout, to);
	return 0;
}

static void judge(struct session *s, const struct source *source, const PGresult *r, struct difference *to)
{
	const char *relation = source->node->relation;

	if (PQgetvalue(r, 0, 0)[0] == 't') {
		to->exit_status = EXIT_CONFLICT;
		to->fault = arena_format(&s->arena, "%s holds rows of transactions that have not happened on this server: they were "
		                                    "restored from another one. select txpipe_adopt('%s'), then run once with "
		                                    "--full-refresh", relation, relation);
	} else if (PQgetvalue(r, 0, 3)[0] == 't') {
		to->exit_status = EXIT_USAGE;
		to->fault = arena_format(&s->arena, "%s got a part that was filled before it was attached: run once with --full-refresh",
		                         relation);
	}
	to->added = PQgetvalue(r, 0, 1)[0] == 't';
	to->retracted = PQgetvalue(r, 0, 2)[0] == 't';
}

int changes_since(struct session *s, const struct source *source, const char *snapshot, const char *layout,
                  struct difference *to)
{
	struct buf sql = {0};
	const char *lost;
	PGresult *r;
	int status;

	if (snapshot != NULL && source->asked->snapshot != NULL && strcmp(source->asked->snapshot, snapshot) == 0 &&
	    strcmp(source->asked->layout, layout) == 0) {
		*to = source->asked->answer;
		return 0;
	}
	*to = (struct difference){0};
	lost = snapshot != NULL ? loss(layout, source->layout) : NULL;
	status = probe_sql(s, source, lost != NULL ? NULL : snapshot, layout, &sql);
	if (status == 0)
		status = db_query(&s->db, buf_text(&sql), &r);
	if (status == 0) {
		judge(s, source, r, to);
		PQclear(r);
		if (lost != NULL && to->fault == NULL) {
			to->exit_status = EXIT_USAGE;
			to->fault = arena_format(&s->arena, "%s %s since it was last read; what went with that is not known: run once with "
			                                    "--full-refresh", source->node->relation, lost);
		}
		if (snapshot != NULL)
			*source->asked = (struct asked){snapshot, layout, *to};
	}
	buf_free(&sql);
	return status;
}

void changes_sql(struct session *s, const struct source *source, const char *snapshot, bool retracted, struct buf *to)
{
	struct snapshot then = snapshot_of(s, snapshot);

	buf_addf(to, "(select %s, 1 as sign from %s where ", source->columns, source->node->relation);
	unseen(&then, "xid", to);
	if (retracted) {
		buf_addf(to, " union all select %s, -1 from %s where ", source->columns, source->retracted);
		unseen(&then, "retracted_by", to);
		buf_addf(to, " and pg_visible_in_snapshot(xid, '%s')", snapshot);
	}
	buf_add_char(to, ')');
}

/*
 * A truncate or rewrite is seen at once, whatever our snapshot: a table that we looked up and had not locked yet may have
 * got another file before it was read.
 */
int changes_settled(struct session *s, const char **moved)
{
	struct buf files = {0};
	const char *values[1];
	PGresult *r;
	int status;

	*moved = NULL;
	for (size_t i = 0; i < s->sources; i++)
		if (s->source[i]->why_not == NULL)
			buf_addf(&files, "%s ", s->source[i]->layout);
	values[0] = buf_text(&files);
	status = db_params(&s->db, "select string_agg(coalesce(split_part(word, ':', 1)::oid::regclass::text, 'a table'), ', ') "
	                           "from unnest(string_to_array($1, ' ')) word where word ~ ':' and "
	                           "split_part(word, ':', 2) is distinct from pg_relation_filenode(split_part(word, ':', 1)::oid)::text",
	                   1, values, &r);
	if (status == 0) {
		*moved = text_of(s, r, 0);
		PQclear(r);
	}
	buf_free(&files);
	return status;
}

const char *changes_layout(struct session *s, const char *lines, const char *relation)
{
	size_t n = strlen(relation);

	for (const char *line = lines; line != NULL && *line != '\0'; line += strcspn(line, "\n"), line += *line == '\n')
		if (strncmp(line, relation, n) == 0 && line[n] == ' ')
			return arena_text(&s->arena, line + n + 1, strcspn(line + n + 1, "\n"));
	return NULL;
}
