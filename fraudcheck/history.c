#include "history.h"

#include <inttypes.h>
#include <stdlib.h>

#include "buf.h"
#include "murmur2.h"
#include "rfc3339.h"

/* Producers write Kafka times as they like: one behind this (in milliseconds, the year 148000) is none, so that adding to it is safe. */
static const int64_t TS_MAX = INT64_MAX / 2000;

void history_init(struct history *h, const struct plan *plan, const struct history_options *options)
{
	*h = (struct history){.plan = plan, .options = *options};
	h->group = xcalloc(plan->groups, sizeof *h->group);
}

/* --- partitions --------------------------------------------------------------------------------------------------- */

static void forget_all(const struct history *h, struct history_partition *p)
{
	for (size_t i = 0; i < h->plan->groups; i++) {
		keys_free(&p->keys[i]);
		keys_init(&p->keys[i], &h->plan->group[i], &p->strings);
	}
	intern_free(&p->strings);
	p->any = p->whole = p->begun = false;
}

static struct history_partition *partition_new(struct history *h, int64_t number)
{
	struct history_partition *p = xcalloc(1, sizeof *p);

	p->number = number;
	p->keys = xcalloc(h->plan->groups, sizeof *p->keys);
	for (size_t i = 0; i < h->plan->groups; i++)
		keys_init(&p->keys[i], &h->plan->group[i], &p->strings);
	h->partition = xrealloc(h->partition, (h->partitions + 1) * sizeof(struct history_partition *));
	h->partition[h->partitions++] = p;
	return p;
}

static void partition_free(const struct history *h, struct history_partition *p)
{
	for (size_t i = 0; i < h->plan->groups; i++)
		keys_free(&p->keys[i]);
	intern_free(&p->strings);
	free(p->keys);
	free(p->topic);
	free(p->run);
	free(p);
}

void history_free(struct history *h)
{
	for (size_t i = 0; i < h->partitions; i++)
		partition_free(h, h->partition[i]);
	free(h->partition);
	free(h->group);
	buf_free(&h->text);
	*h = (struct history){0};
}

void history_take_over(struct history *h, struct history *from)
{
	for (size_t i = 0; i < from->partitions; i++)
		for (size_t g = 0; g < h->plan->groups; g++)
			from->partition[i]->keys[g].group = &h->plan->group[g];
	h->partition = from->partition;
	h->partitions = from->partitions;
	h->at = from->at;
	h->counts = from->counts;
	from->partition = NULL;
	from->partitions = 0;
	from->at = NULL;
}

static void drop_partition(struct history *h, struct history_partition *p)
{
	for (size_t i = 0; i < h->partitions; i++)
		if (h->partition[i] == p)
			h->partition[i] = h->partition[--h->partitions];
	if (h->at == p)
		h->at = NULL;
	partition_free(h, p);
}

/* The partition that the envelope names, empty if it begins a run. */
static struct history_partition *find_partition(struct history *h, const struct envelope *e)
{
	struct history_partition *p = NULL;

	for (size_t i = 0; i < h->partitions && p == NULL; i++)
		if (h->partition[i]->number == e->partition && h->partition[i]->topic != NULL &&
		    span_eq(span_of(h->partition[i]->topic), e->topic))
			p = h->partition[i];
	if (p == NULL) {
		p = partition_new(h, e->partition);
		p->topic = xstrndup(e->topic.p, e->topic.n);
	} else if (span_eq(span_of(p->run), e->run)) {
		return p; /* it stayed */
	} else {
		forget_all(h, p);
		free(p->run);
	}
	p->run = xstrndup(e->run.p, e->run.n);
	p->whole = e->begin == 0;
	return p;
}

void history_enter(struct history *h, const struct envelope *e)
{
	h->is_warm = e->warm; /* also where there are no windows: it was judged before */
	if (h->plan->features == 0)
		return;
	if (!e->same_run || h->at == NULL)
		h->at = find_partition(h, e);
	h->ts = e->ts >= 0 && e->ts <= TS_MAX ? e->ts * 1000 : -1;
	h->evaluated = false;
	if (e->event == EVENT_ASSIGNED && e->from == 0)
		h->at->whole = true;
	if (e->event == EVENT_REVOKED)
		drop_partition(h, h->at);
	if (e->event == EVENT_NONE && !h->at->begun) {
		h->at->begun = true;
		h->at->first_ts = h->ts;
		h->at->whole |= e->offset == 0;
	}
}

void history_enter_plain(struct history *h, struct span key)
{
	uint32_t number = 0;

	h->is_warm = false;
	if (h->plan->features == 0)
		return;
	h->ts = -1;
	h->evaluated = false;
	if (h->options.partitions > 1 && key.n > 0)
		number = (murmur2(key) & INT32_MAX) % h->options.partitions;
	for (size_t i = 0; i < h->partitions; i++) {
		if (h->partition[i]->number == number) {
			h->at = h->partition[i];
			return;
		}
	}
	h->at = partition_new(h, number);
	h->at->whole = true;
}

size_t history_keys(const struct history *h)
{
	size_t count = 0;

	for (size_t i = 0; i < h->partitions; i++)
		for (size_t g = 0; g < h->plan->groups; g++)
			count += h->partition[i]->keys[g].count;
	return count;
}

int64_t history_horizon(const struct history *h, const struct history_partition *p, int64_t keep)
{
	return p->any ? p->newest - h->options.lateness - keep : INT64_MIN;
}

/* --- are the windows whole? ----------------------------------------------------------------------------------------- */

/*
 * Everything before the first record of the run has an event time of at most its Kafka time and max_ahead: that is what was learned.
 * Nothing at or before the horizon of the record at hand is ever looked at. Between the two nothing may lie.
 */
int history_check_cover(struct history *h, int64_t time, struct buf *why)
{
	struct history_partition *p = h->at;
	int64_t newest = p->any && p->newest > time ? p->newest : time;
	int64_t needed = newest - h->options.lateness - h->plan->longest;
	int64_t unread; /* the latest that may have gone unread */

	if (p->whole || h->options.cold || h->is_warm)
		return 0;
	unread = p->first_ts >= 0 ? p->first_ts + h->options.max_ahead : INT64_MAX;
	if (unread <= needed) {
		p->whole = true;
		return 0;
	}
	buf_addf(why, "%s/%" PRId64 ": the windows of the rules reach back to ", p->topic, p->number);
	rfc3339_write(why, needed);
	if (p->first_ts < 0)
		buf_add_text(why, ", but the records have no Kafka time that would tell what was read");
	else
		buf_addf(why, ", but reading began too late for that: let kconsume --rewind %" PRId64 "s or more (fraudcheck "
		         "--longest-window tells what is enough for records that arrive as they happen)",
		         ((h->ts > 0 ? h->ts : time) + h->options.max_ahead - needed) / 1000000 + 1);
	buf_add_text(why, ", read from the beginning of the log, or accept incomplete windows by --cold");
	return -1;
}
