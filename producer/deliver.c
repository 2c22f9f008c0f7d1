#include "deliver.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "buf.h"
#include "exit.h"
#include "log.h"
#include "metrics.h"
#include "out.h"
#include "reject.h"
#include "sig.h"

enum {
	CONNECT_PATIENCE_US = 30000000,
	POLL_EVERY = 256,         /* messages between two looks at the delivery reports */
	WAIT_MS = 100,            /* how long a full queue sleeps before signals are looked at */
	LEAVE_MS = 2000,          /* for what is on the wire when the work is broken off */
	TRANSACTION_MS = 60000,
	MESSAGE_SLACK = 64 << 10  /* librdkafka counts its own framing towards message.max.bytes */
};

struct deliver {
	struct kafka_health health; /* first: the client's opaque */
	const struct deliver_options *o;
	rd_kafka_t *rk;
	rd_kafka_topic_t *topic;
	rd_kafka_headers_t *headers;
	int32_t partition;
	size_t header_bytes;
	bool warned_down;
	unsigned since_poll;
	uint64_t sent, delivered, returned, lost; /* sent = delivered + returned by the broker as bad + lost, in the end */
	uint64_t refused;                         /* returned, and those not sent at all */
	rd_kafka_resp_err_t lost_error;          /* the first one's */
	uint64_t refused_line;                   /* the first one, for the message */
	char refused_detail[256];
	int rejects_fd;
	struct out rejects;
	struct buf reject;
	struct metric *m_sent, *m_bytes, *m_delivered, *m_refused, *m_lost, *m_queue;
};

/* --- rejects ------------------------------------------------------------------------------------------------------- */

static int keep(struct deliver *d)
{
	if (d->rejects_fd < 0)
		return EXIT_DONE;
	if (out_add_span(&d->rejects, buf_span(&d->reject)) < 0)
		return out_failed(&d->rejects, d->o->rejects);
	return EXIT_DONE;
}

static void count_refused(struct deliver *d, uint64_t line, const char *detail)
{
	if (d->refused++ == 0) {
		d->refused_line = line;
		snprintf(d->refused_detail, sizeof d->refused_detail, "%s", detail);
	}
	metric_add(d->m_refused, 1);
}

int deliver_refuse(struct deliver *d, struct span head, uint64_t whole, const char *sha256, uint64_t line, const char *reason,
                   const char *detail)
{
	const struct reject r = {
		.by = span_of(log_tool()),
		.reason = span_of(reason),
		.detail = span_of(detail),
		.source = SPAN("-"),
		.line = line,
		.raw = head,
		.raw_bytes = whole,
		.raw_sha256 = sha256 != NULL ? span_of(sha256) : (struct span){NULL, 0},
	};

	count_refused(d, line, detail);
	buf_clear(&d->reject);
	reject_write(&d->reject, (struct span){NULL, 0}, &r);
	return keep(d);
}

int deliver_refuse_line(struct deliver *d, struct span text, uint64_t line, const char *detail)
{
	count_refused(d, line, detail);
	buf_clear(&d->reject);
	buf_add_span(&d->reject, text);
	buf_add_char(&d->reject, '\n');
	return keep(d);
}

/* --- delivery reports ---------------------------------------------------------------------------------------------- */

/* MSG_SIZE_TOO_LARGE as a reject's reason: msg_size_too_large. */
static void reason_of(rd_kafka_resp_err_t err, char *to, size_t room)
{
	const char *name = rd_kafka_err2name(err);
	size_t n = 0;

	while (*name == '_')
		name++;
	for (; *name != '\0' && n + 1 < room; name++)
		to[n++] = (char)tolower((unsigned char)*name);
	to[n] = '\0';
}

