#include "partition.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "clock.h"
#include "envelope.h"

struct partition *partition_find(struct partitions *all, const char *topic, int32_t number)
{
	struct partition *p = all->last;

	if (p != NULL && p->number == number && strcmp(p->topic, topic) == 0)
		return p;
	for (size_t i = 0; i < all->count; i++) {
		p = all->item[i];
		if (p->number == number && strcmp(p->topic, topic) == 0) {
			all->last = p;
			return p;
		}
	}
	return NULL;
}

static struct metric *lag_metric(const char *topic, int32_t number)
{
	struct buf labels = {0};
	char text[16];
	struct metric *m;

	snprintf(text, sizeof text, "%" PRId32, number);
	metric_label(&labels, "topic", span_of(topic));
	metric_label(&labels, "partition", span_of(text));
	m = metric_new(METRIC_GAUGE, "txpipe_kconsume_lag_records", "Offsets between what was emitted and the end of the log",
	               buf_text(&labels));
	buf_free(&labels);
	return m;
}

struct partition *partition_get(struct partitions *all, const char *topic, int32_t number)
{
	struct partition *p = partition_find(all, topic, number);

	if (p != NULL)
		return p;
	if (all->count == all->cap) {
		all->cap = all->cap > 0 ? 2 * all->cap : 16;
		all->item = xrealloc(all->item, all->cap * sizeof(struct partition *));
	}
	p = xcalloc(1, sizeof *p);
	p->topic = xstrdup(topic);
	p->number = number;
	p->committed = -1;
	p->m_lag = lag_metric(topic, number);
	all->item[all->count++] = p;
	return p;
}

/* Unique among processes and their runs: 48 random bits and a counter. */
static void new_run(char *to, size_t room)
{
	static uint64_t prefix, count;

	if (prefix == 0 && getrandom(&prefix, sizeof prefix, 0) != (ssize_t)sizeof prefix)
		prefix = (uint64_t)clock_wall() ^ ((uint64_t)getpid() << 40);
	prefix = (prefix & 0xffffffffffff) | 1;
	snprintf(to, room, "%012" PRIx64 "-%" PRIu64, prefix, ++count);
}

void partition_begin(struct partition *p, const struct start *start, int64_t stop, const char *stream, int64_t of)
{
	char run[48];

	new_run(run, sizeof run);
	p->start = *start;
	p->next = start->from;
	p->stop = stop;
	p->probing = start->probe >= 0;
	p->ended = false;
	p->lost = false;
	buf_clear(&p->head);
	envelope_write_constant(&p->head, span_of(stream), span_of(p->topic), p->number, of, span_of(run), span_of(start->origin),
	                        start->begin);
}

int64_t partition_read_from(const struct partition *p)
{
	return p->probing && p->start.probe < p->next ? p->start.probe : p->next;
}

static void free_one(struct partition *p)
{
	metric_set(p->m_lag, 0);
	buf_free(&p->head);
	free(p->topic);
	free(p);
}

void partition_drop(struct partitions *all, struct partition *p)
{
	size_t i = 0;

	while (i < all->count && all->item[i] != p)
		i++;
	if (i == all->count)
		return;
	all->item[i] = all->item[--all->count];
	all->last = NULL;
	free_one(p);
}

void partitions_free(struct partitions *all)
{
	for (size_t i = 0; i < all->count; i++)
		free_one(all->item[i]);
	free(all->item);
	*all = (struct partitions){0};
}

void partition_measure(rd_kafka_t *rk, struct partition *p)
{
	int64_t low, high;

	if (rd_kafka_get_watermark_offsets(rk, p->topic, p->number, &low, &high) != RD_KAFKA_RESP_ERR_NO_ERROR || high < 0)
		return;
	metric_set(p->m_lag, high > p->next ? (double)(high - p->next) : 0);
}
