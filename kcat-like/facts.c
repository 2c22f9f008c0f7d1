#include "facts.h"

#include <stdlib.h>
#include <string.h>

#include "consume.h"
#include "log.h"

enum { ASK_MS = 1000 }; /* one question to the broker; stdout waits so long at most */

/* Offsets at a time for the whole list at once; RD_KAFKA_OFFSET_BEGINNING and _END are times too. NULL: ask again later. */
static rd_kafka_topic_partition_list_t *ask_offsets(rd_kafka_t *rk, const rd_kafka_topic_partition_list_t *wanted, int64_t time)
{
	rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_copy(wanted);
	rd_kafka_resp_err_t err = RD_KAFKA_RESP_ERR_NO_ERROR;

	for (int i = 0; i < list->cnt; i++)
		list->elems[i].offset = time;
	if (list->cnt > 0)
		err = rd_kafka_offsets_for_times(rk, list, ASK_MS);
	for (int i = 0; i < list->cnt && err == RD_KAFKA_RESP_ERR_NO_ERROR; i++)
		err = list->elems[i].err;
	if (err == RD_KAFKA_RESP_ERR_NO_ERROR)
		return list;
	log_debug("asking for offsets: %s", rd_kafka_err2str(err));
	rd_kafka_topic_partition_list_destroy(list);
	return NULL;
}

static bool ask_count(rd_kafka_t *rk, const char *topic, int64_t *count)
{
	rd_kafka_topic_t *rkt = rd_kafka_topic_new(rk, topic, NULL);
	const struct rd_kafka_metadata *metadata;
	const struct rd_kafka_metadata_topic *t;
	rd_kafka_resp_err_t err = rd_kafka_metadata(rk, 0, rkt, &metadata, ASK_MS);

	*count = 0;
	rd_kafka_topic_destroy(rkt);
	if (err != RD_KAFKA_RESP_ERR_NO_ERROR)
		return false;
	t = kafka_topic(metadata, topic);
	if (t != NULL)
		*count = t->partition_cnt;
	rd_kafka_metadata_destroy(metadata);
	return *count > 0;
}

bool facts_gather(struct facts *f, rd_kafka_t *rk, const struct consume_options *o, const rd_kafka_topic_partition_list_t *wanted)
{
	facts_free(f);
	f->counts = xcalloc(o->topic_count, sizeof f->counts[0]);
	for (size_t i = 0; i < o->topic_count; i++)
		if (!ask_count(rk, o->topics[i], &f->counts[i]))
			return false;
	f->low = ask_offsets(rk, wanted, RD_KAFKA_OFFSET_BEGINNING);
	if (f->low != NULL)
		f->high = ask_offsets(rk, wanted, RD_KAFKA_OFFSET_END);
	if (f->high != NULL && o->start.kind == START_TIME)
		f->at_time = ask_offsets(rk, wanted, o->start.value);
	if (f->high != NULL && o->until >= 0)
		f->until = ask_offsets(rk, wanted, o->until);
	return f->high != NULL && (o->start.kind != START_TIME || f->at_time != NULL) && (o->until < 0 || f->until != NULL);
}

static void forget(rd_kafka_topic_partition_list_t *list)
{
	if (list != NULL)
		rd_kafka_topic_partition_list_destroy(list);
}

void facts_free(struct facts *f)
{
	forget(f->low);
	forget(f->high);
	forget(f->at_time);
	forget(f->until);
	free(f->counts);
	*f = (struct facts){0};
}

int64_t facts_count(const struct facts *f, const struct consume_options *o, const rd_kafka_topic_partition_t *tp)
{
	int64_t count = 0;

	for (size_t i = 0; i < o->topic_count; i++)
		if (strcmp(o->topics[i], tp->topic) == 0)
			count = f->counts[i];
	return count > tp->partition ? count : tp->partition + 1;
}
