/* The fence's memory of the input: segments and their order. The statements are in fence_sql.c. */
#include "fence.h"

#include <inttypes.h>
#include <stdlib.h>
#include <unistd.h>

#include "exit.h"
#include "log.h"
#include "parse.h"

void fence_init(struct fence *f, const char *target, const char *stream)
{
	char host[64] = "";

	*f = (struct fence){.target = target, .stream = stream};
	gethostname(host, sizeof(host) - 1);
	snprintf(f->writer, sizeof(f->writer), "%s:%ld", host, (long)getpid());
}

void fence_free(struct fence *f)
{
	for (size_t i = 0; i < f->count; i++) {
		free(f->partition[i]->stream);
		free(f->partition[i]->topic);
		free(f->partition[i]->run);
		free(f->partition[i]->mine);
		free(f->partition[i]);
	}
	free(f->partition);
	for (size_t i = 0; i < f->gaps; i++)
		free(f->gap[i].topic);
	free(f->gap);
}

int fence_accept_gap(struct fence *f, const char *text)
{
	const char *slash = strrchr(text, '/'), *colon = strrchr(text, ':'), *dash = strrchr(text, '-');
	struct gap g = {0};

	if (slash == NULL || colon == NULL || dash == NULL || slash == text || colon < slash || dash < colon)
		return -1;
	if (parse_int((struct span){slash + 1, (size_t)(colon - slash - 1)}, &g.partition) < 0 ||
	    parse_int((struct span){colon + 1, (size_t)(dash - colon - 1)}, &g.from) < 0 ||
	    parse_int(span_of(dash + 1), &g.to) < 0 ||
	    g.partition < 0 || g.partition > INT32_MAX || g.from < 0 || g.to <= g.from)
		return -1;
	g.topic = xstrndup(text, (size_t)(slash - text));
	f->gap = xrealloc(f->gap, (f->gaps + 1) * sizeof(*f->gap));
	f->gap[f->gaps++] = g;
	return 0;
}

static bool is(const char *text, struct span s)
{
	return span_eq(span_of(text), s);
}

static struct partition *find(struct fence *f, const struct envelope *e)
{
	for (size_t i = 0; i < f->count; i++) {
		struct partition *p = f->partition[i];

		if (p->partition == e->partition && is(p->topic, e->topic) && is(p->stream, e->stream))
			return p;
	}
	struct partition *p = xcalloc(1, sizeof(*p));
	p->stream = xstrndup(e->stream.p, e->stream.n);
	p->topic = xstrndup(e->topic.p, e->topic.n);
	p->partition = (int32_t)e->partition;
	p->number = f->count;
	f->partition = xrealloc(f->partition, (f->count + 1) * sizeof(*f->partition));
	f->partition[f->count++] = p;
	return p;
}

static void open_segment(struct partition *p, const struct envelope *e)
{
	free(p->run);
	p->run = xstrndup(e->run.p, e->run.n);
	p->segment++;
	p->begin = e->begin;
	p->of = e->of;
	p->resume = span_eq(e->origin, SPAN("resume"));
	p->beginning = span_eq(e->origin, SPAN("beginning"));
	p->next_line = -1;
}

/* What the constant part of a run's lines must agree in. */
static bool same_start(const struct partition *p, const struct envelope *e)
{
	return p->begin == e->begin && p->of == e->of && p->resume == span_eq(e->origin, SPAN("resume")) &&
	       p->beginning == span_eq(e->origin, SPAN("beginning"));
}

static enum fence_answer refuse(const struct line_reader *r, const struct envelope *e, const char *what)
{
	log_error("%s:%" PRIu64 ": %.*s/%" PRId64 " offset %" PRId64 " of stream %.*s: %s", line_source(r), line_number(r),
	          SPAN_ARG(e->topic), e->partition, e->offset, SPAN_ARG(e->stream), what);
	return FENCE_STOP;
}

