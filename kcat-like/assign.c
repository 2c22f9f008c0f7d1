#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "consume.h"
#include "exit.h"
#include "log.h"

enum {
	ASK_MS = 1000,            /* one question to the broker; stdout waits so long at most */
	RETRY_US = 200000,
	WARN_US = 5000000,
	PATIENCE_US = 60000000,   /* for the answers that an assignment needs */
	JOB_LOOK_MS = 20
};

/* What the broker knows about the wanted partitions, in the order of the list. */
struct facts {
	rd_kafka_topic_partition_list_t *low, *high, *at_time, *until;
	int64_t *counts; /* partitions of each of the options' topics */
};

/* --- questions to the broker --------------------------------------------------------------------------------------- */

/* Offsets at a time for the whole list at once; RD_KAFKA_OFFSET_BEGINNING and _END are times too. NULL: ask again later. */
static rd_kafka_topic_partition_list_t *ask_offsets(struct consume *c, int64_t time)
{
	rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_copy(c->assign.wanted);
	rd_kafka_resp_err_t err = RD_KAFKA_RESP_ERR_NO_ERROR;

	for (int i = 0; i < list->cnt; i++)
		list->elems[i].offset = time;
	if (list->cnt > 0)
		err = rd_kafka_offsets_for_times(c->rk, list, ASK_MS);
	for (int i = 0; i < list->cnt && err == RD_KAFKA_RESP_ERR_NO_ERROR; i++)
		err = list->elems[i].err;
	if (err == RD_KAFKA_RESP_ERR_NO_ERROR)
		return list;
	log_debug("asking for offsets: %s", rd_kafka_err2str(err));
	rd_kafka_topic_partition_list_destroy(list);
	return NULL;
}

static void forget(rd_kafka_topic_partition_list_t *list)
{
	if (list != NULL)
		rd_kafka_topic_partition_list_destroy(list);
}

static void facts_free(struct facts *f)
{
	forget(f->low);
	forget(f->high);
	forget(f->at_time);
	forget(f->until);
	free(f->counts);
}

