#include <inttypes.h>
#include <string.h>

#include "consume.h"
#include "exit.h"
#include "log.h"

enum { ASK_MS = 1000 };

void consume_drop_hand(struct consume *c)
{
	while (c->hand_at < c->hand_count)
		rd_kafka_message_destroy(c->hand[c->hand_at++]);
}

/* The record at the stored position's last offset must be the one that was stored: else the topic is another one. */
static int compare_probe(const struct partition *p, const rd_kafka_message_t *m)
{
	int64_t ts = rd_kafka_message_timestamp(m, NULL);

	if (m->offset != p->start.probe || ts == p->start.probe_ts)
		return EXIT_DONE;
	log_error("%s/%" PRId32 ": the record at offset %" PRId64 " has time %" PRId64 ", the stored position says %" PRId64
	          ": this is not the topic that was read (re-created?); nothing was read (see pgload --reset-stream)",
	          p->topic, p->number, m->offset, ts, p->start.probe_ts);
	return EXIT_CONFLICT;
}

/* The log has no record below `next` that was not emitted. Said if it cannot be seen from the records, and always with -e. */
static void reached(struct consume *c, struct partition *p, int64_t next)
{
	bool finishing = (c->o->exit_at_end || next >= p->stop) && !p->ended;
	bool hidden = next > p->next;

	p->probing = false;
	if (hidden)
		p->next = next;
	if (hidden || finishing)
		emit_end(&c->emit, &c->sink.buf, p);
	p->ended |= finishing;
}

static int take_record(struct consume *c, struct partition *p, const rd_kafka_message_t *m)
{
	int status;

	if (p->probing && m->offset >= p->start.probe) {
		p->probing = false;
		status = compare_probe(p, m);
		if (status != EXIT_DONE)
			return status;
	}
	if (m->offset < p->next)
		return EXIT_DONE; /* the probe, or what was fetched before the partition's last assignment */
	if (m->offset >= p->stop) {
		if (!p->ended)
			reached(c, p, p->stop);
		return EXIT_DONE;
	}
	emit_message(&c->emit, &c->sink.buf, p, m);
	p->next = m->offset + 1;
	if (p->next >= p->stop)
		reached(c, p, p->next);
	return EXIT_DONE;
}

static int out_of_range(struct consume *c, const struct partition *p)
{
	int64_t low = -1, high = -1, wanted = p->next > p->start.begin ? p->next : p->start.begin;

	rd_kafka_query_watermark_offsets(c->rk, p->topic, p->number, &low, &high, ASK_MS);
	if (low < 0) { /* nobody answered: a restart asks again */
		log_error("%s/%" PRId32 ": offset %" PRId64 " is not in the log, and the broker does not tell what is", p->topic, p->number, wanted);
		return EXIT_RETRY;
	}
	if (low <= wanted && wanted <= high) {
		log_error("%s/%" PRId32 ": the log's first offset is %" PRId64 " by now, above what --rewind or the comparison of the last record"
		          " was to read; the position %" PRId64 " is still there", p->topic, p->number, low, wanted);
		return EXIT_RETRY;
	}
	log_error("%s/%" PRId32 ": offset %" PRId64 " is not in the log any more, which holds %" PRId64 " to %" PRId64
	          " (retention, or topic re-created): records are lost; with --resume kconsume says what to do",
	          p->topic, p->number, wanted, low, high);
	return EXIT_CONFLICT;
}

/* The client is out of order for good, as after another one has joined under our --instance-id. It says so as a record's error. */
static int client_ended(struct consume *c)
{
	char why[256];
	rd_kafka_resp_err_t err = rd_kafka_fatal_error(c->rk, why, sizeof why);
	int status = kafka_exit_status(err);

	log_error("Kafka refuses us: %s%s", why,
	          err == RD_KAFKA_RESP_ERR_FENCED_INSTANCE_ID ? " (another process has this --instance-id, or an answer was lost on the way: then starting again helps)" : "");
	return status != EXIT_DONE ? status : EXIT_RETRY;
}

