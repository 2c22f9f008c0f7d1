#include "freshness.h"

#include <inttypes.h>
#include <string.h>

#include "clock.h"
#include "parse.h"

enum { MAX_COUNT = 1000000 };

static const struct {
	const char *name;
	int64_t seconds;
} periods[] = {{"minute", 60}, {"hour", 3600}, {"day", 86400}};

enum { PERIODS = sizeof periods / sizeof periods[0] };

/* --- what the project says --------------------------------------------------------------------------------------- */

static bool is_null(const struct yaml *v)
{
	return v->kind == YAML_WORD && !v->quoted && value_kind_of(v->text) == VALUE_NULL;
}

/* {count: 12, period: hour} in seconds; null switches the bound off. */
static int bound_read(const struct yaml *map, const char *what, int64_t *to)
{
	static const char *const known[] = {"count", "period", NULL};
	const struct yaml *count, *period;
	int64_t n;

	*to = 0;
	if (is_null(map))
		return 0;
	if (yaml_check(map, what, known) < 0)
		return -1;
	count = yaml_get(map, "count");
	period = yaml_get(map, "period");
	if (count == NULL || period == NULL)
		return place_error(map->at, "%s needs count and period: {count: 12, period: hour}", what);
	if (count->kind != YAML_WORD || parse_int(span_of(count->text), &n) < 0 || n < 1 || n > MAX_COUNT)
		return place_error(count->at, "%s: count must be a number from 1 to %d", what, MAX_COUNT);
	for (size_t i = 0; i < PERIODS && period->kind == YAML_WORD; i++) {
		if (strcmp(periods[i].name, period->text) == 0) {
			*to = n * periods[i].seconds;
			return 0;
		}
	}
	return place_error(period->at, "%s: period must be minute, hour or day", what);
}

static int bounds_read(const struct yaml *map, struct freshness *to)
{
	static const char *const known[] = {"warn_after", "error_after", "filter", NULL};
	const struct yaml *v;

	if (is_null(map)) {
		to->warn_after = to->error_after = 0;
		return 0;
	}
	if (yaml_check(map, "freshness", known) < 0)
		return -1;
	if ((v = yaml_get(map, "warn_after")) != NULL && bound_read(v, "warn_after", &to->warn_after) < 0)
		return -1;
	if ((v = yaml_get(map, "error_after")) != NULL && bound_read(v, "error_after", &to->error_after) < 0)
		return -1;
	if ((v = yaml_get(map, "filter")) != NULL && (to->filter = yaml_word(v, "filter")) == NULL)
		return -1;
	return 0;
}

void freshness_read(struct project *p, struct node *n, const struct yaml *map)
{
	const struct yaml *bounds = yaml_get(map, "freshness"), *field = yaml_get(map, "loaded_at_field");

	if ((bounds != NULL && bounds_read(bounds, &n->freshness) < 0) ||
	    (field != NULL && (n->freshness.loaded_at = yaml_word(field, "loaded_at_field")) == NULL))
		p->faults++;
}

void freshness_complete(struct project *p, struct node *n)
{
	if (!freshness_wanted(n) || n->freshness.loaded_at != NULL)
		return;
	place_error(n->at, "freshness of the source %s needs loaded_at_field: the column that says when a row came", n->name);
	p->faults++;
}

/* --- looking ----------------------------------------------------------------------------------------------------- */

static void duration_add(struct buf *to, int64_t seconds)
{
	if (seconds < 120)
		buf_addf(to, "%" PRId64 " s", seconds);
	else if (seconds < 2 * 3600)
		buf_addf(to, "%" PRId64 " min", seconds / 60);
	else if (seconds < 2 * 86400)
		buf_addf(to, "%" PRId64 " h %" PRId64 " min", seconds / 3600, seconds / 60 % 60);
	else
		buf_addf(to, "%" PRId64 " d %" PRId64 " h", seconds / 86400, seconds / 3600 % 24);
}

static bool over(int64_t bound, int64_t age, bool empty)
{
	return bound > 0 && (empty || age > bound);
}

static void judge(struct outcome *o, int64_t age, const char *newest)
{
	const struct freshness *f = &o->node->freshness;
	bool empty = newest == NULL;
	int64_t bound = 0;
	struct buf text = {0};

	o->status = over(f->error_after, age, empty) ? OUTCOME_FAIL : over(f->warn_after, age, empty) ? OUTCOME_WARN : OUTCOME_PASS;
	if (o->status == OUTCOME_FAIL)
		bound = f->error_after;
	else if (o->status == OUTCOME_WARN)
		bound = f->warn_after;
	buf_addf(&text, "%s:%d: ", o->node->at.file, o->node->at.line);
	if (empty) {
		buf_add_text(&text, "no row");
	} else {
		buf_addf(&text, "the newest row is of %s, ", newest);
		duration_add(&text, age > 0 ? age : 0);
		buf_add_text(&text, " old");
	}
	if (bound > 0) {
		buf_addf(&text, "; %s is ", o->status == OUTCOME_FAIL ? "error_after" : "warn_after");
		duration_add(&text, bound);
	}
	o->failures = o->status == OUTCOME_PASS ? 0 : 1;
	o->message = xstrdup(buf_text(&text));
	buf_free(&text);
}

static void look_failed(struct session *s, struct outcome *o)
{
	struct buf what = {0};

	buf_addf(&what, "freshness of %s", o->node->name);
	outcome_server_error(o, &s->db, buf_text(&what));
	buf_free(&what);
	db_roll_back(&s->db, "rollback to aggregate_node; release aggregate_node");
}

void freshness_check(struct session *s, struct outcome *o)
{
	const struct freshness *f = &o->node->freshness;
	int64_t began = clock_monotonic();
	struct buf sql = {0};
	PGresult *r;

	buf_addf(&sql, "select extract(epoch from clock_timestamp() - n)::bigint, n::timestamptz::text from (select max(%s) as n from %s%s%s) t",
	         f->loaded_at, o->node->relation, f->filter != NULL ? " where " : "", f->filter != NULL ? f->filter : "");
	if (db_query(&s->db, "savepoint aggregate_node", NULL) < 0 || db_query(&s->db, buf_text(&sql), &r) < 0) {
		look_failed(s, o);
	} else {
		judge(o, db_int(r, 0, 0), PQgetisnull(r, 0, 1) ? NULL : PQgetvalue(r, 0, 1));
		PQclear(r);
		db_query(&s->db, "release aggregate_node", NULL);
	}
	buf_free(&sql);
	o->us = clock_monotonic() - began;
}
