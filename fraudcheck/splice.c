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

static void add_between(struct buf *to, const char *from, const char *until)
{
	buf_add(to, from, (size_t)(until - from));
}

void splice_members(struct buf *to, const struct json_object *record,
                    bool (*cut)(const void *arg, const struct json_member *m),
            const void *arg, struct span tail)
{
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
			add_between(to, from, end_of(m - 1));
		behind = true;
		from = end_of(m);
	}
	if (kept) {
		add_between(to, from, close);
		buf_add_char(to, ',');
	} else {
		buf_add_char(to, '{');
	}
	buf_add_span(to, tail);
}
