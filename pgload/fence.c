/* The fence's memory of the input: segments and their order. The statements are in fence_sql.c. */
#include "fence.h"

#include <inttypes.h>
#include <stdlib.h>
#include <unistd.h>

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
		free(f->partition[i]);
	}
	free(f->partition);
	for (size_t i = 0; i < f->gaps; i++)
		free(f->gap[i].topic);
	free(f->gap);
	buf_free(&f->stream_names);
	buf_free(&f->topics);
	buf_free(&f->clusters);
	for (size_t i = 0; i < sizeof(f->numbers) / sizeof(f->numbers[0]); i++)
		buf_free(&f->numbers[i]);
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
	f->partition = xrealloc(f->partition, (f->count + 1) * sizeof(*f->partition));
	f->partition[f->count++] = p;
	return p;
}

static void open_segment(struct partition *p, const struct envelope *e)
{
	free(p->run);
	p->run = xstrndup(e->run.p, e->run.n);
	p->begin = p->have = e->begin;
	p->of = e->of;
	p->resume = span_eq(e->origin, SPAN("resume"));
	p->beginning = span_eq(e->origin, SPAN("beginning"));
	p->next_line = -1;
	p->first = true;
	p->satisfied = false;
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

static void touch(struct partition *p)
{
	if (!p->touched) {
		p->touched = true;
		p->batch_end = -1;
		p->cluster[0] = '\0';
	}
}

static void note_control(struct partition *p, const struct envelope *e)
{
	touch(p);
	if (e->event == EVENT_ASSIGNED && e->cluster.p != NULL && e->cluster.n < sizeof(p->cluster)) {
		memcpy(p->cluster, e->cluster.p, e->cluster.n);
		p->cluster[e->cluster.n] = '\0';
	}
	if (e->event == EVENT_END) {
		if (e->next > p->batch_end)
			p->batch_end = e->next;
		if (e->next > p->next_line)
			p->next_line = e->next;
	}
}

static enum fence_answer note_record(struct partition *p, const struct envelope *e, const struct line_reader *r,
                                     struct partition **at_fault)
{
	if (e->offset < p->next_line) {
		*at_fault = p;
		log_error("%s:%" PRIu64 ": %s/%" PRId32 " of stream %s, run %s: offset %" PRId64 " after offset %" PRId64
		          ": something between kconsume and pgload reordered or split the records; nothing of this batch is "
		          "stored. Take it out of the pipe, then pgload --reset-stream --stream %s (what is read again is not "
		          "stored twice)",
		          line_source(r), line_number(r), p->topic, p->partition, p->stream, p->run, e->offset,
		          p->next_line - 1, p->stream);
		return FENCE_STOP;
	}
	if (e->warm != (e->offset < p->begin))
		return refuse(r, e, e->warm ? "a warm record that is not before the begin of its run"
		                            : "a record before the begin of its run");
	p->next_line = e->offset + 1;
	if (e->warm)
		return FENCE_SKIP;
	touch(p);
	p->batch_end = e->offset + 1;
	return FENCE_TAKE;
}

enum fence_answer fence_note(struct fence *f, const struct intake *in, const struct line_reader *r,
                             struct partition **partition)
{
	const struct envelope *e = &in->envelope;
	struct partition *p = f->last;

	*partition = NULL;
	if (p == NULL || !e->same_run) {
		if (e->partition > INT32_MAX || e->of > INT32_MAX)
			return refuse(r, e, "no such partition number");
		if (f->stream != NULL && !is(f->stream, e->stream))
			return refuse(r, e, "another stream than --stream says");
		p = find(f, e);
	}
	if (f->off) {
		f->last = p;
		*partition = p;
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
			note_control(p, e);
		return FENCE_SKIP;
	}
	enum fence_answer answer = note_record(p, e, r, partition);
	if (answer == FENCE_TAKE)
		*partition = p;
	return answer;
}

bool fence_touched(const struct fence *f)
{
	for (size_t i = 0; i < f->count; i++)
		if (f->partition[i]->touched)
			return true;
	return false;
}

static void count_record(struct partition *p, const struct record *r)
{
	switch (r->verdict) {
	case VERDICT_ROW: p->rows++; break;
	case VERDICT_DUPLICATE: p->duplicates++; break;
	case VERDICT_DEAD: p->dead_letters++; break;
	case VERDICT_LABEL: p->labels++; break;
	default: p->skipped++; return;
	}
	p->last_offset = r->offset;
	p->last_ts = r->ts;
}

void fence_count(struct fence *f, const struct batch *b)
{
	for (size_t i = 0; i < f->count; i++) {
		struct partition *p = f->partition[i];

		p->rows = p->duplicates = p->dead_letters = p->labels = p->skipped = 0;
		p->last_offset = p->last_ts = -1;
	}
	for (size_t i = 0; i < b->count; i++)
		if (b->record[i].partition != NULL)
			count_record(b->record[i].partition, &b->record[i]);
	for (size_t i = 0; i < f->count; i++) {
		struct partition *p = f->partition[i];

		p->next = p->batch_end > p->position ? p->batch_end : p->position;
	}
}

void fence_committed(struct fence *f, bool dry_run)
{
	for (size_t i = 0; i < f->count; i++) {
		struct partition *p = f->partition[i];

		if (!p->touched)
			continue;
		p->touched = p->locked = false;
		if (dry_run)
			continue;
		p->first = false;
		p->satisfied = p->seen = true;
		if (p->batch_end > p->have)
			p->have = p->batch_end;
	}
}