static void on_delivery(rd_kafka_t *rk, const rd_kafka_message_t *m, void *opaque)
{
	struct deliver *d = opaque;
	char reason[64];

	(void)rk;
	if (m->err == RD_KAFKA_RESP_ERR_NO_ERROR) {
		d->delivered++;
		return;
	}
	if (kafka_exit_status(m->err) == EXIT_DATA) { /* this message, and no other, is at fault */
		reason_of(m->err, reason, sizeof reason);
		d->returned++;
		(void)deliver_refuse(d, (struct span){m->payload, m->len}, 0, NULL, (uint64_t)(uintptr_t)m->_private, reason,
		                     rd_kafka_err2str(m->err));
		return;
	}
	if (d->lost++ == 0)
		d->lost_error = m->err;
	metric_add(d->m_lost, 1);
}

static void watch_health(struct deliver *d, uint64_t delivered_before)
{
	if (d->delivered > delivered_before && d->warned_down) {
		d->health.down = d->warned_down = false;
		log_notice("Kafka answers again");
	}
	if (d->health.down && !d->warned_down) {
		d->warned_down = true;
		log_warn("Kafka is out of reach, still trying: %s", d->health.reason);
	}
}

static void serve(struct deliver *d, int wait_ms)
{
	uint64_t before = d->delivered;

	rd_kafka_poll(d->rk, wait_ms);
	d->since_poll = 0;
	watch_health(d, before);
	metric_set(d->m_delivered, (double)d->delivered);
	metric_set(d->m_queue, (double)rd_kafka_outq_len(d->rk));
}

void deliver_poll(struct deliver *d)
{
	serve(d, 0);
}

/* What ends the work early: the status, or EXIT_DONE to go on. Messages are printed by deliver_close(). */
static int broken_off(const struct deliver *d)
{
	if (d->health.fatal != 0)
		return kafka_exit_status(d->health.fatal);
	if (d->lost > 0)
		return kafka_exit_status(d->lost_error);
	if (d->rejects_fd >= 0 && d->rejects.error != 0)
		return EXIT_IO;
	return EXIT_DONE;
}

/* --- sending ------------------------------------------------------------------------------------------------------- */

static rd_kafka_resp_err_t send_with_headers(struct deliver *d, struct span payload, struct span key, void *opaque)
{
	rd_kafka_headers_t *headers = rd_kafka_headers_copy(d->headers);
	rd_kafka_resp_err_t err;

	err = rd_kafka_producev(d->rk, RD_KAFKA_V_RKT(d->topic), RD_KAFKA_V_PARTITION(d->partition),
	                        RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY), RD_KAFKA_V_VALUE((void *)(uintptr_t)payload.p, payload.n),
	                        RD_KAFKA_V_KEY((void *)(uintptr_t)key.p, key.n), RD_KAFKA_V_OPAQUE(opaque),
	                        RD_KAFKA_V_HEADERS(headers), RD_KAFKA_V_END);
	if (err != RD_KAFKA_RESP_ERR_NO_ERROR)
		rd_kafka_headers_destroy(headers); /* librdkafka took them over only on success */
	return err;
}

static rd_kafka_resp_err_t send_once(struct deliver *d, struct span payload, struct span key, void *opaque)
{
	if (d->headers != NULL)
		return send_with_headers(d, payload, key, opaque);
	if (rd_kafka_produce(d->topic, d->partition, RD_KAFKA_MSG_F_COPY, (void *)(uintptr_t)payload.p, payload.n, key.p, key.n,
	                     opaque) == 0)
		return RD_KAFKA_RESP_ERR_NO_ERROR;
	return rd_kafka_last_error();
}

static int send_failed(struct deliver *d, struct span payload, uint64_t line, rd_kafka_resp_err_t err)
{
	char reason[64];

	if (kafka_exit_status(err) == EXIT_DATA) {
		reason_of(err, reason, sizeof reason);
		return deliver_refuse(d, payload, 0, NULL, line, reason, rd_kafka_err2str(err));
	}
	d->sent++;
	if (d->lost++ == 0)
		d->lost_error = err;
	return kafka_exit_status(err);
}