static struct claim *claim_of(struct batch *b, struct partition *p)
{
	if (!p->touched) {
		struct claim *c = batch_claim(b);

		c->partition = p;
		c->segment = p->segment;
		c->begin = p->begin;
		c->of = p->of;
		c->resume = p->resume;
		c->beginning = p->beginning;
		c->run = batch_text(b, span_of(p->run));
		p->touched = true;
		p->claim_at = b->claims - 1;
	}
	return &b->claim[p->claim_at];
}

/* The next record has this offset, or the log ends there: what the run has left out before it. */
static void note_hole(struct claim *c, const struct partition *p, int64_t offset)
{
	int64_t from = p->next_line > p->begin ? p->next_line : p->begin;

	if (p->next_line <= p->begin)
		c->entered = offset;
	if (offset > from)
		holes_add(&c->holes, from, offset);
}

static void note_control(struct batch *b, struct partition *p, const struct envelope *e)
{
	struct claim *c = claim_of(b, p);

	if (e->event == EVENT_ASSIGNED && e->cluster.p != NULL && e->cluster.n < sizeof(c->cluster)) {
		memcpy(c->cluster, e->cluster.p, e->cluster.n);
		c->cluster[e->cluster.n] = '\0';
	}
	if (e->event == EVENT_END) {
		if (e->next > c->end)
			c->end = e->next;
		note_hole(c, p, e->next);
		if (e->next > p->next_line)
			p->next_line = e->next;
	}
}

static enum fence_answer note_record(struct batch *b, struct partition *p, const struct envelope *e, const struct line_reader *r)
{
	if (e->offset < p->next_line) {
		log_error("%s:%" PRIu64 ": %s/%" PRId32 " of stream %s, run %s: offset %" PRId64 " after offset %" PRId64
		          ": something between kconsume and pgload reordered or split the records; nothing of this batch is "
		          "stored. Take it out of the pipe, then pgload --reset-stream --stream %s (what is read again is not "
		          "stored twice)",
		          line_source(r), line_number(r), p->topic, p->partition, p->stream, p->run, e->offset,
		          p->next_line - 1, p->stream);
		return FENCE_BREAK;
	}
	if (e->warm != (e->offset < p->begin))
		return refuse(r, e, e->warm ? "a warm record that is not before the begin of its run"
		                            : "a record before the begin of its run");
	if (!e->warm) {
		struct claim *c = claim_of(b, p);

		note_hole(c, p, e->offset);
		c->end = e->offset + 1;
	}
	p->next_line = e->offset + 1;
	return e->warm ? FENCE_SKIP : FENCE_TAKE;
}

struct partition *fence_find(struct fence *f, const struct intake *in, const struct line_reader *r)
{
	const struct envelope *e = &in->envelope;

	if (f->last != NULL && e->same_run)
		return f->last;
	if (e->partition > INT32_MAX || e->of > INT32_MAX) {
		refuse(r, e, "no such partition number");
		return NULL;
	}
	if (f->stream != NULL && !is(f->stream, e->stream)) {
		refuse(r, e, "another stream than --stream says");
		return NULL;
	}
	return find(f, e);
}

enum fence_answer fence_note(struct fence *f, struct batch *b, struct partition *p, const struct intake *in, const struct line_reader *r)
{
	const struct envelope *e = &in->envelope;

	if (f->off) {
		f->last = p;
		return e->event != EVENT_NONE || e->warm ? FENCE_SKIP : FENCE_TAKE;
	}
	if (p->run == NULL || !is(p->run, e->run)) {
		if (e->event == EVENT_REVOKED) { /* the end of a run that no line told of */
			f->last = NULL;
			return FENCE_SKIP;
		}
		if (p->touched)
			return FENCE_CUT;
		open_segment(p, e);
	} else if (!same_start(p, e)) {
		return refuse(r, e, "its run began elsewhere, by an earlier line: the envelope was changed on the way");
	}
	f->last = p;
	if (e->event != EVENT_NONE) {
		if (e->event != EVENT_REVOKED)
			note_control(b, p, e);
		return FENCE_SKIP;
	}
	return note_record(b, p, e, r);
}

void fence_seal(const struct batch *b)
{
	for (size_t i = 0; i < b->claims; i++)
		b->claim[i].partition->touched = false;
}

/* --- the writer's ----------------------------------------------------------------------------------------- */

