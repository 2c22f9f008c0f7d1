#include "tail.h"

#include <inttypes.h>
#include <stdlib.h>

#include "clock.h"
#include "grid.h"
#include "json.h"
#include "readable.h"
#include "rfc3339.h"

enum { MESSAGES = 60, ASK_MS = 3000, READ_US = 3000000, TEXT_MAX = 4096 };

struct tail {
	struct kafka_health health; /* first: the client's opaque */
	rd_kafka_t *rk;
};

struct tail *tail_new(const struct kafka_options *options)
{
	struct tail *t = xcalloc(1, sizeof *t);
	rd_kafka_conf_t *conf = kafka_conf(options);

	kafka_conf_health(conf);
	rd_kafka_conf_set_opaque(conf, t);
	kafka_conf_must(conf, "group.id", "txdash"); /* librdkafka wants one; it is never joined */
	kafka_conf_must(conf, "enable.auto.commit", "false");
	kafka_conf_must(conf, "enable.partition.eof", "false");
	kafka_conf_must(conf, "queued.max.messages.kbytes", "2048");
	kafka_conf_must(conf, "fetch.wait.max.ms", "100");
	kafka_conf_must(conf, "allow.auto.create.topics", "false");
	t->rk = kafka_new(RD_KAFKA_CONSUMER, conf);
	rd_kafka_poll_set_consumer(t->rk);
	return t;
}

void tail_free(struct tail *t)
{
	if (t == NULL)
		return;
	kafka_destroy(t->rk, RD_KAFKA_DESTROY_F_NO_CONSUMER_CLOSE);
	free(t);
}

/* Each partition from its last messages on. How many there are to read, or -1. */
static int64_t choose(struct tail *t, rd_kafka_topic_partition_list_t *list, int64_t *end)
{
	int64_t total = 0, share = (MESSAGES + list->cnt - 1) / list->cnt;

	for (int i = 0; i < list->cnt; i++) {
		rd_kafka_topic_partition_t *p = &list->elems[i];
		int64_t low, high;

		if (rd_kafka_query_watermark_offsets(t->rk, p->topic, p->partition, &low, &high, ASK_MS) != RD_KAFKA_RESP_ERR_NO_ERROR)
			return -1;
		p->offset = high - share > low ? high - share : low;
		end[i] = high;
		total += high - p->offset;
	}
	return total;
}

static int newest_first(const void *a, const void *b)
{
	rd_kafka_timestamp_type_t type;
	const rd_kafka_message_t *const *x = a, *const *y = b;
	int64_t tx = rd_kafka_message_timestamp(*x, &type), ty = rd_kafka_message_timestamp(*y, &type);

	if (tx != ty)
		return tx < ty ? 1 : -1;
	return (*x)->offset < (*y)->offset ? 1 : -1;
}

static size_t collect(struct tail *t, rd_kafka_topic_partition_list_t *list, const int64_t *end, int64_t total, rd_kafka_message_t **message)
{
	int64_t until = clock_monotonic() + READ_US;
	size_t count = 0;

	if (total == 0 || rd_kafka_assign(t->rk, list) != RD_KAFKA_RESP_ERR_NO_ERROR)
		return 0;
	/* Offsets without a record (markers of transactions, compacted ones) never come: then the time ends it. */
	while (count < (size_t)total && count < MESSAGES * 2 && clock_monotonic() < until) {
		rd_kafka_message_t *m = rd_kafka_consumer_poll(t->rk, 200);

		if (m == NULL)
			continue;
		if (m->err == RD_KAFKA_RESP_ERR_NO_ERROR && m->partition < list->cnt && m->offset < end[m->partition])
			message[count++] = m;
		else
			rd_kafka_message_destroy(m);
	}
	rd_kafka_assign(t->rk, NULL);
	qsort(message, count, sizeof *message, newest_first);
	return count;
}

