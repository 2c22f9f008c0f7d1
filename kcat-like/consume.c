#include "consume.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "clock.h"
#include "exit.h"
#include "log.h"
#include "metrics.h"
#include "sig.h"

enum {
	CONNECT_PATIENCE_US = 30000000,
	CLUSTER_MS = 5000,
	PENDING_MAX = 256 << 10,  /* bytes that wait for the reader: beyond, no record is taken from the queue */
	PUSH_AT = 64 << 10,       /* bytes that are worth a write while records keep coming */
	CALLBACKS = 100,          /* served before the records get their turn */
	TICK_MS = 1000,
	CLOSE_US = 5000000,
	CLOSE_ALONE_US = 500000   /* the reader is gone: nobody is to wait for us, if the broker does not answer */
};

static struct metric *m_records, *m_rejects, *m_warm, *m_bytes, *m_assigned;

static void stop(struct consume *c, int status)
{
	if (c->status < 0)
		c->status = status;
}

void consume_drop_hand(struct consume *c)
{
	while (c->hand_at < c->hand_count)
		rd_kafka_message_destroy(c->hand[c->hand_at++]);
}

/* --- records ------------------------------------------------------------------------------------------------------- */

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

	rd_kafka_query_watermark_offsets(c->rk, p->topic, p->number, &low, &high, TICK_MS);
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

static int take_message(struct consume *c, const rd_kafka_message_t *m)
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

static bool enough(const struct consume *c)
{
	return c->o->count > 0 && c->emit.records >= (uint64_t)c->o->count;
}

static void fill_hand(struct consume *c)
{
	ssize_t n = rd_kafka_consume_batch_queue(c->records, 0, c->hand, HAND);

	c->hand_at = 0;
	c->hand_count = n > 0 ? (size_t)n : 0;
}

/* Records into the buffer, until it is full or none are left. true if the queue may hold more. */
static bool take_records(struct consume *c)
{
	size_t bytes = 0;
	int status;

	if (c->hand_at == c->hand_count)
		fill_hand(c);
	while (c->hand_at < c->hand_count && sink_pending(&c->sink) < PENDING_MAX && !enough(c) && c->status < 0) {
		rd_kafka_message_t *m = c->hand[c->hand_at++];

		status = take_message(c, m);
		if (status != EXIT_DONE)
			stop(c, status);
		bytes += m->len;
		rd_kafka_message_destroy(m);
	}
	wake_fetchers(c, bytes);
	return c->hand_count > 0;
}

/* --- callbacks ----------------------------------------------------------------------------------------------------- */

/* Records must come by the partitions' queues: one that comes by the consumer's may already be overtaken. */
static int past_its_queue(struct consume *c, const rd_kafka_message_t *m)
{
	const struct partition *p = partition_find(&c->partitions, rd_kafka_topic_name(m->rkt), m->partition);

	if (p == NULL || !p->mine || m->offset >= p->next)
		return take_message(c, m);
	log_error("%s/%" PRId32 ": record %" PRId64 " came behind %" PRId64, p->topic, p->number, m->offset, p->next);
	return EXIT_BUG;
}

static void serve_callbacks(struct consume *c)
{
	rd_kafka_message_t *m;
	int status;

	for (int i = 0; i < CALLBACKS && (m = rd_kafka_consumer_poll(c->rk, 0)) != NULL; i++) {
		status = m->err != RD_KAFKA_RESP_ERR_NO_ERROR ? take_message(c, m) : past_its_queue(c, m);
		if (status != EXIT_DONE)
			stop(c, status);
		rd_kafka_message_destroy(m);
	}
	if (c->health.fatal != 0) {
		log_error("Kafka refuses us: %s", c->health.reason);
		stop(c, kafka_exit_status(c->health.fatal));
	}
}

static void watch_health(struct consume *c, bool records_came)
{
	if (records_came && c->warned_down) {
		c->health.down = c->warned_down = false;
		log_notice("Kafka answers again");
	}
	if (c->health.down && !c->warned_down) {
		c->warned_down = true;
		log_warn("Kafka is out of reach, still trying: %s", c->health.reason);
	}
}

/* --- the loop ------------------------------------------------------------------------------------------------------ */

static bool all_ended(const struct consume *c)
{
	if ((!c->o->exit_at_end && c->o->until < 0) || !c->assigned || c->assign.step != ASSIGN_NONE)
		return false;
	for (size_t i = 0; i < c->partitions.count; i++)
		if (c->partitions.item[i]->mine && !c->partitions.item[i]->ended)
			return false;
	return true;
}