int deliver_send(struct deliver *d, struct span payload, struct span key, uint64_t line)
{
	void *opaque = (void *)(uintptr_t)line;
	rd_kafka_resp_err_t err;
	int status;

	if (payload.n + key.n + d->header_bytes > (size_t)d->o->max_message)
		return deliver_refuse(d, payload, 0, NULL, line, "too_long", "the message is longer than --max-message");
	while ((err = send_once(d, payload, key, opaque)) == RD_KAFKA_RESP_ERR__QUEUE_FULL) {
		serve(d, WAIT_MS);
		metrics_tick();
		status = broken_off(d);
		if (status != EXIT_DONE || sig_grace_left() == 0) {
			(void)send_failed(d, payload, line, RD_KAFKA_RESP_ERR__QUEUE_FULL);
			return status != EXIT_DONE ? status : EXIT_RETRY;
		}
	}
	if (err != RD_KAFKA_RESP_ERR_NO_ERROR)
		return send_failed(d, payload, line, err);
	d->sent++;
	metric_add(d->m_sent, 1);
	metric_add(d->m_bytes, (double)payload.n);
	if (++d->since_poll < POLL_EVERY)
		return EXIT_DONE;
	serve(d, 0);
	return broken_off(d);
}

uint64_t deliver_sent(const struct deliver *d)
{
	return d->sent;
}

uint64_t deliver_rejected(const struct deliver *d)
{
	return d->refused;
}

/* --- opening ------------------------------------------------------------------------------------------------------- */

static void configure(rd_kafka_conf_t *conf, const struct kafka_options *k, const struct deliver_options *o)
{
	bool latency = strcmp(o->profile, "latency") == 0;
	char number[32];

	kafka_conf_must(conf, "enable.idempotence", "true");
	kafka_conf_must(conf, "acks", "all");
	/* Java's clients hash keys with murmur2 too: whoever produces to the topic, a customer stays in one partition. Null keys are
	 * spread at random. */
	kafka_conf_must(conf, "partitioner", "murmur2_random");
	snprintf(number, sizeof number, "%" PRId64, o->max_message + MESSAGE_SLACK);
	kafka_conf_must(conf, "message.max.bytes", number);
	kafka_conf_default(conf, k, "allow.auto.create.topics", "false");
	kafka_conf_default(conf, k, "queue.buffering.max.kbytes", "8192");
	kafka_conf_default(conf, k, "linger.ms", latency ? "0" : "5");
	if (latency)
		kafka_conf_default(conf, k, "socket.nagle.disable", "true");
	if (o->compression != NULL)
		kafka_conf_must(conf, "compression.codec", o->compression);
	if (o->transactional != NULL)
		kafka_conf_must(conf, "transactional.id", o->transactional);
	rd_kafka_conf_set_dr_msg_cb(conf, on_delivery);
	kafka_conf_health(conf);
}

static int open_headers(struct deliver *d)
{
	for (size_t i = 0; i < d->o->headers.count; i++) {
		const char *text = d->o->headers.item[i], *equals = strchr(text, '=');
		size_t name = equals != NULL ? (size_t)(equals - text) : strlen(text);

		if (name == 0) {
			log_error("-H: '%s' is not NAME=VALUE", text);
			return EXIT_USAGE;
		}
		if (d->headers == NULL)
			d->headers = rd_kafka_headers_new(d->o->headers.count);
		rd_kafka_header_add(d->headers, text, (ssize_t)name, equals != NULL ? equals + 1 : NULL, -1);
		d->header_bytes += strlen(text);
	}
	return EXIT_DONE;
}

