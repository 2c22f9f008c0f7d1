#include "query.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "buf.h"
#include "exit.h"
#include "json.h"
#include "log.h"
#include "out.h"
#include "parse.h"
#include "position.h"
#include "sig.h"
#include "start.h"

enum { CONNECT_PATIENCE_US = 30000000, ASK_MS = 10000, LOOK_US = 20000 };

struct query {
	struct kafka_health health; /* first: the client's opaque */
	rd_kafka_t *rk;
	const struct rd_kafka_metadata *metadata;
	struct buf text;
};

static int query_open(struct query *q, const struct kafka_options *k, const char *topic)
{
	rd_kafka_conf_t *conf = kafka_conf(k);

	kafka_conf_health(conf);
	rd_kafka_conf_set_opaque(conf, q);
	q->rk = kafka_new(RD_KAFKA_PRODUCER, conf); /* a client that joins nothing; it produces nothing either */
	return kafka_metadata(q->rk, &q->health, topic, CONNECT_PATIENCE_US, &q->metadata);
}

/* Print what was gathered, if all went well, and give everything back. */
static int query_close(struct query *q, int status)
{
	struct out out;

	if (status == EXIT_DONE) {
		out_init(&out, STDOUT_FILENO, 0);
		if (out_add_span(&out, buf_span(&q->text)) < 0 || out_flush(&out) < 0)
			status = out_failed(&out, "stdout");
		out_free(&out);
	}
	if (q->metadata != NULL)
		rd_kafka_metadata_destroy(q->metadata);
	kafka_destroy(q->rk, 0);
	buf_free(&q->text);
	return status;
}

static int check_topic(const struct query *q, const char *topic)
{
	const struct rd_kafka_metadata_topic *t = kafka_topic(q->metadata, topic);

	if (t != NULL && t->err == RD_KAFKA_RESP_ERR_NO_ERROR && t->partition_cnt > 0)
		return EXIT_DONE;
	log_error("topic %s does not exist, or we may not see it", topic);
	return EXIT_USAGE;
}

/* --- metadata ------------------------------------------------------------------------------------------------------ */

static bool is_asked(const char *topic, char **topics, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(topics[i], topic) == 0)
			return true;
	return count == 0;
}

static void add_ids(struct buf *to, const int32_t *ids, int count)
{
	for (int i = 0; i < count; i++)
		buf_addf(to, "%s%" PRId32, i > 0 ? "," : "", ids[i]);
}

static void topic_text(struct buf *to, const struct rd_kafka_metadata_topic *t)
{
	buf_addf(to, "  topic \"%s\" with %d partitions:%s%s\n", t->topic, t->partition_cnt, t->err != 0 ? " " : "",
	         t->err != 0 ? rd_kafka_err2str(t->err) : "");
	for (int i = 0; i < t->partition_cnt; i++) {
		const struct rd_kafka_metadata_partition *p = &t->partitions[i];

		buf_addf(to, "    partition %" PRId32 ", leader %" PRId32 ", replicas: ", p->id, p->leader);
		add_ids(to, p->replicas, p->replica_cnt);
		buf_add_text(to, ", isrs: ");
		add_ids(to, p->isrs, p->isr_cnt);
		if (p->err != RD_KAFKA_RESP_ERR_NO_ERROR)
			buf_addf(to, ", %s", rd_kafka_err2str(p->err));
		buf_add_char(to, '\n');
	}
}

static void metadata_text(struct query *q, char **topics, size_t count)
{
	const struct rd_kafka_metadata *m = q->metadata;
	int asked = 0;

	buf_addf(&q->text, "Metadata (from broker %" PRId32 ": %s):\n %d brokers:\n", m->orig_broker_id, m->orig_broker_name,
	         m->broker_cnt);
	for (int i = 0; i < m->broker_cnt; i++)
		buf_addf(&q->text, "  broker %" PRId32 " at %s:%d\n", m->brokers[i].id, m->brokers[i].host, m->brokers[i].port);
	for (int i = 0; i < m->topic_cnt; i++)
		asked += is_asked(m->topics[i].topic, topics, count);
	buf_addf(&q->text, " %d topics:\n", asked);
	for (int i = 0; i < m->topic_cnt; i++)
		if (is_asked(m->topics[i].topic, topics, count))
			topic_text(&q->text, &m->topics[i]);
}

static void topic_json(struct buf *to, const struct rd_kafka_metadata_topic *t)
{
	buf_add_text(to, "{\"topic\":");
	json_quote(to, span_of(t->topic));
	buf_add_text(to, ",\"partitions\":[");
	for (int i = 0; i < t->partition_cnt; i++) {
		const struct rd_kafka_metadata_partition *p = &t->partitions[i];

		buf_addf(to, "%s{\"partition\":%" PRId32 ",\"leader\":%" PRId32 ",\"replicas\":[", i > 0 ? "," : "", p->id, p->leader);
		add_ids(to, p->replicas, p->replica_cnt);
		buf_add_text(to, "],\"isrs\":[");
		add_ids(to, p->isrs, p->isr_cnt);
		buf_add_text(to, "]}");
	}
	buf_add_text(to, "]}");
}