static void push(struct consume *c)
{
	size_t before = sink_pending(&c->sink);

	if (sink_push(&c->sink) < 0)
		stop(c, sink_failed(&c->sink));
	metric_add(m_bytes, (double)(before - sink_pending(&c->sink)));
}

static void tick(struct consume *c)
{
	static int64_t measured;
	int64_t now = clock_monotonic();

	progress_tick(&c->progress, c->emit.records);
	if (now - measured < TICK_MS * 1000LL)
		return;
	measured = now;
	metric_set(m_records, (double)c->emit.records);
	metric_set(m_rejects, (double)c->emit.rejects);
	metric_set(m_warm, (double)c->emit.warm);
	metric_set(m_assigned, c->assigned ? (double)c->partitions.count : 0);
	for (size_t i = 0; i < c->partitions.count; i++)
		partition_measure(c->rk, c->partitions.item[i]);
	metrics_tick();
}

static void drain_wake(struct consume *c)
{
	char bytes[64];

	while (read(c->wake[0], bytes, sizeof bytes) > 0)
		;
}

static int earlier(int ms, int max_ms)
{
	return ms >= 0 && ms < max_ms ? ms : max_ms;
}

/* Nothing can be done now: until a queue fills, the reader takes bytes or goes away, a signal comes, or time passes. */
static void wait_for_work(struct consume *c, int max_ms)
{
	struct pollfd fds[5] = {
		{.fd = c->wake[0], .events = POLLIN},
		{.fd = sig_asked() != 0 ? -1 : sig_fd(), .events = POLLIN},
		sink_watch(&c->sink),
		{.fd = -1, .events = POLLIN},
		{.fd = -1, .events = POLLIN},
	};

	max_ms = earlier(assign_wait(&c->assign, &fds[3].fd), max_ms);
	max_ms = earlier(commit_wait(&c->commit, &fds[4].fd), max_ms);
	if (poll(fds, 5, max_ms) <= 0)
		return;
	if (fds[0].revents != 0)
		drain_wake(c);
	if (sink_gone(&c->sink, fds[2].revents))
		stop(c, sink_failed(&c->sink));
}

static bool is_full(const struct consume *c)
{
	return sink_pending(&c->sink) >= PENDING_MAX;
}

static void loop(struct consume *c)
{
	while (c->status < 0 && sig_asked() == 0 && !enough(c) && !all_ended(c)) {
		uint64_t before = c->emit.records + c->emit.warm;
		bool more = true;
		int status;

		serve_callbacks(c);
		status = c->status < 0 ? assign_step(c) : EXIT_DONE;
		if (status != EXIT_DONE)
			stop(c, status);
		commit_step(c);
		if (c->status < 0 && !is_full(c))
			more = take_records(c);
		watch_health(c, c->emit.records + c->emit.warm > before);
		tick(c);
		if (sink_pending(&c->sink) >= PUSH_AT || (!more && sink_pending(&c->sink) > 0))
			push(c);
		if (c->status < 0 && (!more || is_full(c)))
			wait_for_work(c, TICK_MS);
	}
	consume_drop_hand(c);
}

/* What is in the buffer consists of whole lines, and leaves as such, whatever ended the loop. After a signal the grace bounds it. */
static void flush(struct consume *c)
{
	push(c);
	while (sink_pending(&c->sink) > 0 && c->sink.error == 0) {
		if (sig_grace_left() == 0) {
			log_error("the reader of stdout has not taken what was left within --grace");
			stop(c, EXIT_IO);
			return;
		}
		wait_for_work(c, sig_asked() != 0 ? 50 : TICK_MS);
		push(c);
	}
}

/* --- opening and closing ------------------------------------------------------------------------------------------- */

static void open_metrics(void)
{
	m_records = metric_new(METRIC_COUNTER, "txpipe_kconsume_records_total", "Messages emitted, rejects among them", NULL);
	m_rejects = metric_new(METRIC_COUNTER, "txpipe_kconsume_rejects_total", "Messages emitted as rejects", NULL);
	m_warm = metric_new(METRIC_COUNTER, "txpipe_kconsume_warm_records_total", "Messages emitted as warm, by --rewind", NULL);
	m_bytes = metric_new(METRIC_COUNTER, "txpipe_kconsume_output_bytes_total", "Bytes written to stdout", NULL);
	m_assigned = metric_new(METRIC_GAUGE, "txpipe_kconsume_assigned_partitions", "Partitions assigned", NULL);
}

