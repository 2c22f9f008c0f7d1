#include "splice.h"

static const char *begin_of(const struct json_member *m)
{
	return m->name.p - 1; /* its opening quote */
}

static const char *end_of(const struct json_member *m)
{
	struct span raw = json_raw(m);

	return raw.p + raw.n;
}

/* `done`: how many of the edits lie before. */
static void add_between(struct buf *to, const char *from, const char *until, const struct splice_edits *edits, size_t *done)
{
	for (; *done < edits->count && edits->edit[*done].from < until; (*done)++) {
		const struct splice_edit *e = &edits->edit[*done];

		if (e->from < from)
			continue; /* of what was left out */
		buf_add(to, from, (size_t)(e->from - from));
		buf_add(to, edits->text + e->at, e->n);
		from = e->until;
	}
	buf_add(to, from, (size_t)(until - from));
}

void splice_text(struct buf *to, struct span text, const struct splice_edits *edits)
{
	size_t done = 0;

	add_between(to, text.p, text.p + text.n, edits, &done);
}

void splice_members(struct buf *to, const struct json_object *record,
                    bool (*cut)(const void *arg, const struct json_member *m),
            const void *arg, const struct splice_edits *edits, struct span tail)
{
	size_t done = 0;
	const char *from = record->text.p, *close = record->text.p + record->text.n - 1;
	bool kept = cut == NULL && record->count > 0, behind = false;

	/* A member is cut together with the comma before it; until one has been kept, with the comma behind it. */
	for (size_t i = 0; cut != NULL && i < record->count; i++) {
		const struct json_member *m = &record->member[i];

		if (!cut(arg, m)) {
			if (!kept && behind) {
				buf_add_char(to, '{');
				from = begin_of(m);
			}
			kept = true;
			behind = false;
			continue;
		}
		if (kept && !behind)
			add_between(to, from, end_of(m - 1), edits, &done);
		behind = true;
		from = end_of(m);
	}
	if (kept) {
		add_between(to, from, close, edits, &done);
		buf_add_char(to, ',');
	} else {
		buf_add_char(to, '{');
	}
	buf_add_span(to, tail);
}
