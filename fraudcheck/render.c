#include "render.h"

#include <math.h>
#include <stdio.h>

#include "decimal.h"
#include "rfc3339.h"

void render_json(struct buf *to, enum value_type type, const struct value *v)
{
	if (v->null) {
		buf_add_text(to, "null");
		return;
	}
	switch (type) {
	case TYPE_NUMBER:
		decimal_write(to, v->number);
		break;
	case TYPE_BOOL:
		buf_add_text(to, v->truth ? "true" : "false");
		break;
	case TYPE_TIME:
		buf_add_char(to, '"');
		rfc3339_write(to, v->time);
		buf_add_char(to, '"');
		break;
	case TYPE_STRING:
		json_quote(to, v->string);
		break;
	case TYPE_ANY:
		buf_add_span(to, v->string);
		break;
	}
}

/* Two decimals from 1 on, four significant digits below, no zeros at the end. */
static void readable_number(struct buf *to, double number)
{
	char text[400], *end;

	if (fabs(number) >= 1e15 || (number != 0 && fabs(number) < 1e-4)) {
		buf_addf(to, "%.4g", number);
		return;
	}
	snprintf(text, sizeof text, fabs(number) >= 1 ? "%.2f" : "%.4g", number);
	if (strchr(text, '.') != NULL) {
		for (end = text + strlen(text); end[-1] == '0';)
			*--end = '\0';
		if (end[-1] == '.')
			end[-1] = '\0';
	}
	buf_add_text(to, text);
}

static void render_member(struct buf *to, const struct json_member *m)
{
	if (m->type != JSON_STRING)
		buf_add_span(to, json_raw(m));
	else if (!m->escaped || json_unescape(to, m->value) < 0)
		buf_add_span(to, m->value);
}

static void render_value(struct buf *to, enum value_type type, const struct value *v)
{
	if (v->null) {
		buf_add_text(to, "null");
		return;
	}
	switch (type) {
	case TYPE_NUMBER:
		readable_number(to, v->number);
		break;
	case TYPE_BOOL:
		buf_add_text(to, v->truth ? "true" : "false");
		break;
	case TYPE_TIME:
		rfc3339_write(to, v->time);
		break;
	case TYPE_STRING:
	case TYPE_ANY:
		buf_add_span(to, v->string);
		break;
	}
}

/* Cut what was appended from `start` on, between two characters. */
static void shorten(struct buf *to, size_t start)
{
	if (to->n - start <= RENDER_SHOWN_MAX)
		return;
	for (to->n = start + RENDER_SHOWN_MAX; (to->p[to->n] & 0xc0) == 0x80;)
		to->n--;
	buf_add_text(to, "…");
}

/* A let may be nothing but a member: then it has the member's register. */
static bool is_hidden(const struct program_part *part, const struct program *p, const struct mask *mask)
{
	return mask != NULL && part->has_value && part->value < p->fields && mask_hides(mask, p->field[part->value].path);
}

void render_message(struct buf *to, const struct program_rule *rule, const struct binder *binder, const struct vm *vm, struct mask *mask)
{
	for (size_t i = 0; i < rule->parts; i++) {
		const struct program_part *part = &rule->part[i];
		const struct json_member *m = part->field >= 0 ? binder->member[part->field] : NULL;
		size_t start;

		buf_add_span(to, part->literal);
		start = to->n;
		if (is_hidden(part, binder->program, mask) && binder->member[part->value] != NULL)
			mask_show_member(mask, binder->member[part->value], to);
		else if (m != NULL)
			render_member(to, m);
		else if (part->has_value && part->type == TYPE_STRING && mask != NULL && !vm->reg[part->value].null)
			mask_show(mask, vm->reg[part->value].string, to);
		else if (part->has_value)
			render_value(to, part->type, &vm->reg[part->value]);
		shorten(to, start);
	}
}
