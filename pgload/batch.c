#include "batch.h"

#include <stdlib.h>

#include "clock.h"
#include "json.h"

void batch_free(struct batch *b)
{
	free(b->record);
	free(b->claim);
	free(b->letter);
	for (int i = 0; i < SINK_DEAD; i++)
		buf_free(&b->rows[i]);
	buf_free(&b->raw);
	buf_free(&b->text);
	*b = (struct batch){0};
}

void batch_clear(struct batch *b)
{
	b->count = b->claims = b->letters = b->letters_read = b->text_read = 0;
	b->started = 0;
	for (int i = 0; i < SINK_DEAD; i++)
		buf_clear(&b->rows[i]);
	buf_clear(&b->raw);
	buf_clear(&b->text);
}

static void start(struct batch *b)
{
	if (batch_empty(b))
		b->started = clock_monotonic();
}

struct claim *batch_claim(struct batch *b)
{
	if (b->claims == b->claims_cap) {
		b->claims_cap = b->claims_cap == 0 ? 16 : b->claims_cap * 2;
		b->claim = xrealloc(b->claim, b->claims_cap * sizeof(*b->claim));
	}
	start(b);
	struct claim *c = &b->claim[b->claims++];
	*c = (struct claim){.end = -1, .entered = -1};
	return c;
}

struct record *batch_add(struct batch *b, enum sink sink)
{
	if (b->count == b->cap) {
		b->cap = b->cap == 0 ? 1024 : b->cap * 2;
		b->record = xrealloc(b->record, b->cap * sizeof(*b->record));
	}
	start(b);
	struct record *r = &b->record[b->count++];
	*r = (struct record){.sink = (uint8_t)sink, .offset = -1, .ts = -1};
	return r;
}

struct piece batch_text(struct batch *b, struct span text)
{
	struct piece p = {b->text.n, text.n};

	buf_add_span(&b->text, text);
	if (!utf8_valid(text)) /* a file name, say */
		for (size_t i = p.at; i < b->text.n; i++)
			if ((unsigned char)b->text.p[i] >= 0x80)
				b->text.p[i] = '?';
	return p;
}

struct letter *batch_letter(struct batch *b, size_t i, struct span by, struct span reason, struct span detail)
{
	if (b->letters == b->letters_cap) {
		b->letters_cap = b->letters_cap == 0 ? 64 : b->letters_cap * 2;
		b->letter = xrealloc(b->letter, b->letters_cap * sizeof(*b->letter));
	}
	struct letter *l = &b->letter[b->letters++];
	*l = (struct letter){.record = i};
	l->by = batch_text(b, by);
	l->reason = batch_text(b, reason);
	l->detail = batch_text(b, detail);
	b->record[i].verdict = VERDICT_DEAD;
	return l;
}

void batch_seal(struct batch *b)
{
	b->letters_read = b->letters;
	b->text_read = b->text.n;
}

void batch_rewind(struct batch *b)
{
	b->letters = b->letters_read;
	b->text.n = b->text_read;
	for (size_t i = 0; i < b->count; i++)
		b->record[i].verdict = VERDICT_NONE;
}