void fence_take_claims(struct batch *b)
{
	for (size_t i = 0; i < b->claims; i++) {
		struct claim *c = &b->claim[i];
		struct partition *p = c->partition;

		p->claim = c;
		c->locked = false;
		c->gap = 0;
		if (p->known != c->segment) {
			p->known = c->segment;
			p->have = c->begin;
			p->first = true;
			p->satisfied = false;
		}
	}
}

/* Met in its middle: whatever filters leave out, who reads a run again has seen the lines before. */
static bool entered_late(const struct batch *b, const struct claim *c)
{
	const struct partition *p = c->partition;

	return c->open && p->first && c->entered > c->position && (p->mine == NULL || !is(p->mine, batch_piece(&b->text, c->run)));
}

int fence_check_run(const struct batch *b, const struct partition **p)
{
	bool any = false;

	for (size_t i = 0; i < b->claims; i++) {
		const struct claim *c = &b->claim[i];

		any |= c->left_out.count > 0;
		if (!entered_late(b, c))
			continue;
		*p = c->partition;
		log_error("%s/%" PRId32 " of stream %s, run %.*s: this pgload reads it from offset %" PRId64 " on; another one, which stored what "
		          "comes before %" PRId64 " and has not come to the end of its input, may have left out what is between. All lines of a run must go to one "
		          "pgload: start whole pipelines again, after pgload --reset-stream --stream %s (what is read again is not stored twice)",
		          (*p)->topic, (*p)->partition, (*p)->stream, SPAN_ARG(batch_piece(&b->text, c->run)), c->entered, c->position,
		          (*p)->stream);
		return EXIT_CONFLICT;
	}
	for (size_t i = 0; i < b->count && any; i++) {
		const struct record *r = &b->record[i];
		const struct claim *c = r->partition != NULL ? r->partition->claim : NULL;

		if (c == NULL || r->offset >= c->position || !holes_have(&c->left_out, r->offset))
			continue;
		*p = r->partition;
		log_error("%s:%" PRIu64 ": %s/%" PRId32 " of stream %s, run %.*s: offset %" PRId64 " was left out when what follows it was "
		          "stored, by another pgload or under another filter: something splits the records between kconsume and pgload, and "
		          "some are not stored. Take it out of the pipe, then pgload --reset-stream --stream %s (what is read again is not "
		          "stored twice)",
		          r->source, r->line, (*p)->topic, (*p)->partition, (*p)->stream, SPAN_ARG(batch_piece(&b->text, c->run)), r->offset,
		          (*p)->stream);
		return EXIT_CONFLICT;
	}
	return EXIT_DONE;
}

static void count_record(struct claim *c, const struct record *r)
{
	switch (r->verdict) {
	case VERDICT_ROW: c->rows++; break;
	case VERDICT_DUPLICATE: c->duplicates++; break;
	case VERDICT_DEAD: c->dead_letters++; break;
	case VERDICT_LABEL: c->labels++; break;
	default: c->skipped++; return;
	}
	c->last_offset = r->offset;
	c->last_ts = r->ts;
}

void fence_count(struct batch *b)
{
	for (size_t i = 0; i < b->claims; i++) {
		struct claim *c = &b->claim[i];

		c->rows = c->duplicates = c->dead_letters = c->labels = c->skipped = 0;
		c->last_offset = c->last_ts = -1;
		c->next = c->end > c->position ? c->end : c->position;
	}
	for (size_t i = 0; i < b->count; i++)
		if (b->record[i].partition != NULL)
			count_record(b->record[i].partition->claim, &b->record[i]);
}

void fence_committed(const struct batch *b)
{
	for (size_t i = 0; i < b->claims; i++) {
		const struct claim *c = &b->claim[i];
		struct partition *p = c->partition;

		if (c->counted && (p->mine == NULL || !is(p->mine, batch_piece(&b->text, c->run)))) {
			free(p->mine);
			p->mine = xstrndup(b->text.p + c->run.at, c->run.n);
		}
		p->first = false;
		p->satisfied = p->seen = true;
		if (c->end > p->have)
			p->have = c->end;
	}
}