static rd_kafka_conf_t *configure(const struct consume_options *o)
{
	rd_kafka_conf_t *conf = kafka_conf(&o->kafka);

	kafka_conf_must(conf, "group.id", o->numbers != NULL ? o->stream : o->group); /* librdkafka wants one even without a group */
	if (o->instance_id != NULL)
		kafka_conf_must(conf, "group.instance.id", o->instance_id);
	kafka_conf_must(conf, "enable.auto.commit", "false"); /* the position is stored with the rows, by the sink */
	kafka_conf_must(conf, "enable.auto.offset.store", "false");
	kafka_conf_must(conf, "auto.offset.reset", "error");
	kafka_conf_must(conf, "enable.partition.eof", "true");
	kafka_conf_must(conf, "allow.auto.create.topics", "false");
	/* Eager: with the cooperative strategy librdkafka 2.0.2 loses or repeats records. */
	kafka_conf_must(conf, "partition.assignment.strategy", "range");
	kafka_conf_default(conf, &o->kafka, "queued.max.messages.kbytes", "8192");
	kafka_conf_default(conf, &o->kafka, "fetch.max.bytes", "8388608");
	/* Partitions that are added are noticed so soon; and a topic that is gone is gone: it existed when we came. */
	kafka_conf_default(conf, &o->kafka, "topic.metadata.refresh.interval.ms", "5000");
	kafka_conf_default(conf, &o->kafka, "topic.metadata.propagation.max.ms", "5000");
	rd_kafka_conf_set_rebalance_cb(conf, assign_rebalance);
	rd_kafka_conf_set_offset_commit_cb(conf, commit_answer);
	kafka_conf_health(conf);
	return conf;
}

/* The loop that looks after stdout does not run yet. */
static int reader_gone(struct kafka_health *health)
{
	struct consume *c = (struct consume *)health; /* its first member */
	struct pollfd watch = sink_watch(&c->sink);

	if (poll(&watch, 1, 0) > 0 && sink_gone(&c->sink, watch.revents))
		return sink_failed(&c->sink);
	return EXIT_DONE;
}

static int check_topics(struct consume *c)
{
	const struct consume_options *o = c->o;
	const struct rd_kafka_metadata *metadata;
	int status, partitions;

	for (size_t i = 0; i < o->topic_count; i++) {
		status = kafka_metadata(c->rk, &c->health, o->topics[i], CONNECT_PATIENCE_US, &metadata);
		if (status != EXIT_DONE)
			return sig_asked() != 0 ? EXIT_DONE : status;
		partitions = kafka_topic(metadata, o->topics[i])->partition_cnt;
		rd_kafka_metadata_destroy(metadata);
		for (size_t j = 0; j < o->number_count; j++)
			if (o->numbers[j] >= partitions) {
				log_error("-p %" PRId32 ": topic %s has %d partitions, 0 to %d", o->numbers[j], o->topics[i], partitions,
				          partitions - 1);
				return EXIT_USAGE;
			}
	}
	return EXIT_DONE;
}

/* With -p: the partitions are ours without asking anybody. */
static void assign_numbers(struct consume *c)
{
	rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(8);

	for (size_t i = 0; i < c->o->topic_count; i++)
		for (size_t j = 0; j < c->o->number_count; j++)
			rd_kafka_topic_partition_list_add(list, c->o->topics[i], c->o->numbers[j]);
	assign_begin(c, list);
	rd_kafka_topic_partition_list_destroy(list);
}

static int subscribe(struct consume *c)
{
	rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(8);
	rd_kafka_resp_err_t err;

	for (size_t i = 0; i < c->o->topic_count; i++)
		rd_kafka_topic_partition_list_add(list, c->o->topics[i], RD_KAFKA_PARTITION_UA);
	err = rd_kafka_subscribe(c->rk, list);
	rd_kafka_topic_partition_list_destroy(list);
	if (err == RD_KAFKA_RESP_ERR_NO_ERROR)
		return EXIT_DONE;
	log_error("cannot join the group %s: %s", c->o->group, rd_kafka_err2str(err));
	return kafka_exit_status(err);
}

static int open_wake(struct consume *c)
{
	if (pipe2(c->wake, O_CLOEXEC | O_NONBLOCK) < 0) {
		log_error("cannot make a pipe: %s", strerror(errno));
		return EXIT_RETRY;
	}
	rd_kafka_queue_io_event_enable(c->records, c->wake[1], "", 1);
	rd_kafka_queue_io_event_enable(c->events, c->wake[1], "", 1);
	return EXIT_DONE;
}

