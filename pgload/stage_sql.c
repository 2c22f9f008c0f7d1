#include "stage_sql.h"

static const char range[] = "s.pgload_ord >= $1::integer and s.pgload_ord < $2::integer";

const char *stage_name(enum sink sink)
{
	return sink == SINK_LABEL ? "pgload_stage_label" : "pgload_stage";
}

static void separate(struct buf *b, bool *more, const char *by)
{
	if (*more)
		buf_add_text(b, by);
	*more = true;
}

/* What the record gave for the column, as the column's type; null if it gave nothing. */
static void add_given(struct buf *b, const char *alias, const struct column *c)
{
	if (c->array_of != NULL)
		buf_addf(b, "case when %s.%s is not null then (select coalesce(array_agg(e.v::%s order by e.n), '{}') "
		            "from jsonb_array_elements_text(%s.%s) with ordinality e(v, n)) end",
		         alias, c->sql, c->array_of, alias, c->sql);
	else if (c->cast != NULL)
		buf_addf(b, "%s.%s::%s", alias, c->sql, c->cast);
	else
		buf_addf(b, "%s.%s", alias, c->sql);
}

/* What is stored: the default stands in for nothing. */
static void add_value(struct buf *b, const char *alias, const struct column *c)
{
	if (c->fallback != NULL)
		buf_add_text(b, "coalesce(");
	add_given(b, alias, c);
	if (c->fallback != NULL)
		buf_addf(b, ", %s)", c->fallback);
}

static void add_columns(struct buf *b, const struct table *t, bool only_keys)
{
	bool more = false;

	for (size_t i = 0; i < t->count; i++) {
		if (only_keys && !t->column[i].key)
			continue;
		separate(b, &more, ", ");
		buf_add_text(b, t->column[i].sql);
	}
}

static void add_values(struct buf *b, const struct table *t)
{
	bool more = false;

	for (size_t i = 0; i < t->count; i++) {
		separate(b, &more, ", ");
		add_value(b, "s", &t->column[i]);
	}
}

/* The staged key columns, for ordering. */
static void add_keys(struct buf *b, const struct table *t, const char *alias)
{
	bool more = false;

	for (size_t i = 0; i < t->count; i++) {
		if (!t->column[i].key)
			continue;
		separate(b, &more, ", ");
		add_given(b, alias, &t->column[i]);
	}
}

/* Is the whole key there? A part that the server fills in cannot collide. */
static void add_keyed(struct buf *b, const struct table *t, const char *alias)
{
	for (size_t i = 0; i < t->count; i++)
		if (t->column[i].key)
			buf_addf(b, " and %s.%s is not null", alias, t->column[i].sql);
}

/* other.key = alias.key */
static void add_same_key(struct buf *b, const struct table *t, const char *other, const char *alias)
{
	bool more = false;

	for (size_t i = 0; i < t->count; i++) {
		if (!t->column[i].key)
			continue;
		separate(b, &more, " and ");
		buf_addf(b, "%s.%s = ", other, t->column[i].sql);
		add_given(b, alias, &t->column[i]);
	}
}

static char *text(struct buf *b)
{
	buf_text(b);
	return b->p;
}

char *stage_sql_create(const struct table *t, enum sink sink)
{
	struct buf b = {0};

	buf_addf(&b, "create temporary table %s on commit delete rows as select null::integer as pgload_ord",
	         stage_name(sink));
	for (size_t i = 0; i < t->count; i++) {
		const struct column *c = &t->column[i];

		if (c->cast != NULL || c->array_of != NULL)
			buf_addf(&b, ", null::%s as %s", c->stage_type, c->sql);
		else
			buf_addf(&b, ", t.%s::%s as %s", c->sql, c->stage_type, c->sql);
	}
	buf_addf(&b, " from %s t with no data", t->sql);
	return text(&b);
}

char *stage_sql_copy(const struct table *t, enum sink sink)
{
	struct buf b = {0};

	buf_addf(&b, "copy pg_temp.%s (pgload_ord, ", stage_name(sink));
	add_columns(&b, t, false);
	buf_add_text(&b, ") from stdin (format binary)");
	return text(&b);
}

char *stage_sql_direct(const struct table *t)
{
	struct buf b = {0};

	for (size_t i = 0; i < t->count; i++)
		if (t->column[i].array_of != NULL || t->column[i].cast != NULL || t->column[i].fallback != NULL)
			return NULL;
	buf_addf(&b, "copy %s (", t->sql);
	add_columns(&b, t, false);
	buf_add_text(&b, ") from stdin (format binary)");
	return text(&b);
}

