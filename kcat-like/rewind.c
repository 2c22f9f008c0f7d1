#include "rewind.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "buf.h"
#include "clock.h"
#include "log.h"

enum {
	ASK_MS = 1000,
	LOOK_MS = 20,
	TURN_US = 100000, /* stdout and the group are looked after in between */
	STEP = 8          /* each look that finds nothing goes so many times as far back: aborted and compacted offsets hold no record */
};

static rd_kafka_t *client(struct rewind *r, const struct kafka_options *k)
{
	rd_kafka_conf_t *conf = kafka_conf(k);

	kafka_conf_must(conf, "auto.offset.reset", "error");
	kafka_conf_must(conf, "enable.partition.eof", "true");
	kafka_conf_must(conf, "enable.auto.commit", "false");
	kafka_conf_must(conf, "enable.auto.offset.store", "false");
	kafka_conf_must(conf, "allow.auto.create.topics", "false");
	/* one record is wanted at a time: nothing ahead of it, and no waiting for more */
	kafka_conf_must(conf, "queued.min.messages", "1");
	kafka_conf_must(conf, "fetch.message.max.bytes", "16384");
	kafka_conf_must(conf, "fetch.wait.max.ms", "10");
	kafka_conf_health(conf);
	rd_kafka_conf_set_opaque(conf, r);
	return kafka_new(RD_KAFKA_CONSUMER, conf);
}

void rewind_start(struct rewind *r, const struct kafka_options *k, int64_t ms)
{
	rewind_free(r);
	r->ms = ms;
	r->rk = client(r, k);
	r->queue = rd_kafka_queue_new(r->rk);
}

void rewind_add(struct rewind *r, const struct rewind_item *item)
{
	if (r->count == r->cap) {
		r->cap = r->cap > 0 ? 2 * r->cap : 16;
		r->item = xrealloc(r->item, r->cap * sizeof *r->item);
	}
	r->item[r->count++] = *item;
}

static void stop_looking(struct rewind *r)
{
	if (r->rkt == NULL)
		return;
	rd_kafka_consume_stop(r->rkt, r->partition);
	rd_kafka_topic_destroy(r->rkt);
	r->rkt = NULL;
}

void rewind_free(struct rewind *r)
{
	if (r->rk != NULL) {
		stop_looking(r);
		rd_kafka_queue_destroy(r->queue);
		kafka_destroy(r->rk, 0);
	}
	free(r->item);
	*r = (struct rewind){0};
}

int64_t rewind_from(const struct rewind *r, const char *topic, int32_t partition)
{
	for (size_t i = 0; i < r->count; i++)
		if (r->item[i].partition == partition && strcmp(r->item[i].topic, topic) == 0)
			return r->item[i].from;
	return -1;
}

static int failed(struct rewind *r, rd_kafka_resp_err_t err)
{
	snprintf(r->health.reason, sizeof r->health.reason, "%s", rd_kafka_err2str(err));
	return -1;
}

/* Begin to look for the first record at or behind an offset. */
static int look_at(struct rewind *r, const struct rewind_item *item, int64_t offset)
{
	rd_kafka_topic_t *rkt = rd_kafka_topic_new(r->rk, item->topic, NULL);

	stop_looking(r);
	if (rd_kafka_consume_start_queue(rkt, item->partition, offset, r->queue) < 0) {
		rd_kafka_topic_destroy(rkt);
		return failed(r, rd_kafka_last_error());
	}
	r->rkt = rkt;
	r->partition = item->partition;
	return 0;
}

static int look_before(struct rewind *r, const struct rewind_item *item)
{
	int64_t offset = r->target - r->back;

	r->found = -1;
	return look_at(r, item, offset > item->low ? offset : item->low);
}

static int next_item(struct rewind *r)
{
	stop_looking(r);
	r->step = REWIND_BEGIN;
	r->at++;
	return 0;
}

static int answer(struct rewind *r, struct rewind_item *item, int64_t from)
{
	item->from = from;
	log_info("%s/%" PRId32 ": rewound from %" PRId64 " to %" PRId64, item->topic, item->partition, item->begin, from);
	return next_item(r);
}

