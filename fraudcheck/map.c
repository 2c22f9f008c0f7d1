#include "map.h"

#include <stdio.h>
#include <stdlib.h>

#include "path.h"

static struct span trim(struct span s)
{
	while (s.n > 0 && strchr(" \t\r", s.p[0]) != NULL)
		s = (struct span){s.p + 1, s.n - 1};
	while (s.n > 0 && strchr(" \t\r", s.p[s.n - 1]) != NULL)
		s.n--;
	return s;
}

/* A name that JSON holds without escapes and that no envelope has; with `path` also dots between non-empty names. */
static bool is_good(struct span name, bool path)
{
	for (size_t i = 0; i < name.n; i++) {
		unsigned char c = (unsigned char)name.p[i];

		if (c < 0x20 || c == '"' || c == '\\')
			return false;
		if (c == '.' && (!path || i == 0 || i + 1 == name.n || name.p[i - 1] == '.'))
			return false;
	}
	return name.n > 0 && utf8_valid(name) && !span_eq(name, SPAN("_kafka")) && !span_eq(name, SPAN("_reject"));
}

static int add_pair(struct map *m, const char *where, struct span pair, struct buf *error)
{
	const char *equals = memchr(pair.p, '=', pair.n);
	struct span from, to;

	if (equals == NULL) {
		buf_addf(error, "%s: '%.*s' is not FROM=TO", where, SPAN_ARG(pair));
		return -1;
	}
	from = trim((struct span){pair.p, (size_t)(equals - pair.p)});
	to = trim((struct span){equals + 1, (size_t)(pair.p + pair.n - equals - 1)});
	if (!is_good(from, true) || !is_good(to, false)) {
		buf_addf(error, "%s: '%.*s': not a name that can be mapped", where, SPAN_ARG(pair));
		return -1;
	}
	for (size_t i = 0; i < m->count; i++) {
		if (span_eq(m->entry[i].to, to) || span_eq(m->entry[i].from, from)) {
			buf_addf(error, "%s: '%.*s': this name is mapped twice", where, SPAN_ARG(pair));
			return -1;
		}
	}
	m->entry = xrealloc(m->entry, (m->count + 1) * sizeof *m->entry);
	m->entry[m->count++] = (struct map_entry){.from = from, .to = to};
	return 0;
}

/* How many objects a path leads through. */
static size_t depth_of(struct span path)
{
	size_t dots = 0;

	for (size_t i = 0; i < path.n; i++)
		dots += path.p[i] == '.';
	return dots;
}

int map_parse(struct map *m, const char *where, struct span text, struct buf *error)
{
	struct span rest;

	*m = (struct map){0};
	rest = pool_copy(&m->pool, text);
	while (rest.n > 0) {
		size_t n = 0;
		struct span pair;

		if (rest.p[0] == '#')
			while (n < rest.n && rest.p[n] != '\n')
				n++;
		else
			while (n < rest.n && strchr(",\n#", rest.p[n]) == NULL)
				n++;
		pair = trim((struct span){rest.p, n});
		if (pair.n > 0 && pair.p[0] != '#' && add_pair(m, where, pair, error) < 0) {
			map_free(m);
			return -1;
		}
		if (n < rest.n && rest.p[n] != '#')
			n++;
		rest = (struct span){rest.p + n, rest.n - n};
	}
	for (size_t i = 0; i < m->count; i++)
		if (depth_of(m->entry[i].from) > m->levels)
			m->levels = depth_of(m->entry[i].from);
	m->level = xcalloc(m->levels, sizeof *m->level);
	return 0;
}

void map_free(struct map *m)
{
	for (size_t i = 0; m->level != NULL && i < m->levels; i++)
		json_object_free(&m->level[i]);
	free(m->level);
	free(m->entry);
	pool_free(&m->pool);
	*m = (struct map){0};
}

static const struct json_member *walk(struct map *m, const struct json_object *record, struct span path)
{
	const struct json_object *o = record;

	for (size_t level = 0;; level++) {
		const struct json_member *found = json_find_last(o, path_first(path, &path));
		size_t at;

		if (path.p == NULL)
			return found;
		if (found == NULL || found->type != JSON_OBJECT)
			return NULL;
		json_scan(&m->level[level], found->value, &at); /* part of what was scanned: no fault in it */
		o = &m->level[level];
	}
}

static void find(struct map *m, const struct json_object *record, struct map_entry *e)
{
	const struct json_member *found = walk(m, record, e->from);

	e->present = found != NULL;
	if (!e->present)
		return;
	e->value = json_raw(found);
	e->at = memchr(e->from.p, '.', e->from.n) == NULL ? (size_t)(found - record->member) : SIZE_MAX;
}

/* The entry that gives this member another name, or NULL. */
static const struct map_entry *renaming(const struct map *m, size_t at)
{
	for (size_t i = 0; i < m->count; i++)
		if (m->entry[i].present && m->entry[i].at == at)
			return &m->entry[i];
	return NULL;
}

static int check_taken(struct map *m, const struct json_object *record)
{
	for (size_t i = 0; i < m->count; i++) {
		const struct map_entry *e = &m->entry[i];
		const struct json_member *taken = e->present ? json_find_last(record, e->to) : NULL;

		if (taken == NULL || renaming(m, (size_t)(taken - record->member)) != NULL)
			continue;
		snprintf(m->detail, sizeof m->detail, "%.*s is mapped to %.*s, which the record has already",
		         SPAN_ARG(e->from),
		         SPAN_ARG(e->to));
		return -1;
	}
	return 0;
}

int map_apply(struct map *m, const struct json_object *record, struct buf *to)
{
	const char *from = record->text.p, *close = record->text.p + record->text.n - 1;

	for (size_t i = 0; i < m->count; i++)
		find(m, record, &m->entry[i]);
	if (check_taken(m, record) < 0)
		return -1;
	for (size_t i = 0; i < record->count; i++) {
		const struct map_entry *e = renaming(m, i);
		struct span name = record->member[i].name;

		if (e == NULL)
			continue;
		buf_add(to, from, (size_t)(name.p - from));
		buf_add_span(to, e->to);
		from = name.p + name.n;
	}
	buf_add(to, from, (size_t)(close - from));
	for (size_t i = 0; i < m->count; i++) {
		const struct map_entry *e = &m->entry[i];

		if (e->present && e->at == SIZE_MAX)
			buf_addf(to, ",\"%.*s\":%.*s", SPAN_ARG(e->to), SPAN_ARG(e->value));
	}
	buf_add_char(to, '}');
	return 0;
}