static int open_rejects(struct deliver *d)
{
	if (d->o->rejects == NULL)
		return EXIT_DONE;
	d->rejects_fd = open(d->o->rejects, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
	if (d->rejects_fd < 0) {
		log_error("--rejects %s: %s", d->o->rejects, strerror(errno));
		return EXIT_IO;
	}
	out_init(&d->rejects, d->rejects_fd, 0);
	return EXIT_DONE;
}

static int open_topic(struct deliver *d)
{
	const struct rd_kafka_metadata *metadata;
	int status, partitions;

	status = kafka_metadata(d->rk, &d->health, d->o->topic, CONNECT_PATIENCE_US, &metadata);
	if (status != EXIT_DONE)
		return status;
	partitions = kafka_topic(metadata, d->o->topic)->partition_cnt;
	rd_kafka_metadata_destroy(metadata);
	if (d->partition >= partitions) {
		log_error("-p %d: topic %s has %d partitions, 0 to %d", (int)d->partition, d->o->topic, partitions, partitions - 1);
		return EXIT_USAGE;
	}
	d->topic = rd_kafka_topic_new(d->rk, d->o->topic, NULL);
	return d->topic != NULL ? EXIT_DONE : EXIT_BUG;
}

/* EXIT_DONE, or a status with a message; takes over `e`. */
static int transaction_status(const char *what, rd_kafka_error_t *e)
{
	int status;

	if (e == NULL)
		return EXIT_DONE;
	log_error("%s: %s", what, rd_kafka_error_string(e));
	status = kafka_exit_status(rd_kafka_error_code(e));
	rd_kafka_error_destroy(e);
	return status;
}

static int open_transaction(struct deliver *d)
{
	int status;

	if (d->o->transactional == NULL)
		return EXIT_DONE;
	status = transaction_status("cannot start transactions", rd_kafka_init_transactions(d->rk, TRANSACTION_MS));
	if (status != EXIT_DONE)
		return status;
	return transaction_status("cannot begin a transaction", rd_kafka_begin_transaction(d->rk));
}

static void open_metrics(struct deliver *d)
{
	d->m_sent = metric_new(METRIC_COUNTER, "txpipe_kproduce_records_total", "Messages handed to librdkafka", NULL);
	d->m_bytes = metric_new(METRIC_COUNTER, "txpipe_kproduce_payload_bytes_total", "Bytes of their payloads", NULL);
	d->m_delivered = metric_new(METRIC_COUNTER, "txpipe_kproduce_delivered_total", "Messages acknowledged by Kafka", NULL);
	d->m_refused = metric_new(METRIC_COUNTER, "txpipe_kproduce_rejects_total", "Messages refused for what they are", NULL);
	d->m_lost = metric_new(METRIC_COUNTER, "txpipe_kproduce_undelivered_total", "Messages given up", NULL);
	d->m_queue = metric_new(METRIC_GAUGE, "txpipe_kproduce_queued_records", "Messages not yet acknowledged", NULL);
}

static void release(struct deliver *d)
{
	if (d->topic != NULL)
		rd_kafka_topic_destroy(d->topic);
	if (d->rk != NULL)
		kafka_destroy(d->rk, 0);
	if (d->headers != NULL)
		rd_kafka_headers_destroy(d->headers);
	if (d->rejects_fd >= 0) {
		out_free(&d->rejects);
		close(d->rejects_fd);
	}
	buf_free(&d->reject);
	free(d);
}

struct deliver *deliver_open(const struct kafka_options *k, const struct deliver_options *o, int *status)
{
	struct deliver *d = xcalloc(1, sizeof *d);
	rd_kafka_conf_t *conf = kafka_conf(k);

	d->o = o;
	d->partition = o->partition < 0 ? RD_KAFKA_PARTITION_UA : (int32_t)o->partition;
	d->rejects_fd = -1;
	open_metrics(d);
	configure(conf, k, o);
	rd_kafka_conf_set_opaque(conf, d);
	d->rk = kafka_new(RD_KAFKA_PRODUCER, conf);
	*status = open_headers(d);
	if (*status == EXIT_DONE)
		*status = open_rejects(d);
	if (*status == EXIT_DONE)
		*status = open_topic(d);
	if (*status == EXIT_DONE)
		*status = open_transaction(d);
	if (*status == EXIT_DONE)
		return d;
	release(d);
	return NULL;
}

/* --- closing ------------------------------------------------------------------------------------------------------- */

/* Until everything has its delivery report. message.timeout.ms bounds it; a signal's grace may end it earlier. */
static void drain(struct deliver *d)
{
	uint64_t before;

	while (rd_kafka_outq_len(d->rk) > 0 && broken_off(d) == EXIT_DONE && sig_grace_left() > 0) {
		before = d->delivered;
		rd_kafka_flush(d->rk, WAIT_MS);
		watch_health(d, before);
		metrics_tick();
	}
	if (rd_kafka_outq_len(d->rk) == 0)
		return;
	rd_kafka_purge(d->rk, RD_KAFKA_PURGE_F_QUEUE);
	rd_kafka_flush(d->rk, LEAVE_MS); /* what is on the wire may still be confirmed */
	rd_kafka_purge(d->rk, RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT);
	rd_kafka_flush(d->rk, LEAVE_MS);
}

static int say_lost(const struct deliver *d)
{
	uint64_t missing = d->sent - d->delivered - d->returned;
	bool purged = d->lost_error == RD_KAFKA_RESP_ERR__PURGE_QUEUE || d->lost_error == RD_KAFKA_RESP_ERR__PURGE_INFLIGHT ||
	              d->lost_error == RD_KAFKA_RESP_ERR__QUEUE_FULL || d->lost_error == 0;
	const char *why = purged ? "broken off before Kafka had confirmed them" : rd_kafka_err2str(d->lost_error);

	log_error("%" PRIu64 " of %" PRIu64 " records were not delivered to %s: %s%s%s", missing, d->sent, d->o->topic, why,
	          d->health.reason[0] != '\0' ? "; " : "", d->health.reason);
	if (d->health.fatal != 0)
		return kafka_exit_status(d->health.fatal);
	return purged ? EXIT_RETRY : kafka_exit_status(d->lost_error);
}

static int end_transaction(struct deliver *d, int status)
{
	int aborted;

	if (d->o->transactional == NULL)
		return status;
	if (status == EXIT_DONE && d->refused == 0)
		return transaction_status("cannot commit the transaction; nothing is visible",
		                          rd_kafka_commit_transaction(d->rk, TRANSACTION_MS));
	aborted = transaction_status("cannot abort the transaction; it ends by its timeout",
	                             rd_kafka_abort_transaction(d->rk, TRANSACTION_MS));
	if (aborted == EXIT_DONE)
		log_notice("the transaction was aborted: nothing of this input is visible");
	return status != EXIT_DONE ? status : EXIT_DATA;
}

static int close_rejects(struct deliver *d)
{
	int fd;

	if (d->rejects_fd < 0) {
		if (d->refused == 0)
			return EXIT_DONE;
		log_error("%" PRIu64 " messages were refused and not kept, the first at line %" PRIu64
		          ": %s; --rejects FILE would keep them",
		          d->refused, d->refused_line, d->refused_detail);
		return EXIT_DATA;
	}
	if (d->refused > 0)
		log_warn("%" PRIu64 " messages were refused, the first at line %" PRIu64 ": %s; they are in %s", d->refused,
		         d->refused_line, d->refused_detail, d->o->rejects);
	if (out_flush(&d->rejects) < 0)
		return out_failed(&d->rejects, d->o->rejects);
	out_free(&d->rejects);
	fd = d->rejects_fd;
	d->rejects_fd = -1;
	if (close(fd) == 0)
		return EXIT_DONE;
	log_error("--rejects %s: %s", d->o->rejects, strerror(errno));
	return EXIT_IO;
}

int deliver_close(struct deliver *d, int status)
{
	int rejects;

	drain(d);
	if (d->delivered + d->returned < d->sent) {
		int lost = say_lost(d);

		if (status == EXIT_DONE)
			status = lost;
	}
	status = end_transaction(d, status);
	rejects = close_rejects(d);
	metric_set(d->m_delivered, (double)d->delivered);
	metric_set(d->m_queue, 0);
	release(d);
	return status != EXIT_DONE ? status : rejects;
}