/* The reference time is known: the first offset that is young enough, and then the last record before it. */
static int go_back(struct rewind *r, struct rewind_item *item, int64_t ts)
{
	rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(1);
	rd_kafka_topic_partition_t *tp = rd_kafka_topic_partition_list_add(list, item->topic, item->partition);
	rd_kafka_resp_err_t err;
	int64_t offset;

	stop_looking(r);
	tp->offset = ts > r->ms ? ts - r->ms : 0;
	err = rd_kafka_offsets_for_times(r->rk, list, ASK_MS);
	if (err == RD_KAFKA_RESP_ERR_NO_ERROR)
		err = tp->err;
	offset = tp->offset;
	rd_kafka_topic_partition_list_destroy(list);
	if (err != RD_KAFKA_RESP_ERR_NO_ERROR)
		return failed(r, err);
	/* None so young: but the one whose time this was counted from is. A broker that cannot tell (kmock) costs a longer way, no record. */
	if (offset < 0)
		return answer(r, item, item->low);
	r->target = offset < item->begin ? offset : item->begin;
	if (r->target <= item->low)
		return answer(r, item, item->low);
	r->step = REWIND_BEFORE;
	r->back = 1;
	return look_before(r, item);
}

/* Further back, until the log's first offset was tried. */
static int further(struct rewind *r, struct rewind_item *item)
{
	if (r->target - r->back <= item->low)
		return answer(r, item, item->low);
	r->back *= STEP;
	return look_before(r, item);
}

/* No record stands at begin yet: what comes will hardly be older than what came last. */
static int without_record(struct rewind *r, struct rewind_item *item)
{
	if (item->last_ts >= 0)
		return go_back(r, item, item->last_ts);
	r->step = REWIND_LAST;
	r->target = item->begin;
	r->back = 1;
	return look_before(r, item);
}

/* Not one record before the target is wanted but the last of them: on to the target, or to the log end. */
static int approach(struct rewind *r, struct rewind_item *item, const rd_kafka_message_t *m)
{
	if (m != NULL && m->offset < r->target) {
		r->found = m->offset;
		r->found_ts = rd_kafka_message_timestamp(m, NULL);
		if (m->offset + 1 < r->target)
			return 0;
	}
	if (r->found < 0)
		return further(r, item);
	return r->step == REWIND_LAST ? go_back(r, item, r->found_ts) : answer(r, item, r->found);
}

/* The next record at or behind the place of the last look; m NULL: none before the log end. */
static int seen(struct rewind *r, struct rewind_item *item, const rd_kafka_message_t *m)
{
	int64_t ts = m != NULL ? rd_kafka_message_timestamp(m, NULL) : -1;

	if (r->step != REWIND_BEGIN)
		return approach(r, item, m);
	if (m == NULL)
		return without_record(r, item);
	/* Clocks of producers differ: the earlier one is on the safe side. */
	return go_back(r, item, item->last_ts >= 0 && item->last_ts < ts ? item->last_ts : ts);
}

static int take(struct rewind *r, struct rewind_item *item, const rd_kafka_message_t *m)
{
	if (m->rkt != NULL && r->rkt != NULL && m->partition == item->partition && strcmp(rd_kafka_topic_name(m->rkt), item->topic) == 0) {
		if (m->err == RD_KAFKA_RESP_ERR_NO_ERROR)
			return seen(r, item, m);
		if (m->err == RD_KAFKA_RESP_ERR__PARTITION_EOF)
			return seen(r, item, NULL);
	}
	return m->err != RD_KAFKA_RESP_ERR_NO_ERROR ? failed(r, m->err) : 0;
}

int rewind_look(struct rewind *r)
{
	int64_t until = clock_monotonic() + TURN_US;
	int status = 0;

	while (status == 0 && r->at < r->count && clock_monotonic() < until) {
		struct rewind_item *item = &r->item[r->at];
		rd_kafka_message_t *m;

		if (r->rkt == NULL) {
			status = item->begin < item->high ? look_at(r, item, item->begin) : without_record(r, item);
			continue;
		}
		rd_kafka_poll(r->rk, 0); /* the error callback */
		m = rd_kafka_consume_queue(r->queue, LOOK_MS);
		if (m == NULL)
			continue;
		status = take(r, item, m);
		rd_kafka_message_destroy(m);
	}
	if (status == 0 && r->health.fatal != 0)
		status = -1;
	return status < 0 ? -1 : r->at == r->count;
}