static void metadata_json(struct query *q, char **topics, size_t count)
{
	const struct rd_kafka_metadata *m = q->metadata;
	char *cluster = rd_kafka_clusterid(q->rk, ASK_MS);
	bool first = true;

	buf_add_text(&q->text, "{\"cluster\":");
	json_quote(&q->text, span_of(cluster != NULL ? cluster : ""));
	buf_add_text(&q->text, ",\"brokers\":[");
	for (int i = 0; i < m->broker_cnt; i++)
		buf_addf(&q->text, "%s{\"id\":%" PRId32 ",\"address\":\"%s:%d\"}", i > 0 ? "," : "", m->brokers[i].id,
		         m->brokers[i].host, m->brokers[i].port);
	buf_add_text(&q->text, "],\"topics\":[");
	for (int i = 0; i < m->topic_cnt; i++) {
		if (!is_asked(m->topics[i].topic, topics, count))
			continue;
		if (!first)
			buf_add_char(&q->text, ',');
		first = false;
		topic_json(&q->text, &m->topics[i]);
	}
	buf_add_text(&q->text, "]}\n");
	if (cluster != NULL)
		rd_kafka_mem_free(q->rk, cluster);
}

int query_metadata(const struct kafka_options *k, char **topics, size_t count, bool json)
{
	struct query q = {0};
	int status = query_open(&q, k, NULL);

	for (size_t i = 0; i < count && status == EXIT_DONE; i++)
		status = check_topic(&q, topics[i]);
	if (status == EXIT_DONE && json)
		metadata_json(&q, topics, count);
	else if (status == EXIT_DONE)
		metadata_text(&q, topics, count);
	return query_close(&q, status);
}

/* --- offsets ------------------------------------------------------------------------------------------------------- */

/* Offsets of all partitions in the list at a time (or at RD_KAFKA_OFFSET_BEGINNING, _END). */
static int offsets_at(struct query *q, rd_kafka_topic_partition_list_t *list, int64_t time)
{
	rd_kafka_resp_err_t err = RD_KAFKA_RESP_ERR_NO_ERROR;

	for (int i = 0; i < list->cnt; i++)
		list->elems[i].offset = time;
	if (list->cnt > 0)
		err = rd_kafka_offsets_for_times(q->rk, list, ASK_MS);
	for (int i = 0; i < list->cnt && err == RD_KAFKA_RESP_ERR_NO_ERROR; i++)
		err = list->elems[i].err;
	if (err == RD_KAFKA_RESP_ERR_NO_ERROR)
		return EXIT_DONE;
	log_error("cannot ask for offsets: %s", rd_kafka_err2str(err));
	return kafka_exit_status(err);
}

/* All partitions of a topic, or one of them if `number` >= 0. */
static rd_kafka_topic_partition_list_t *list_of(const struct query *q, const char *topic, int64_t number)
{
	const struct rd_kafka_metadata_topic *t = kafka_topic(q->metadata, topic);
	rd_kafka_topic_partition_list_t *list;

	if (number >= t->partition_cnt) {
		log_error("topic %s has %d partitions, 0 to %d", topic, t->partition_cnt, t->partition_cnt - 1);
		return NULL;
	}
	list = rd_kafka_topic_partition_list_new(t->partition_cnt);
	for (int i = 0; i < t->partition_cnt; i++)
		if (number < 0 || number == i)
			rd_kafka_topic_partition_list_add(list, topic, i);
	return list;
}

static void add_offset(struct buf *to, const rd_kafka_topic_partition_t *tp, bool json)
{
	if (!json) {
		buf_addf(to, "%s [%" PRId32 "] offset %" PRId64 "\n", tp->topic, tp->partition, tp->offset);
		return;
	}
	buf_add_text(to, "{\"topic\":");
	json_quote(to, span_of(tp->topic));
	buf_addf(to, ",\"partition\":%" PRId32 ",\"offset\":%" PRId64 "}\n", tp->partition, tp->offset);
}

static int print_at(struct query *q, rd_kafka_topic_partition_list_t *list, int64_t time, bool json)
{
	int status = offsets_at(q, list, time);

	for (int i = 0; i < list->cnt && status == EXIT_DONE; i++)
		add_offset(&q->text, &list->elems[i], json);
	return status;
}

static int print_ends(struct query *q, rd_kafka_topic_partition_list_t *list, bool json)
{
	rd_kafka_topic_partition_list_t *high = rd_kafka_topic_partition_list_copy(list);
	int status = offsets_at(q, list, RD_KAFKA_OFFSET_BEGINNING);

	if (status == EXIT_DONE)
		status = offsets_at(q, high, RD_KAFKA_OFFSET_END);
	for (int i = 0; i < list->cnt && status == EXIT_DONE; i++) {
		const rd_kafka_topic_partition_t *tp = &list->elems[i];

		if (json) {
			buf_add_text(&q->text, "{\"topic\":");
			json_quote(&q->text, span_of(tp->topic));
			buf_addf(&q->text, ",\"partition\":%" PRId32 ",\"low\":%" PRId64 ",\"high\":%" PRId64 "}\n", tp->partition,
			         tp->offset, high->elems[i].offset);
		} else {
			buf_addf(&q->text, "%s [%" PRId32 "] low %" PRId64 " high %" PRId64 "\n", tp->topic, tp->partition, tp->offset,
			         high->elems[i].offset);
		}
	}
	rd_kafka_topic_partition_list_destroy(high);
	return status;
}

