#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "clock.h"
#include "consume.h"
#include "exit.h"
#include "log.h"
#include "sig.h"

enum {
	PATIENCE_US = 30000000,
	CLUSTER_MS = 5000,
	CLOSE_US = 5000000,
	CLOSE_ALONE_US = 500000 /* the reader is gone: nobody is to wait for us, if the broker does not answer */
};

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
	/* Small: what librdkafka holds beside the messages is more than they are, and what is read while it is still in the processor's cache is read
	 * sooner. librdkafka bounds an answer (fetch.max.bytes) by the queue's size, or by the largest message if that is more. */
	kafka_conf_default(conf, &o->kafka, "queued.max.messages.kbytes", "4096");
	kafka_conf_default(conf, &o->kafka, "fetch.message.max.bytes", "524288");
	/* That a partition has ended is told by an answer without records, and the broker would keep that to itself for half a second. */
	if (o->exit_at_end || o->until >= 0)
		kafka_conf_default(conf, &o->kafka, "fetch.wait.max.ms", "10");
	/* Partitions that are added are noticed so soon; and a topic that is gone is gone: it existed when we came. */
	kafka_conf_default(conf, &o->kafka, "topic.metadata.refresh.interval.ms", "5000");
	kafka_conf_default(conf, &o->kafka, "topic.metadata.propagation.max.ms", "5000");
	rd_kafka_conf_set_rebalance_cb(conf, assign_rebalance);
	rd_kafka_conf_set_offset_commit_cb(conf, commit_answer);
	kafka_conf_health(conf);
	return conf;
}

int connect_reader_gone(struct kafka_health *health)
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
		status = kafka_metadata(c->rk, &c->health, o->topics[i], PATIENCE_US, &metadata);
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

int connect_open(struct consume *c)
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

void connect_leave(struct consume *c)
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