/* Keys and payloads are bytes of others. */
static void add_text(struct buf *to, const void *bytes, size_t n, bool csv)
{
	struct buf text = {0};

	readable_add(&text, (struct span){bytes, n}, TEXT_MAX);
	if (csv)
		grid_csv_text(to, buf_span(&text));
	else
		json_quote_any(to, buf_span(&text));
	buf_free(&text);
}

static void add_message(struct buf *to, const rd_kafka_message_t *m, bool csv)
{
	rd_kafka_timestamp_type_t type;
	struct buf time = {0};

	rfc3339_write(&time, rd_kafka_message_timestamp(m, &type) * 1000);
	if (csv) {
		buf_addf(to, "%" PRId32 ",%" PRId64 ",%s,", m->partition, m->offset, buf_text(&time));
		add_text(to, m->key, m->key_len, csv);
		buf_addf(to, ",%zu,", m->len);
		add_text(to, m->payload, m->len, csv);
		buf_add_text(to, "\r\n");
	} else {
		buf_addf(to, "[%" PRId32 ",%" PRId64 ",\"%s\",", m->partition, m->offset, buf_text(&time));
		if (m->key != NULL)
			add_text(to, m->key, m->key_len, csv);
		else
			buf_add_text(to, "null");
		buf_addf(to, ",%zu,", m->len);
		add_text(to, m->payload, m->len, csv);
		buf_add_char(to, ']');
	}
	buf_free(&time);
}

static struct answer *table(rd_kafka_message_t **message, size_t count, bool csv)
{
	struct buf body = {0};

	if (csv) {
		buf_add_text(&body, "\"partition\",\"offset\",\"time\",\"key\",\"bytes\",\"content\"\r\n");
	} else {
		buf_add_text(&body, "{\"as_of\":\"");
		rfc3339_write(&body, clock_wall() / 1000 * 1000);
		buf_add_text(&body, "\",\"columns\":[{\"name\":\"partition\",\"type\":\"number\"},{\"name\":\"offset\",\"type\":\"number\"},"
		                    "{\"name\":\"time\",\"type\":\"time\"},{\"name\":\"key\",\"type\":\"text\"},{\"name\":\"bytes\",\"type\":\"number\"},"
		                    "{\"name\":\"content\",\"type\":\"text\"}],\"rows\":[");
	}
	for (size_t i = 0; i < count; i++) {
		if (i < MESSAGES) {
			buf_add_text(&body, i > 0 && !csv ? "," : "");
			add_message(&body, message[i], csv);
		}
		rd_kafka_message_destroy(message[i]);
	}
	buf_add_text(&body, csv ? "" : "]}\n");
	return answer_new(200, csv ? "text/csv; charset=utf-8; header=present" : "application/json", body);
}

struct answer *tail_answer(struct tail *t, const char *topic, bool csv)
{
	const struct rd_kafka_metadata *m;
	const struct rd_kafka_metadata_topic *found;
	rd_kafka_message_t *message[MESSAGES * 2];
	rd_kafka_topic_partition_list_t *list;
	int64_t *end, total;
	size_t count = 0;

	if (rd_kafka_metadata(t->rk, 1, NULL, &m, ASK_MS) != RD_KAFKA_RESP_ERR_NO_ERROR)
		return answer_error(503, t->health.reason[0] != '\0' ? t->health.reason : "Kafka does not answer");
	found = kafka_topic(m, topic);
	list = rd_kafka_topic_partition_list_new(1);
	for (int i = 0; found != NULL && i < found->partition_cnt; i++)
		rd_kafka_topic_partition_list_add(list, topic, i);
	rd_kafka_metadata_destroy(m);
	if (list->cnt == 0) {
		rd_kafka_topic_partition_list_destroy(list);
		return answer_error(404, "there is no such topic");
	}
	end = xcalloc((size_t)list->cnt, sizeof *end);
	total = choose(t, list, end);
	if (total >= 0)
		count = collect(t, list, end, total, message);
	free(end);
	rd_kafka_topic_partition_list_destroy(list);
	return total < 0 ? answer_error(503, "Kafka does not tell where the log ends") : table(message, count, csv);
}