/* An error in place of a record. */
static int take_error(struct consume *c, struct partition *p, const rd_kafka_message_t *m)
{
	int status = kafka_exit_status(m->err);

	if (m->err == RD_KAFKA_RESP_ERR__FATAL)
		return client_ended(c);
	if (p != NULL && m->err == RD_KAFKA_RESP_ERR__PARTITION_EOF) {
		reached(c, p, m->offset);
		return EXIT_DONE;
	}
	if (p != NULL && (m->err == RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET || m->err == RD_KAFKA_RESP_ERR_OFFSET_OUT_OF_RANGE))
		return out_of_range(c, p);
	if (m->err == RD_KAFKA_RESP_ERR__MAX_POLL_EXCEEDED || m->err == RD_KAFKA_RESP_ERR__PARTITION_EOF)
		return EXIT_DONE; /* the group says so by a rebalance; the end of a partition that is ours no more */
	if (m->err == RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART || m->err == RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION ||
	    m->err == RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC) {
		log_error("%s is gone: %s", m->rkt != NULL ? rd_kafka_topic_name(m->rkt) : "a topic", rd_kafka_message_errstr(m));
		return EXIT_RETRY; /* brokers that start say so too; a restart tells the difference */
	}
	if (status == EXIT_RETRY) {
		log_info("%s", rd_kafka_message_errstr(m)); /* librdkafka goes on trying */
		return EXIT_DONE;
	}
	log_error("%s%s%s", m->rkt != NULL ? rd_kafka_topic_name(m->rkt) : "", m->rkt != NULL ? ": " : "", rd_kafka_message_errstr(m));
	return status;
}

/*
 * librdkafka 2.0.2 looks at a queue that was full once a second only, and would leave a fast reader without records for most of that time
 * (later versions have fetch.queue.backoff.ms). Setting the credentials that it has already is the one call that wakes its
 * fetchers; it is made for every quarter of a queue that was taken.
 */
static void wake_fetchers(struct consume *c, size_t bytes)
{
	c->taken += bytes;
	if (c->taken < c->wake_every)
		return;
	c->taken = 0;
	rd_kafka_error_destroy(rd_kafka_sasl_set_credentials(c->rk, c->username, c->password));
}

int take_message(struct consume *c, const rd_kafka_message_t *m)
{
	struct partition *p = NULL;

	if (m->rkt != NULL)
		p = partition_find(&c->partitions, rd_kafka_topic_name(m->rkt), m->partition);
	if (p != NULL && !p->mine)
		p = NULL;
	if (m->err != RD_KAFKA_RESP_ERR_NO_ERROR)
		return take_error(c, p, m);
	return p != NULL ? take_record(c, p, m) : EXIT_DONE;
}

bool consume_enough(const struct consume *c)
{
	return c->o->count > 0 && c->emit.records >= (uint64_t)c->o->count;
}

static void fill_hand(struct consume *c)
{
	ssize_t n = rd_kafka_consume_batch_queue(c->records, 0, c->hand, HAND);

	c->hand_at = 0;
	c->hand_count = n > 0 ? (size_t)n : 0;
}

bool take_records(struct consume *c)
{
	size_t bytes = 0;
	int status;

	if (c->hand_at == c->hand_count)
		fill_hand(c);
	while (c->hand_at < c->hand_count && sink_pending(&c->sink) < CONSUME_PENDING_MAX && !consume_enough(c) && c->status < 0) {
		rd_kafka_message_t *m = c->hand[c->hand_at++];

		status = take_message(c, m);
		if (status != EXIT_DONE)
			consume_stop(c, status);
		bytes += m->len;
		rd_kafka_message_destroy(m);
	}
	wake_fetchers(c, bytes);
	return c->hand_count > 0;
}

int take_past_queue(struct consume *c, const rd_kafka_message_t *m)
{
	const struct partition *p = partition_find(&c->partitions, rd_kafka_topic_name(m->rkt), m->partition);

	if (p == NULL || !p->mine || m->offset >= p->next)
		return take_message(c, m);
	log_error("%s/%" PRId32 ": record %" PRId64 " came behind %" PRId64, p->topic, p->number, m->offset, p->next);
	return EXIT_BUG;
}
