#include "rule_error.h"

#include <ctype.h>
#include <stdint.h>
#include <stdio.h>

enum { NAME_MAX_COMPARED = 64 };

static struct span line_around(const struct rule_source *s, const char *at, unsigned *number)
{
	const char *end = s->text.p + s->text.n, *begin = s->text.p, *newline;

	*number = 1;
	for (const char *p = s->text.p; p < at && p < end; p++) {
		if (*p == '\n') {
			++*number;
			begin = p + 1;
		}
	}
	newline = begin < end ? memchr(begin, '\n', (size_t)(end - begin)) : NULL;
	if (newline != NULL)
		end = newline;
	if (end > begin && end[-1] == '\r')
		end--;
	return (struct span){begin, (size_t)(end - begin)};
}

unsigned rule_line(const struct rule_source *s, struct span at)
{
	unsigned number;

	line_around(s, at.p, &number);
	return number;
}

static size_t characters(const char *p, size_t n)
{
	size_t count = 0;

	for (size_t i = 0; i < n; i++)
		count += ((unsigned char)p[i] & 0xc0) != 0x80;
	return count;
}

/* The line itself, and below it ^~~~ under the place; tabs become blanks, so that the two lines match everywhere. */
static void show_line(struct buf *to, struct span line, struct span at)
{
	size_t before = at.p > line.p ? (size_t)(at.p - line.p) : 0;
	size_t under;

	if (before > line.n)
		before = line.n;
	under = at.n < line.n - before ? at.n : line.n - before;
	buf_add_text(to, "\n  ");
	for (size_t i = 0; i < line.n; i++)
		buf_add_char(to, line.p[i] == '\t' ? ' ' : line.p[i]);
	buf_addf(to, "\n  %*s^", (int)characters(line.p, before), "");
	for (size_t i = 1; i < characters(line.p + before, under); i++)
		buf_add_char(to, '~');
}

int rule_error(struct rule_source *s, struct span at, const char *format, ...)
{
	struct span line;
	unsigned number;
	char text[512];
	va_list args;

	if (s->errors > 0 && s->last_at == at.p)
		return -1;
	s->last_at = at.p;
	if (s->errors++ >= RULE_ERRORS_SHOWN)
		return -1;
	va_start(args, format);
	vsnprintf(text, sizeof text, format, args);
	va_end(args);
	line = line_around(s, at.p, &number);
	if (s->messages.n > 0)
		buf_add_char(&s->messages, '\n');
	buf_addf(&s->messages, "%s:%u:%zu: %s", s->name, number, characters(line.p, (size_t)(at.p - line.p)) + 1, text);
	show_line(&s->messages, line, at);
	return -1;
}

void rule_source_free(struct rule_source *s)
{
	buf_free(&s->messages);
}

static size_t least(size_t a, size_t b, size_t c)
{
	size_t ab = a < b ? a : b;

	return ab < c ? ab : c;
}

size_t edit_distance(struct span a, struct span b)
{
	size_t rows[3][NAME_MAX_COMPARED + 1];
	size_t *before = rows[0], *above = rows[1], *row = rows[2];

	if (a.n > NAME_MAX_COMPARED || b.n > NAME_MAX_COMPARED)
		return SIZE_MAX;
	for (size_t j = 0; j <= b.n; j++)
		above[j] = before[j] = j;
	for (size_t i = 1; i <= a.n; i++) {
		size_t *oldest = before;

		row[0] = i;
		for (size_t j = 1; j <= b.n; j++) {
			bool same = a.p[i - 1] == b.p[j - 1];

			row[j] = least(above[j] + 1, row[j - 1] + 1, above[j - 1] + !same);
			if (i > 1 && j > 1 && a.p[i - 1] == b.p[j - 2] && a.p[i - 2] == b.p[j - 1] &&
			    before[j - 2] + 1 < row[j])
				row[j] = before[j - 2] + 1;
		}
		before = above;
		above = row;
		row = oldest;
	}
	return above[b.n];
}

struct suggestion suggest_begin(struct span wanted)
{
	return (struct suggestion){.wanted = wanted, .distance = wanted.n <= 2 ? 1 : wanted.n <= 5 ? 2 : 3};
}

void suggest_offer(struct suggestion *g, struct span candidate)
{
	size_t distance = edit_distance(g->wanted, candidate);

	/* `distance` starts as the first value that is too far */
	if (distance < g->distance && distance < candidate.n) {
		g->distance = distance;
		g->best = candidate;
	}
}