char *stage_sql_insert(const struct table *t, enum sink sink)
{
	struct buf b = {0};
	const char *stage = stage_name(sink);

	buf_addf(&b, "with ins as (insert into %s (", t->sql);
	add_columns(&b, t, false);
	buf_add_text(&b, ") select ");
	add_values(&b, t);
	buf_addf(&b, " from pg_temp.%s s where %s order by ", stage, range);
	if (t->keys > 0) {
		add_keys(&b, t, "s");
		buf_add_text(&b, ", ");
	}
	buf_add_text(&b, "s.pgload_ord on conflict do nothing returning ");
	if (t->keys == 0) {
		buf_add_text(&b, "1) select count(*), null from ins");
		return text(&b);
	}
	add_columns(&b, t, true);
	buf_addf(&b,
	         ") select (select count(*) from ins), case when (select count(*) from ins) < "
	         "(select count(*) from pg_temp.%s s where %s) then array(select s.pgload_ord from pg_temp.%s s where %s",
	         stage, range, stage, range);
	add_keyed(&b, t, "s");
	buf_add_text(&b, " and not exists (select from ins where ");
	add_same_key(&b, t, "ins", "s");
	buf_add_text(&b, ")) end");
	return text(&b);
}

/* Of fraudcheck's verdict nothing is compared: the same record, judged again by other rules, is the same record. */
static void add_differences(struct buf *b, const struct table *t)
{
	buf_add_text(b, "concat_ws(', '");
	for (size_t i = 0; i < t->count; i++) {
		const struct column *c = &t->column[i];

		if (c->key || c->verdict)
			continue;
		buf_add_text(b, ", case when ");
		if (c->fallback != NULL)
			buf_addf(b, "d.%s is not null and ", c->sql);
		if (c->comparable) {
			add_given(b, "d", c);
			buf_addf(b, " is distinct from t.%s", c->sql);
		} else {
			buf_add_char(b, '(');
			add_given(b, "d", c);
			buf_addf(b, ")::text is distinct from t.%s::text", c->sql);
		}
		buf_add_text(b, " then '");
		for (const char *p = c->name; *p != '\0'; p++) {
			if (*p == '\'')
				buf_add_char(b, '\'');
			buf_add_char(b, *p);
		}
		buf_add_text(b, "' end");
	}
	buf_add_char(b, ')');
}

char *stage_sql_duplicates(const struct table *t, enum sink sink)
{
	struct buf b = {0};

	if (t->keys == 0)
		return NULL;
	buf_add_text(&b, "select d.pgload_ord, not t.pgload_there is true, ");
	add_differences(&b, t);
	buf_add_text(&b, " from (select s.*, row_number() over (partition by ");
	add_keys(&b, t, "s");
	buf_addf(&b, " order by s.pgload_ord) as pgload_n from pg_temp.%s s where %s", stage_name(sink), range);
	add_keyed(&b, t, "s");
	buf_addf(&b, ") d left join lateral (select true as pgload_there, t.* from %s t where ", t->sql);
	add_same_key(&b, t, "t", "d");
	buf_add_text(&b, ") t on true where d.pgload_n > 1 or d.pgload_ord = any($3::integer[])");
	return text(&b);
}

/* t.c differs from excluded.c in any column that is not the key. */
static void add_changed(struct buf *b, const struct table *t)
{
	bool more = false;

	for (size_t i = 0; i < t->count; i++) {
		const struct column *c = &t->column[i];
		const char *as = c->comparable ? "" : "::text";

		if (c->key)
			continue;
		separate(b, &more, " or ");
		buf_addf(b, "t.%s%s is distinct from excluded.%s%s", c->sql, as, c->sql, as);
	}
}

static void add_update(struct buf *b, const struct table *t, bool label)
{
	bool more = false;

	buf_add_text(b, " do update set ");
	for (size_t i = 0; i < t->count; i++) {
		if (t->column[i].key)
			continue;
		separate(b, &more, ", ");
		buf_addf(b, "%s = excluded.%s", t->column[i].sql, t->column[i].sql);
	}
	if (t->has_loaded_at)
		buf_add_text(b, ", loaded_at = default");
	buf_add_text(b, " where (");
	add_changed(b, t);
	buf_add_char(b, ')');
	if (label)
		buf_add_text(b, " and (t.label_ts is null or excluded.label_ts >= t.label_ts)");
}

char *stage_sql_upsert(const struct table *t, enum sink sink, bool label)
{
	struct buf b = {0};

	buf_addf(&b, "insert into %s as t (", t->sql);
	add_columns(&b, t, false);
	buf_add_text(&b, ") select ");
	add_values(&b, t);
	buf_add_text(&b, " from (select distinct on (");
	add_keys(&b, t, "s");
	/* nulls are never equal: a record without its whole key stands for itself */
	buf_add_text(&b, ", case when true");
	add_keyed(&b, t, "s");
	buf_addf(&b, " then null else s.pgload_ord end) s.* from pg_temp.%s s where %s order by ", stage_name(sink), range);
	add_keys(&b, t, "s");
	buf_add_text(&b, ", case when true");
	add_keyed(&b, t, "s");
	buf_addf(&b, " then null else s.pgload_ord end, %ss.pgload_ord desc) s order by ",
	         label ? "s.label_ts desc, " : "");
	add_keys(&b, t, "s");
	buf_add_text(&b, " on conflict (");
	add_columns(&b, t, true);
	buf_add_char(&b, ')');
	if (t->keys == t->count)
		buf_add_text(&b, " do nothing");
	else
		add_update(&b, t, label);
	return text(&b);
}
