#include "facts.h"

#include <math.h>

#include "decimal.h"
#include "rfc3339.h"

struct span facts_string(const struct json_object *record, struct span name, struct buf *text)
{
	const struct json_member *m = json_find(record, name);
	size_t before = text->n;

	if (m == NULL || m->type != JSON_STRING)
		return (struct span){0};
	if (!m->escaped || json_unescape(text, m->value) < 0)
		return m->value;
	return (struct span){text->p + before, text->n - before};
}

static double value_of(const struct json_object *record, const struct currency_table *currencies, struct buf *text)
{
	const struct json_member *amount = json_find(record, SPAN("amount"));
	const struct currency *c = currency_find(currencies, facts_string(record, SPAN("currency"), text));

	return amount != NULL && amount->type == JSON_NUMBER && c != NULL ? decimal_double(amount->value) / c->units_per_base : NAN;
}

void facts_read(struct facts *f, const struct json_object *record, const struct currency_table *currencies)
{
	buf_clear(&f->text);
	buf_room(&f->text, record->text.n); /* what is unescaped grows no longer than it was: spans into it stay */
	f->value = value_of(record, currencies, &f->text);
	f->id = facts_string(record, SPAN("transaction_id"), &f->text);
	f->customer = facts_string(record, SPAN("customer_id"), &f->text);
	f->timed = rfc3339_read(facts_string(record, SPAN("transaction_ts"), &f->text), &f->time) == 0;
}

void facts_free(struct facts *f)
{
	buf_free(&f->text);
}
