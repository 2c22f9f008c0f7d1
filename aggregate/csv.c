#include "csv.h"

#include <string.h>

#include "place.h"
#include "json.h"

struct cursor {
	struct arena *arena;
	const char *file;
	const char *p, *end;
	int line;
	char delimiter;
};

static struct place here(const struct cursor *c)
{
	return (struct place){c->file, c->line};
}

static bool at_line_end(const struct cursor *c)
{
	return c->p == c->end || *c->p == '\n' || (*c->p == '\r' && (c->p + 1 == c->end || c->p[1] == '\n'));
}

static int quoted_read(struct cursor *c, struct csv_cell *to)
{
	struct place began = here(c);
	char *text = arena_alloc(c->arena, 64), *grown;
	size_t n = 0, cap = 64;

	c->p++;
	for (;; c->p++) {
		if (c->p == c->end)
			return place_error(began, "a cell in quotes does not end");
		if (*c->p == '"' && (c->p + 1 == c->end || c->p[1] != '"'))
			break;
		if (*c->p == '"')
			c->p++;
		c->line += *c->p == '\n';
		if (n + 1 == cap) {
			grown = arena_alloc(c->arena, cap *= 2);
			memcpy(grown, text, n);
			text = grown;
		}
		text[n++] = *c->p;
	}
	c->p++;
	*to = (struct csv_cell){text, true};
	if (c->p != c->end && *c->p != c->delimiter && !at_line_end(c))
		return place_error(here(c), "behind a cell in quotes there must be '%c' or the end of the line", c->delimiter);
	return 0;
}

static int cell_read(struct cursor *c, struct csv_cell *to)
{
	const char *start = c->p;

	if (c->p < c->end && *c->p == '"')
		return quoted_read(c, to);
	while (!at_line_end(c) && *c->p != c->delimiter) {
		if (*c->p == '"')
			return place_error(here(c), "a quote inside a cell: put the whole cell into quotes, and double the quote");
		c->p++;
	}
	*to = (struct csv_cell){arena_text(c->arena, start, (size_t)(c->p - start)), false};
	return 0;
}

/* The cells of a line, behind those that are in *cell already. */
static int line_read(struct cursor *c, struct csv_cell **cell, size_t *count)
{
	for (;;) {
		*cell = arena_more(c->arena, *cell, *count, sizeof **cell);
		if (cell_read(c, &(*cell)[*count]) < 0)
			return -1;
		(*count)++;
		if (c->p == c->end || *c->p != c->delimiter)
			break;
		c->p++;
	}
	if (c->p < c->end && *c->p == '\r')
		c->p++;
	if (c->p < c->end)
		c->p++;
	return 0;
}

/* Over empty lines; false at the end of the file. */
static bool next_line(struct cursor *c)
{
	while (c->p < c->end && at_line_end(c)) {
		c->line += *c->p == '\n';
		c->p++;
	}
	return c->p < c->end;
}

static int names_read(struct cursor *c, struct csv *to)
{
	struct csv_cell *cell = NULL;
	struct place at;
	size_t count = 0;

	if (!next_line(c))
		return place_error(here(c), "holds no line with column names");
	at = here(c);
	if (line_read(c, &cell, &count) < 0)
		return -1;
	to->name = arena_alloc(c->arena, count * sizeof *to->name);
	for (size_t i = 0; i < count; i++) {
		if (cell[i].text[0] == '\0')
			return place_error(at, "column %zu has no name", i + 1);
		for (size_t k = 0; k < i; k++)
			if (strcmp(to->name[k], cell[i].text) == 0)
				return place_error(at, "the column '%s' is there twice", cell[i].text);
		to->name[i] = cell[i].text;
	}
	to->columns = count;
	return 0;
}

int csv_read(struct arena *arena, const char *file, struct span text, char delimiter, struct csv *to)
{
	struct cursor c = {arena, file, text.p, text.p + text.n, 1, delimiter};
	size_t cells = 0;

	*to = (struct csv){0};
	if (!utf8_valid(text) || memchr(text.p, '\0', text.n) != NULL)
		return place_error((struct place){file, 0}, "is not UTF-8 text");
	if (text.n >= 3 && memcmp(text.p, "\xef\xbb\xbf", 3) == 0)
		c.p += 3;
	if (names_read(&c, to) < 0)
		return -1;
	for (c.line++; next_line(&c); c.line++) {
		struct place at = here(&c);
		size_t before = cells;

		if (line_read(&c, &to->cell, &cells) < 0)
			return -1;
		if (cells - before != to->columns)
			return place_error(at, "%zu cells in a table of %zu columns", cells - before, to->columns);
		to->rows++;
	}
	return 0;
}