static int parse_time(const char *text, int64_t *time)
{
	*time = RD_KAFKA_OFFSET_BEGINNING;
	if (strcmp(text, "beginning") == 0 || strcmp(text, "-2") == 0)
		return 0;
	*time = RD_KAFKA_OFFSET_END;
	if (strcmp(text, "end") == 0 || strcmp(text, "-1") == 0)
		return 0;
	return start_parse_time(text, time);
}

static int one_query(struct query *q, const char *text, bool json)
{
	const char *colon = strchr(text, ':'), *second = colon != NULL ? strchr(colon + 1, ':') : NULL;
	char *topic = colon != NULL ? xstrndup(text, (size_t)(colon - text)) : xstrdup(text);
	rd_kafka_topic_partition_list_t *list = NULL;
	int64_t number = -1, time = 0;
	int status = EXIT_USAGE;
	struct span digits = {NULL, 0};

	if (colon != NULL)
		digits = (struct span){colon + 1, second != NULL ? (size_t)(second - colon - 1) : strlen(colon + 1)};
	if ((colon != NULL && (parse_int(digits, &number) < 0 || number < 0)) || (second != NULL && parse_time(second + 1, &time) < 0))
		log_error("-t %s: expected TOPIC, TOPIC:PARTITION or TOPIC:PARTITION:TIME", text);
	else if (check_topic(q, topic) == EXIT_DONE)
		list = list_of(q, topic, number);
	if (list != NULL) {
		status = second != NULL ? print_at(q, list, time, json) : print_ends(q, list, json);
		rd_kafka_topic_partition_list_destroy(list);
	}
	free(topic);
	return status;
}

int query_offsets(const struct kafka_options *k, char **topics, size_t count, bool json)
{
	struct query q = {0};
	int status = query_open(&q, k, NULL);

	for (size_t i = 0; i < count && status == EXIT_DONE; i++)
		status = one_query(&q, topics[i], json);
	return query_close(&q, status);
}

/* --- lag ----------------------------------------------------------------------------------------------------------- */

static int run_command(struct positions *positions, const char *stream, const char *command)
{
	struct position_job job = {.option = "--lag", .level = LEVEL_ERROR};
	int status = position_start(&job, command);

	while (status == EXIT_DONE && !position_over(&job, &status)) {
		if (sig_asked() != 0) {
			position_free(&job);
			return EXIT_RETRY;
		}
		status = EXIT_DONE;
		usleep(LOOK_US);
	}
	if (status == EXIT_DONE)
		status = positions_read(positions, &job, stream);
	position_free(&job);
	return status;
}

static int topic_lag(struct query *q, const char *topic, const char *stream, const struct positions *positions)
{
	rd_kafka_topic_partition_list_t *low = list_of(q, topic, -1), *high = rd_kafka_topic_partition_list_copy(low);
	int status = offsets_at(q, low, RD_KAFKA_OFFSET_BEGINNING);

	if (status == EXIT_DONE)
		status = offsets_at(q, high, RD_KAFKA_OFFSET_END);
	for (int i = 0; i < low->cnt && status == EXIT_DONE; i++) {
		const struct position *p = positions_find(positions, topic, low->elems[i].partition);
		int64_t begin = low->elems[i].offset, end = high->elems[i].offset;
		int64_t next = p != NULL ? p->next_offset : begin;

		buf_addf(&q->text, "{\"stream\":\"%s\",\"topic\":\"%s\",\"partition\":%d,\"next_offset\":", stream, topic, i);
		if (p != NULL)
			buf_add_int(&q->text, next);
		else
			buf_add_text(&q->text, "null");
		buf_addf(&q->text, ",\"low\":%" PRId64 ",\"high\":%" PRId64 ",\"lag\":%" PRId64 "}\n", begin, end,
		         end > next ? end - next : 0);
	}
	rd_kafka_topic_partition_list_destroy(low);
	rd_kafka_topic_partition_list_destroy(high);
	return status;
}

int query_lag(const struct kafka_options *k, char **topics, size_t count, const char *stream, const char *command)
{
	struct positions positions = {0};
	struct query q = {0};
	int status = query_open(&q, k, NULL);

	if (status == EXIT_DONE)
		status = run_command(&positions, stream, command);
	for (size_t i = 0; i < count && status == EXIT_DONE; i++)
		status = check_topic(&q, topics[i]);
	for (size_t i = 0; i < count && status == EXIT_DONE; i++)
		status = topic_lag(&q, topics[i], stream, &positions);
	positions_free(&positions);
	return query_close(&q, status);
}
