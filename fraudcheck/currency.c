#include "currency.h"

#include <math.h>
#include <stdlib.h>

#include "decimal.h"
#include "json.h"

static size_t hash(struct span s)
{
	uint64_t h = 14695981039346656037u; /* FNV-1a */

	for (size_t i = 0; i < s.n; i++)
		h = (h ^ (unsigned char)s.p[i]) * 1099511628211u;
	return (size_t)(h ^ h >> 29);
}

static struct currency *place(const struct currency_table *t, struct span name)
{
	size_t at = hash(name) & (t->size - 1);

	while (t->slot[at].name.n > 0 && !span_eq(t->slot[at].name, name))
		at = (at + 1) & (t->size - 1);
	return &t->slot[at];
}

const struct currency *currency_find(const struct currency_table *t, struct span name)
{
	const struct currency *c;

	if (t->size == 0 || name.n == 0)
		return NULL;
	c = place(t, name);
	return c->name.n > 0 ? c : NULL;
}

/* The table is sized beforehand: at most one currency a line, at most half full. */
static void reserve(struct currency_table *t, struct span text)
{
	size_t lines = 2;

	for (size_t i = 0; i < text.n; i++)
		lines += text.p[i] == '\n';
	for (t->size = 8; t->size < 2 * lines;)
		t->size *= 2;
	t->slot = xcalloc(t->size, sizeof *t->slot);
}

/* NULL, or what is wrong with the line. */
static const char *add(struct currency_table *t, const struct json_object *o)
{
	const struct json_member *name = json_find(o, SPAN("currency")), *units = json_find(o, SPAN("units_per_base"));
	struct currency *c;
	double value;

	if (name == NULL || name->type != JSON_STRING || name->escaped || name->value.n == 0)
		return "currency is missing or no plain string";
	if (units == NULL || units->type != JSON_NUMBER)
		return "units_per_base is missing or no number";
	value = decimal_double(units->value);
	if (!(value > 0) || !isfinite(value))
		return "units_per_base must be a number above 0";
	c = place(t, name->value);
	if (c->name.n > 0)
		return "this currency is there twice";
	*c = (struct currency){name->value, value};
	t->count++;
	return NULL;
}

int currency_load(struct currency_table *t, const char *name, struct span text, struct buf *error)
{
	struct json_object object = {0};
	const char *why = NULL, *line, *end;
	unsigned number = 0;

	*t = (struct currency_table){.text = xstrndup(text.p, text.n)};
	reserve(t, text);
	end = t->text + text.n;
	for (line = t->text; line < end && why == NULL; number++) {
		const char *newline = memchr(line, '\n', (size_t)(end - line));
		struct span s = {line, (size_t)((newline != NULL ? newline : end) - line)};
		size_t at;

		if (s.n > 0 && s.p[s.n - 1] == '\r')
			s.n--;
		if (s.n > 0) {
			enum json_fault fault = json_scan(&object, s, &at);

			why = fault != JSON_OK ? json_fault_name(fault) : add(t, &object);
		}
		line = newline != NULL ? newline + 1 : end;
	}
	json_object_free(&object);
	if (why == NULL && t->count == 0)
		why = "there are no currencies in it";
	if (why == NULL)
		return 0;
	buf_addf(error, "%s:%u: %s", name, number > 0 ? number : 1, why);
	currency_free(t);
	return -1;
}

void currency_free(struct currency_table *t)
{
	free(t->slot);
	free(t->text);
	*t = (struct currency_table){0};
}
