#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "consume.h"
#include "exit.h"
#include "log.h"

enum {
	RETRY_US = 200000,
	WARN_US = 5000000,
	PATIENCE_US = 60000000,   /* for the answers that an assignment needs */
	JOB_LOOK_MS = 20
};

static void forget(rd_kafka_topic_partition_list_t *list)
{
	if (list != NULL)
		rd_kafka_topic_partition_list_destroy(list);
}

/* --- from a list to running partitions ----------------------------------------------------------------------------- */

static bool stays(const struct partition *p)
{
	return p != NULL && !p->lost;
}

/* The smallest partition count that is known of the topic, stored or seen by this process; -1: none. What lies beyond was added later. */
static int64_t siblings(const struct consume *c, const char *topic)
{
	int64_t least = positions_siblings(&c->assign.positions, topic);

	for (size_t i = 0; i < c->o->topic_count; i++)
		if (c->first_counts[i] > 0 && strcmp(c->o->topics[i], topic) == 0 && (least < 0 || c->first_counts[i] < least))
			least = c->first_counts[i];
	return least;
}

static int decide(struct consume *c, int i)
{
	const struct facts *f = &c->assign.facts;
	const rd_kafka_topic_partition_t *tp = &c->assign.wanted->elems[i];
	const struct start_facts facts = {
		.topic = tp->topic,
		.partition = tp->partition,
		.low = f->low->elems[i].offset,
		.high = f->high->elems[i].offset,
		.at_time = f->at_time != NULL ? f->at_time->elems[i].offset : -1,
		.position = positions_find(&c->assign.positions, tp->topic, tp->partition),
		.siblings = siblings(c, tp->topic),
		.cluster = c->cluster,
	};
	struct start *start = &c->assign.starts[i];
	char why[512];
	int status;

	status = start_decide(&c->o->start, &facts, start, why, sizeof why);
	if (status != EXIT_DONE) {
		log_error("%s; nothing was read (see --resume, and pgload --reset-stream)", why);
		return status;
	}
	if (c->o->rewind > 0 && start->begin > facts.low)
		rewind_add(&c->assign.rewind, &(struct rewind_item){
			.topic = tp->topic,
			.partition = tp->partition,
			.low = facts.low,
			.high = facts.high,
			.begin = start->begin,
			.last_ts = facts.position != NULL ? facts.position->last_ts : -1,
		});
	return EXIT_DONE;
}

/* Where each partition begins that does not stay. */
static int decide_all(struct consume *c)
{
	struct assign *a = &c->assign;
	int status = EXIT_DONE;

	a->starts = xrealloc(a->starts, ((size_t)a->wanted->cnt + 1) * sizeof *a->starts);
	if (c->o->rewind > 0)
		rewind_start(&a->rewind, &c->o->kafka, c->o->rewind / 1000);
	for (int i = 0; i < a->wanted->cnt && status == EXIT_DONE; i++)
		if (!stays(partition_find(&c->partitions, a->wanted->elems[i].topic, a->wanted->elems[i].partition)))
			status = decide(c, i);
	for (size_t i = 0; i < c->o->topic_count; i++)
		if (c->first_counts[i] == 0)
			c->first_counts[i] = a->facts.counts[i];
	return status;
}

static void begin_partition(struct consume *c, int i)
{
	const struct facts *f = &c->assign.facts;
	const rd_kafka_topic_partition_t *tp = &c->assign.wanted->elems[i];
	struct start *start = &c->assign.starts[i];
	int64_t low = f->low->elems[i].offset, high = f->high->elems[i].offset, stop = INT64_MAX;
	int64_t from = rewind_from(&c->assign.rewind, tp->topic, tp->partition);
	struct partition *p;

	if (f->until != NULL)
		stop = f->until->elems[i].offset >= 0 ? f->until->elems[i].offset : high;
	if (from >= 0 && stop > start->begin) /* where nothing will be judged, nothing needs warming */
		start->from = from;
	p = partition_get(&c->partitions, tp->topic, tp->partition);
	partition_begin(p, start, stop, c->o->stream, facts_count(f, c->o, tp));
	emit_assigned(&c->emit, &c->sink.buf, p, low, c->cluster);
	log_info("%s/%" PRId32 ": begins at %" PRId64 " (%s), the log holds %" PRId64 " to %" PRId64, p->topic, p->number, start->begin,
	         start->origin, low, high);
}