static char *property(const rd_kafka_conf_t *conf, const char *name)
{
	char value[1024] = "";
	size_t size = sizeof value;

	(void)rd_kafka_conf_get(conf, name, value, &size);
	return xstrdup(value);
}

/* What wake_fetchers() needs to know. */
static void note_queue(struct consume *c, const rd_kafka_conf_t *conf)
{
	char *kbytes = property(conf, "queued.max.messages.kbytes");

	c->wake_every = (size_t)strtoull(kbytes, NULL, 10) * 1024 / 4;
	free(kbytes);
	c->username = property(conf, "sasl.username");
	c->password = property(conf, "sasl.password");
}

static int open_consumer(struct consume *c)
{
	rd_kafka_conf_t *conf = configure(c->o);
	int status;

	note_queue(c, conf);

	rd_kafka_conf_set_opaque(conf, c);
	c->rk = kafka_new(RD_KAFKA_CONSUMER, conf);
	status = check_topics(c);
	if (status != EXIT_DONE || sig_asked() != 0)
		return status;
	rd_kafka_poll_set_consumer(c->rk);
	c->records = rd_kafka_queue_new(c->rk);
	c->events = rd_kafka_queue_get_consumer(c->rk);
	c->cluster = rd_kafka_clusterid(c->rk, CLUSTER_MS);
	status = open_wake(c);
	if (status != EXIT_DONE)
		return status;
	if (!c->o->resume && !c->o->start_given)
		log_notice("no --resume: every assignment is read from the beginning");
	if (c->o->numbers == NULL)
		return subscribe(c);
	assign_numbers(c);
	return EXIT_DONE;
}

/* Leave the group, so that others take over at once; a broker that does not answer is not waited for. */
static void leave(struct consume *c)
{
	int64_t until = clock_monotonic() + (c->sink.error != 0 ? CLOSE_ALONE_US : CLOSE_US);
	rd_kafka_error_t *error;
	rd_kafka_message_t *m;

	c->closing = true;
	error = rd_kafka_consumer_close_queue(c->rk, c->events);
	if (error != NULL) {
		rd_kafka_error_destroy(error);
		return;
	}
	while (!rd_kafka_consumer_closed(c->rk) && clock_monotonic() < until) {
		m = rd_kafka_consumer_poll(c->rk, 50);
		if (m != NULL)
			rd_kafka_message_destroy(m);
	}
}

static void release(struct consume *c)
{
	assign_free(&c->assign);
	commit_free(&c->commit);
	if (c->events != NULL) {
		rd_kafka_queue_io_event_enable(c->events, -1, NULL, 0);
		rd_kafka_queue_io_event_enable(c->records, -1, NULL, 0);
		leave(c);
		rd_kafka_queue_destroy(c->events);
		rd_kafka_queue_destroy(c->records);
	}
	if (c->cluster != NULL && c->cluster[0] != '\0')
		rd_kafka_mem_free(c->rk, c->cluster);
	kafka_destroy(c->rk, RD_KAFKA_DESTROY_F_NO_CONSUMER_CLOSE);
	if (c->wake[0] >= 0) {
		close(c->wake[0]);
		close(c->wake[1]);
	}
	free(c->username);
	free(c->password);
	free(c->first_counts);
	partitions_free(&c->partitions);
	sink_close(&c->sink);
	emit_free(&c->emit);
}

int consume_run(const struct consume_options *o, struct emit emit, uint64_t *rejects)
{
	struct consume c = {.health.give_up = reader_gone, .o = o, .emit = emit, .wake = {-1, -1}, .status = -1};
	int status;

	open_metrics();
	c.first_counts = xcalloc(o->topic_count, sizeof c.first_counts[0]);
	sink_open(&c.sink, STDOUT_FILENO);
	status = open_consumer(&c);
	if (c.cluster == NULL)
		c.cluster = (char *)(uintptr_t)"";
	if (status != EXIT_DONE)
		stop(&c, status);
	progress_start(&c.progress, o->show_progress, "records");
	if (c.events != NULL) {
		loop(&c);
		flush(&c);
	}
	progress_finish(&c.progress, c.emit.records);
	metric_set(m_records, (double)c.emit.records);
	metric_set(m_rejects, (double)c.emit.rejects);
	metric_set(m_warm, (double)c.emit.warm);
	*rejects = c.emit.rejects;
	release(&c);
	return c.status < 0 ? EXIT_DONE : c.status;
}