static bool ask_count(struct consume *c, const char *topic, int64_t *count)
{
	rd_kafka_topic_t *rkt = rd_kafka_topic_new(c->rk, topic, NULL);
	const struct rd_kafka_metadata *metadata;
	const struct rd_kafka_metadata_topic *t;
	rd_kafka_resp_err_t err = rd_kafka_metadata(c->rk, 0, rkt, &metadata, ASK_MS);

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

static bool facts_gather(struct consume *c, struct facts *f)
{
	const struct consume_options *o = c->o;

	f->counts = xcalloc(o->topic_count, sizeof f->counts[0]);
	for (size_t i = 0; i < o->topic_count; i++)
		if (!ask_count(c, o->topics[i], &f->counts[i]))
			return false;
	f->low = ask_offsets(c, RD_KAFKA_OFFSET_BEGINNING);
	if (f->low != NULL)
		f->high = ask_offsets(c, RD_KAFKA_OFFSET_END);
	if (f->high != NULL && o->start.kind == START_TIME)
		f->at_time = ask_offsets(c, o->start.value);
	if (f->high != NULL && o->until >= 0)
		f->until = ask_offsets(c, o->until);
	return f->high != NULL && (o->start.kind != START_TIME || f->at_time != NULL) && (o->until < 0 || f->until != NULL);
}

/* The topic's; never less than makes sense for the partition at hand. */
static int64_t partition_count(const struct consume_options *o, const struct facts *f, const rd_kafka_topic_partition_t *tp)
{
	int64_t count = 0;

	for (size_t i = 0; i < o->topic_count; i++)
		if (strcmp(o->topics[i], tp->topic) == 0)
			count = f->counts[i];
	return count > tp->partition ? count : tp->partition + 1;
}

/* --- from a list to running partitions ----------------------------------------------------------------------------- */

static bool stays(const struct partition *p)
{
	return p != NULL && !p->lost;
}

static int begin_partition(struct consume *c, const struct facts *f, int i)
{
	const rd_kafka_topic_partition_t *tp = &c->assign.wanted->elems[i];
	const struct start_facts facts = {
		.topic = tp->topic,
		.partition = tp->partition,
		.low = f->low->elems[i].offset,
		.high = f->high->elems[i].offset,
		.at_time = f->at_time != NULL ? f->at_time->elems[i].offset : -1,
		.position = positions_find(&c->assign.positions, tp->topic, tp->partition),
		.siblings = positions_siblings(&c->assign.positions, tp->topic),
		.cluster = c->cluster,
	};
	int64_t stop = INT64_MAX;
	struct partition *p;
	struct start start;
	char why[512];
	int status;

	status = start_decide(&c->o->start, &facts, &start, why, sizeof why);
	if (status != EXIT_DONE) {
		log_error("%s; nothing was read (see --resume, and pgload --reset-stream)", why);
		return status;
	}
	if (f->until != NULL)
		stop = f->until->elems[i].offset >= 0 ? f->until->elems[i].offset : facts.high;
	p = partition_get(&c->partitions, tp->topic, tp->partition);
	partition_begin(p, &start, stop, c->o->stream, partition_count(c->o, f, tp));
	emit_assigned(&c->emit, &c->sink.buf, p, facts.low, c->cluster);
	log_info("%s/%" PRId32 ": begins at %" PRId64 " (%s), the log holds %" PRId64 " to %" PRId64, p->topic, p->number, start.begin,
	         start.origin, facts.low, facts.high);
	return EXIT_DONE;
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
		list->elems[i].offset = p->probing ? p->start.from : p->next;
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
	forget(a->wanted);
	a->wanted = NULL;
	a->step = ASSIGN_NONE;
}

/* All facts are there: begin what is new, keep what stays. */
static int establish(struct consume *c, const struct facts *f)
{
	int status = EXIT_DONE;

	drop_revoked(c);
	for (int i = 0; i < c->assign.wanted->cnt && status == EXIT_DONE; i++) {
		const rd_kafka_topic_partition_t *tp = &c->assign.wanted->elems[i];

		if (!stays(partition_find(&c->partitions, tp->topic, tp->partition)))
			status = begin_partition(c, f, i);
	}
	if (status == EXIT_DONE)
		status = take(c);
	if (status == EXIT_DONE) {
		c->assigned = true;
		log_info("%d partitions assigned", c->assign.wanted->cnt);
	}
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

static int resolve(struct consume *c)
{
	struct assign *a = &c->assign;
	int64_t now = clock_monotonic();
	struct facts f = {0};
	int status = EXIT_DONE;

	if (now < a->retry_at)
		return EXIT_DONE;
	if (nothing_new(c) || facts_gather(c, &f)) {
		status = establish(c, &f);
		finish(a);
	} else if (now - a->started > PATIENCE_US) {
		log_error("Kafka does not tell where the log begins and ends: %s",
		          c->health.reason[0] != '\0' ? c->health.reason : "no answer");
		status = EXIT_RETRY;
	} else {
		if (now - a->started > WARN_US && !a->warned) {
			a->warned = true;
			log_warn("still asking Kafka where the log begins and ends: %s", c->health.reason);
		}
		a->retry_at = clock_monotonic() + RETRY_US;
	}
	facts_free(&f);
	return status;
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
	if (c->o->resume == NULL || nothing_new(c))
		return;
	a->step = ASSIGN_POSITIONS;
	if (position_start(&a->job, c->o->resume) != EXIT_DONE)
		c->status = EXIT_RETRY;
}

int assign_step(struct consume *c)
{
	struct assign *a = &c->assign;
	int status;

	if (a->step == ASSIGN_POSITIONS && position_over(&a->job, &status)) {
		if (status == EXIT_DONE)
			status = positions_read(&a->positions, buf_span(&a->job.text), c->o->stream);
		if (status != EXIT_DONE)
			return status;
		a->step = ASSIGN_RESOLVE;
		a->started = clock_monotonic();
	}
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
	case ASSIGN_NONE:
		break;
	}
	return -1;
}

void assign_free(struct assign *a)
{
	finish(a);
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