/* Those that went to others: said now, when the next assignment is known. */
static void drop_revoked(struct consume *c)
{
	for (size_t i = 0; i < c->partitions.count;) {
		struct partition *p = c->partitions.item[i];

		if (rd_kafka_topic_partition_list_find(c->assign.wanted, p->topic, p->number) != NULL) {
			i++;
			continue;
		}
		emit_revoked(&c->emit, &c->sink.buf, p);
		partition_drop(&c->partitions, p);
	}
}

/* The partition's records go to our queue and not to the consumer's, where only callbacks are served. */
static int forward_queue(struct consume *c, const rd_kafka_topic_partition_t *tp)
{
	rd_kafka_queue_t *q = rd_kafka_queue_get_partition(c->rk, tp->topic, tp->partition);

	if (q == NULL) {
		log_error("%s/%" PRId32 ": no queue", tp->topic, tp->partition);
		return EXIT_BUG;
	}
	rd_kafka_queue_forward(q, c->records);
	rd_kafka_queue_destroy(q);
	return EXIT_DONE;
}

static int forward_all(struct consume *c)
{
	int status = EXIT_DONE;

	for (int i = 0; i < c->assign.wanted->cnt && status == EXIT_DONE; i++)
		status = forward_queue(c, &c->assign.wanted->elems[i]);
	return status;
}

/* librdkafka begins to fetch: the queues must point the right way before, and again after, since stopping had reset them. */
static int take(struct consume *c)
{
	rd_kafka_topic_partition_list_t *list = c->assign.wanted;
	rd_kafka_resp_err_t err;
	int status;

	for (int i = 0; i < list->cnt; i++) {
		struct partition *p = partition_find(&c->partitions, list->elems[i].topic, list->elems[i].partition);

		p->mine = true;
		p->ended = p->next >= p->stop;
		list->elems[i].offset = partition_read_from(p);
	}
	status = forward_all(c);
	if (status != EXIT_DONE)
		return status;
	err = rd_kafka_assign(c->rk, list);
	if (err != RD_KAFKA_RESP_ERR_NO_ERROR) {
		log_error("cannot take %d partitions: %s", list->cnt, rd_kafka_err2str(err));
		return kafka_exit_status(err);
	}
	return forward_all(c);
}

static void finish(struct assign *a)
{
	position_stop(&a->job);
	positions_free(&a->positions);
	rewind_free(&a->rewind);
	facts_free(&a->facts);
	forget(a->wanted);
	a->wanted = NULL;
	a->step = ASSIGN_NONE;
}

/* All facts are there: begin what is new, keep what stays. */
static int establish(struct consume *c)
{
	int status;

	drop_revoked(c);
	for (int i = 0; i < c->assign.wanted->cnt; i++) {
		const rd_kafka_topic_partition_t *tp = &c->assign.wanted->elems[i];

		if (!stays(partition_find(&c->partitions, tp->topic, tp->partition)))
			begin_partition(c, i);
	}
	status = take(c);
	if (status == EXIT_DONE) {
		c->assigned = true;
		log_info("%d partitions assigned", c->assign.wanted->cnt);
	}
	finish(&c->assign);
	return status;
}

static bool nothing_new(struct consume *c)
{
	for (int i = 0; i < c->assign.wanted->cnt; i++) {
		const rd_kafka_topic_partition_t *tp = &c->assign.wanted->elems[i];

		if (!stays(partition_find(&c->partitions, tp->topic, tp->partition)))
			return false;
	}
	return true;
}

/* An answer is missing: ask again in a moment, but not for ever. */
static int ask_again(struct consume *c, const char *reason)
{
	struct assign *a = &c->assign;
	int64_t now = clock_monotonic();

	if (now - a->started > PATIENCE_US) {
		log_error("Kafka does not tell where the log begins and ends: %s", reason[0] != '\0' ? reason : "no answer");
		return EXIT_RETRY;
	}
	if (now - a->started > WARN_US && !a->warned) {
		a->warned = true;
		log_warn("still asking Kafka where the log begins and ends: %s", reason);
	}
	a->step = ASSIGN_RESOLVE;
	a->retry_at = now + RETRY_US;
	return EXIT_DONE;
}

