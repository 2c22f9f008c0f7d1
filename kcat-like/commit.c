#include "commit.h"

#include <inttypes.h>

#include "clock.h"
#include "consume.h"
#include "exit.h"
#include "log.h"

enum { LOOK_MS = 20 };

static void failed(struct commit *commit)
{
	if (!commit->failing)
		log_warn("--commit: Kafka's lag displays fall behind until this works again; the stream does not depend on it");
	commit->failing = true;
}

/* Those of the assignment whose position has changed since. NULL if there are none. */
static rd_kafka_topic_partition_list_t *changed(struct consume *c, const struct positions *positions)
{
	rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(8);

	for (size_t i = 0; i < c->partitions.count; i++) {
		const struct partition *p = c->partitions.item[i];
		const struct position *at = positions_find(positions, p->topic, p->number);

		if (p->mine && at != NULL && at->next_offset != p->committed)
			rd_kafka_topic_partition_list_add(list, p->topic, p->number)->offset = at->next_offset;
	}
	if (list->cnt > 0)
		return list;
	rd_kafka_topic_partition_list_destroy(list);
	return NULL;
}

static void commit_positions(struct consume *c, const struct positions *positions)
{
	rd_kafka_topic_partition_list_t *list = changed(c, positions);
	rd_kafka_resp_err_t err;

	if (list == NULL)
		return;
	err = rd_kafka_commit(c->rk, list, 1);
	rd_kafka_topic_partition_list_destroy(list);
	if (err != RD_KAFKA_RESP_ERR_NO_ERROR) {
		log_info("--commit: %s", rd_kafka_err2str(err));
		failed(&c->commit);
	}
}

void commit_answer(rd_kafka_t *rk, rd_kafka_resp_err_t err, rd_kafka_topic_partition_list_t *list, void *opaque)
{
	struct consume *c = opaque;

	(void)rk;
	for (int i = 0; list != NULL && i < list->cnt; i++) {
		const rd_kafka_topic_partition_t *tp = &list->elems[i];
		struct partition *p = partition_find(&c->partitions, tp->topic, tp->partition);

		if (err == RD_KAFKA_RESP_ERR_NO_ERROR)
			err = tp->err;
		if (p != NULL && err == RD_KAFKA_RESP_ERR_NO_ERROR)
			p->committed = tp->offset;
	}
	switch (err) {
	case RD_KAFKA_RESP_ERR_NO_ERROR:
		c->commit.failing = false;
		break;
	case RD_KAFKA_RESP_ERR__NO_OFFSET:
	case RD_KAFKA_RESP_ERR_ILLEGAL_GENERATION: /* a rebalance came between: next time */
	case RD_KAFKA_RESP_ERR_REBALANCE_IN_PROGRESS:
	case RD_KAFKA_RESP_ERR_UNKNOWN_MEMBER_ID:
		break;
	default:
		log_info("--commit: %s", rd_kafka_err2str(err));
		failed(&c->commit);
	}
}

static void ask(struct consume *c)
{
	struct commit *commit = &c->commit;

	commit->job.option = "--commit";
	commit->job.level = commit->failing ? LEVEL_INFO : LEVEL_WARN;
	commit->next = clock_monotonic() + c->o->commit;
	if (position_start(&commit->job, c->o->positions) != EXIT_DONE)
		failed(commit);
}

void commit_step(struct consume *c)
{
	struct commit *commit = &c->commit;
	struct positions positions = {0};
	int status;

	if (c->o->commit == 0)
		return;
	if (commit->job.pid == 0) {
		if (c->assigned && clock_monotonic() >= commit->next)
			ask(c);
		return;
	}
	if (!position_over(&commit->job, &status))
		return;
	if (status == EXIT_DONE)
		status = positions_read(&positions, &commit->job, c->o->stream);
	if (status == EXIT_DONE)
		commit_positions(c, &positions);
	else
		failed(commit);
	positions_free(&positions);
}

int commit_wait(const struct commit *commit, int *fd)
{
	*fd = commit->job.pid != 0 ? commit->job.fd : -1;
	return commit->job.pid != 0 && commit->job.fd < 0 ? LOOK_MS : -1;
}

void commit_free(struct commit *commit)
{
	position_free(&commit->job);
}
