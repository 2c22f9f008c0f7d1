#include "consume.h"

#include <poll.h>
#include <stdlib.h>
#include <unistd.h>

#include "clock.h"
#include "exit.h"
#include "log.h"
#include "metrics.h"
#include "sig.h"

enum {
	PUSH_AT = 64 << 10,       /* bytes that are worth a write while records keep coming */
	CALLBACKS = 100,          /* served before the records get their turn */
	TICK_MS = 1000,
	JOIN_US = 5000000         /* a broker that waits for other members lets us in after 3 s */
};

static struct metric *m_records, *m_rejects, *m_warm, *m_bytes, *m_assigned;

void consume_stop(struct consume *c, int status)
{
	if (c->status < 0)
		c->status = status;
}

/* --- callbacks ----------------------------------------------------------------------------------------------------- */

static void serve_callbacks(struct consume *c)
{
	rd_kafka_message_t *m;
	int status;

	for (int i = 0; i < CALLBACKS && (m = rd_kafka_consumer_poll(c->rk, 0)) != NULL; i++) {
		status = m->err != RD_KAFKA_RESP_ERR_NO_ERROR ? take_message(c, m) : take_past_queue(c, m);
		if (status != EXIT_DONE)
			consume_stop(c, status);
		rd_kafka_message_destroy(m);
	}
	if (c->health.fatal != 0) {
		log_error("Kafka refuses us: %s", c->health.reason);
		consume_stop(c, kafka_exit_status(c->health.fatal));
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

/* Who waits for a minute without a word thinks that it hangs. */
static void watch_joining(struct consume *c)
{
	if (c->joining == 0)
		return;
	if (c->assigned || c->assign.step != ASSIGN_NONE) {
		c->joining = 0;
	} else if (clock_monotonic() - c->joining > JOIN_US && !c->health.down) {
		c->joining = 0;
		log_notice("waiting for the group %s: a member that went without leaving, or is static, keeps its partitions until its session ends "
		           "(session.timeout.ms, 45 s)", c->o->group);
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
		consume_stop(c, sink_failed(&c->sink));
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
		consume_stop(c, sink_failed(&c->sink));
}

static bool is_full(const struct consume *c)
{
	return sink_pending(&c->sink) >= CONSUME_PENDING_MAX;
}

static void loop(struct consume *c)
{
	while (c->status < 0 && sig_asked() == 0 && !consume_enough(c) && !all_ended(c)) {
		uint64_t before = c->emit.records + c->emit.warm;
		bool more = true;
		int status;

		serve_callbacks(c);
		status = c->status < 0 ? assign_step(c) : EXIT_DONE;
		if (status != EXIT_DONE)
			consume_stop(c, status);
		commit_step(c);
		if (c->status < 0 && !is_full(c))
			more = take_records(c);
		watch_health(c, c->emit.records + c->emit.warm > before);
		watch_joining(c);
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
			consume_stop(c, EXIT_IO);
			return;
		}
		wait_for_work(c, sig_asked() != 0 ? 50 : TICK_MS);
		push(c);
	}
}

/* --- the whole ----------------------------------------------------------------------------------------------------- */

static void open_metrics(void)
{
	m_records = metric_new(METRIC_COUNTER, "txpipe_kconsume_records_total", "Messages emitted, rejects among them", NULL);
	m_rejects = metric_new(METRIC_COUNTER, "txpipe_kconsume_rejects_total", "Messages emitted as rejects", NULL);
	m_warm = metric_new(METRIC_COUNTER, "txpipe_kconsume_warm_records_total", "Messages emitted as warm, by --rewind", NULL);
	m_bytes = metric_new(METRIC_COUNTER, "txpipe_kconsume_output_bytes_total", "Bytes written to stdout", NULL);
	m_assigned = metric_new(METRIC_GAUGE, "txpipe_kconsume_assigned_partitions", "Partitions assigned", NULL);
}

static void release(struct consume *c)
{
	assign_free(&c->assign);
	commit_free(&c->commit);
	if (c->events != NULL) {
		rd_kafka_queue_io_event_enable(c->events, -1, NULL, 0);
		rd_kafka_queue_io_event_enable(c->records, -1, NULL, 0);
		connect_leave(c);
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
	struct consume c = {.health.give_up = connect_reader_gone, .o = o, .emit = emit, .wake = {-1, -1}, .status = -1};
	int status;

	open_metrics();
	c.first_counts = xcalloc(o->topic_count, sizeof c.first_counts[0]);
	sink_open(&c.sink, STDOUT_FILENO);
	status = connect_open(&c);
	if (c.cluster == NULL)
		c.cluster = (char *)(uintptr_t)"";
	if (status != EXIT_DONE)
		consume_stop(&c, status);
	progress_start(&c.progress, o->show_progress, "records");
	if (c.events != NULL) {
		c.joining = o->numbers == NULL ? clock_monotonic() : 0;
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