static int resolve(struct consume *c)
{
	struct assign *a = &c->assign;
	int status;

	if (clock_monotonic() < a->retry_at)
		return EXIT_DONE;
	if (nothing_new(c))
		return establish(c);
	if (!facts_gather(&a->facts, c->rk, c->o, a->wanted))
		return ask_again(c, c->health.reason);
	status = decide_all(c);
	if (status != EXIT_DONE)
		return status;
	if (a->rewind.count == 0)
		return establish(c);
	a->step = ASSIGN_REWIND;
	return EXIT_DONE;
}

static int rewind_on(struct consume *c)
{
	switch (rewind_look(&c->assign.rewind)) {
	case 0:
		return EXIT_DONE;
	case 1:
		return establish(c);
	default:
		return ask_again(c, c->assign.rewind.health.reason);
	}
}

/* --- steps --------------------------------------------------------------------------------------------------------- */

void assign_begin(struct consume *c, const rd_kafka_topic_partition_list_t *list)
{
	struct assign *a = &c->assign;

	finish(a);
	a->wanted = rd_kafka_topic_partition_list_copy(list);
	a->started = clock_monotonic();
	a->retry_at = 0;
	a->warned = false;
	a->step = ASSIGN_RESOLVE;
	if (!c->o->resume || nothing_new(c))
		return;
	a->step = ASSIGN_POSITIONS;
	a->job.option = "--resume";
	a->job.level = LEVEL_ERROR;
	if (position_start(&a->job, c->o->positions) != EXIT_DONE)
		c->status = EXIT_RETRY;
}

int assign_step(struct consume *c)
{
	struct assign *a = &c->assign;
	int status;

	if (a->step == ASSIGN_POSITIONS && position_over(&a->job, &status)) {
		if (status == EXIT_DONE)
			status = positions_read(&a->positions, &a->job, c->o->stream);
		if (status != EXIT_DONE)
			return status;
		a->step = ASSIGN_RESOLVE;
		a->started = clock_monotonic();
	}
	if (a->step == ASSIGN_REWIND)
		return rewind_on(c);
	return a->step == ASSIGN_RESOLVE ? resolve(c) : EXIT_DONE;
}

int assign_wait(const struct assign *a, int *fd)
{
	*fd = a->step == ASSIGN_POSITIONS ? a->job.fd : -1;
	switch (a->step) {
	case ASSIGN_POSITIONS:
		return a->job.fd >= 0 ? RETRY_US / 1000 : JOB_LOOK_MS;
	case ASSIGN_RESOLVE:
		return JOB_LOOK_MS;
	case ASSIGN_REWIND:
		return 0; /* it waits by itself, as long as it may */
	case ASSIGN_NONE:
		break;
	}
	return -1;
}

void assign_free(struct assign *a)
{
	finish(a);
	free(a->starts);
	position_free(&a->job);
}

static void revoke(struct consume *c, rd_kafka_t *rk)
{
	bool lost = rd_kafka_assignment_lost(rk) != 0;

	finish(&c->assign);
	consume_drop_hand(c);
	c->assigned = false;
	for (size_t i = 0; i < c->partitions.count; i++) {
		c->partitions.item[i]->mine = false;
		c->partitions.item[i]->lost |= lost;
	}
	if (lost && !c->closing)
		log_warn("the group took our partitions away: this process was silent for too long, or the broker was");
	rd_kafka_assign(rk, NULL);
}

void assign_rebalance(rd_kafka_t *rk, rd_kafka_resp_err_t err, rd_kafka_topic_partition_list_t *list, void *opaque)
{
	struct consume *c = opaque;

	if (err == RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS && !c->closing) {
		assign_begin(c, list);
		return;
	}
	if (err != RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS && err != RD_KAFKA_RESP_ERR__REVOKE_PARTITIONS)
		log_warn("rebalance failed: %s", rd_kafka_err2str(err));
	revoke(c, rk);
}
