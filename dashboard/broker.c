#include "broker.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include "clock.h"
#include "exit.h"
#include "grid.h"
#include "json.h"
#include "log.h"
#include "rfc3339.h"
#include "tail.h"

enum { LOOK_US = 1000000, ASK_MS = 3000, WATCHED_MAX = 10000, JOBS_MAX = 64, NAME_MAX_BYTES = 249 };

struct watched {
	char *topic;
	int partition;
	int64_t end; /* -1: unknown */
};

struct job {
	char *topic; /* NULL: which topics are there? */
	bool csv;
	broker_done *done;
	void *arg;
	struct job *next;
};

struct broker {
	struct kafka_health health; /* first: the client's opaque */
	const struct kafka_options *options;
	rd_kafka_t *rk;
	struct tail *tail; /* made when somebody wants to see messages */
	pthread_t thread;
	pthread_mutex_t mutex;
	pthread_cond_t wake;
	bool stop;
	struct broker_state state;
	struct watched *watched;
	size_t count;
	struct job *first, **last;
	size_t jobs;
};

/* --- ends -------------------------------------------------------------------------------------------------------- */

static void set_state(struct broker *b, bool up, const char *words)
{
	pthread_mutex_lock(&b->mutex);
	if (b->state.up != up || !b->state.asked) {
		b->state.since = clock_wall();
		if (!up)
			log_warn("Kafka is away: %s", words);
		else if (b->state.asked)
			log_notice("Kafka is back");
	}
	b->state.asked = true;
	b->state.up = up;
	snprintf(b->state.words, sizeof b->state.words, "%s", up ? "" : words);
	pthread_mutex_unlock(&b->mutex);
}

static rd_kafka_topic_partition_list_t *wanted(struct broker *b)
{
	rd_kafka_topic_partition_list_t *list;

	pthread_mutex_lock(&b->mutex);
	list = rd_kafka_topic_partition_list_new((int)b->count);
	for (size_t i = 0; i < b->count; i++)
		rd_kafka_topic_partition_list_add(list, b->watched[i].topic, b->watched[i].partition)->offset = RD_KAFKA_OFFSET_END;
	pthread_mutex_unlock(&b->mutex);
	return list;
}

static void keep_ends(struct broker *b, const rd_kafka_topic_partition_list_t *list)
{
	pthread_mutex_lock(&b->mutex);
	for (int i = 0; i < list->cnt; i++) /* in the same order: partitions are only added */
		b->watched[i].end = list->elems[i].err == RD_KAFKA_RESP_ERR_NO_ERROR ? list->elems[i].offset : -1;
	b->state.seen_at = clock_monotonic();
	pthread_mutex_unlock(&b->mutex);
}

static void look(struct broker *b)
{
	rd_kafka_topic_partition_list_t *list = wanted(b);
	const struct rd_kafka_metadata *m = NULL;
	rd_kafka_resp_err_t err;

	b->health.reason[0] = '\0';
	if (list->cnt > 0) {
		err = rd_kafka_offsets_for_times(b->rk, list, ASK_MS);
	} else {
		err = rd_kafka_metadata(b->rk, 0, NULL, &m, ASK_MS);
		if (err == RD_KAFKA_RESP_ERR_NO_ERROR)
			rd_kafka_metadata_destroy(m);
	}
	rd_kafka_poll(b->rk, 0);
	/* A topic that is gone is no broker that is away. */
	if (err == RD_KAFKA_RESP_ERR_NO_ERROR || err == RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION || err == RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC) {
		keep_ends(b, list);
		set_state(b, true, "");
	} else {
		set_state(b, false, b->health.reason[0] != '\0' ? b->health.reason : rd_kafka_err2str(err));
	}
	rd_kafka_topic_partition_list_destroy(list);
}

int64_t broker_end(struct broker *b, const char *topic, int partition)
{
	int64_t end = -1;
	size_t i = 0;

	pthread_mutex_lock(&b->mutex);
	while (i < b->count && (b->watched[i].partition != partition || strcmp(b->watched[i].topic, topic) != 0))
		i++;
	if (i < b->count) {
		end = b->watched[i].end;
	} else if (b->count < WATCHED_MAX) {
		b->watched = xrealloc(b->watched, (b->count + 1) * sizeof *b->watched);
		b->watched[b->count++] = (struct watched){xstrdup(topic), partition, -1};
	}
	pthread_mutex_unlock(&b->mutex);
	return end;
}

void broker_state(struct broker *b, struct broker_state *to)
{
	pthread_mutex_lock(&b->mutex);
	*to = b->state;
	pthread_mutex_unlock(&b->mutex);
}

/* --- topics and messages ----------------------------------------------------------------------------------------- */

bool broker_topic_name(const char *text)
{
	size_t n = strlen(text);

	return n > 0 && n <= NAME_MAX_BYTES && strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-") == n;
}

static struct answer *answer_topics(struct broker *b, bool csv)
{
	const struct rd_kafka_metadata *m;
	struct buf body = {0};
	rd_kafka_resp_err_t err = rd_kafka_metadata(b->rk, 1, NULL, &m, ASK_MS);
	bool first = true;

	if (err != RD_KAFKA_RESP_ERR_NO_ERROR)
		return answer_error(503, b->health.reason[0] != '\0' ? b->health.reason : rd_kafka_err2str(err));
	if (csv) {
		buf_add_text(&body, "\"topic\",\"partitions\"\r\n");
	} else {
		buf_add_text(&body, "{\"as_of\":\"");
		rfc3339_write(&body, clock_wall() / 1000 * 1000);
		buf_add_text(&body, "\",\"columns\":[{\"name\":\"topic\",\"type\":\"text\"},{\"name\":\"partitions\",\"type\":\"number\"}],\"rows\":[");
	}
	for (int i = 0; i < m->topic_cnt; i++) {
		if (strncmp(m->topics[i].topic, "__", 2) == 0)
			continue; /* Kafka's own */
		if (csv) {
			grid_csv_text(&body, span_of(m->topics[i].topic));
			buf_addf(&body, ",%d\r\n", m->topics[i].partition_cnt);
			continue;
		}
		buf_add_text(&body, first ? "[" : ",[");
		json_quote_any(&body, span_of(m->topics[i].topic));
		buf_addf(&body, ",%d]", m->topics[i].partition_cnt);
		first = false;
	}
	buf_add_text(&body, csv ? "" : "]}\n");
	rd_kafka_metadata_destroy(m);
	return answer_new(200, csv ? "text/csv; charset=utf-8; header=present" : "application/json", body);
}

static struct answer *answer_job(struct broker *b, const struct job *job)
{
	struct broker_state state;

	broker_state(b, &state);
	if (state.asked && !state.up) {
		struct buf words = {0};
		struct answer *a;

		buf_addf(&words, "Kafka cannot be asked: %s", state.words);
		a = answer_error(503, buf_text(&words));
		buf_free(&words);
		return a;
	}
	if (job->topic == NULL)
		return answer_topics(b, job->csv);
	if (b->tail == NULL)
		b->tail = tail_new(b->options);
	return tail_answer(b->tail, job->topic, job->csv);
}

static void give(struct broker *b, const char *topic, bool csv, broker_done *done, void *arg)
{
	struct job *job = NULL;

	pthread_mutex_lock(&b->mutex);
	if (b->jobs < JOBS_MAX && !b->stop) {
		job = xcalloc(1, sizeof *job);
		*job = (struct job){.topic = topic != NULL ? xstrdup(topic) : NULL, .csv = csv, .done = done, .arg = arg};
		*b->last = job;
		b->last = &job->next;
		b->jobs++;
		pthread_cond_signal(&b->wake);
	}
	pthread_mutex_unlock(&b->mutex);
	if (job == NULL)
		done(arg, answer_error(503, "too many questions at once; try again in a moment"));
}

void broker_topics(struct broker *b, bool csv, broker_done *done, void *arg)
{
	give(b, NULL, csv, done, arg);
}

void broker_messages(struct broker *b, const char *topic, bool csv, broker_done *done, void *arg)
{
	give(b, topic, csv, done, arg);
}

/* --- the thread -------------------------------------------------------------------------------------------------- */

static struct job *take_job(struct broker *b)
{
	struct job *job = b->first;

	if (job == NULL)
		return NULL;
	b->first = job->next;
	if (b->first == NULL)
		b->last = &b->first;
	b->jobs--;
	return job;
}

/* Until there is a job, it is time to look again, or all is over (false). */
static bool wait_for_work(struct broker *b, int64_t look_at, struct job **job)
{
	struct timespec until = {look_at / 1000000, look_at % 1000000 * 1000};
	bool stop;

	pthread_mutex_lock(&b->mutex);
	while (b->first == NULL && !b->stop && clock_monotonic() < look_at)
		pthread_cond_timedwait(&b->wake, &b->mutex, &until);
	*job = take_job(b);
	stop = b->stop;
	pthread_mutex_unlock(&b->mutex);
	return *job != NULL || !stop;
}

static bool stopping(struct broker *b)
{
	bool stop;

	pthread_mutex_lock(&b->mutex);
	stop = b->stop;
	pthread_mutex_unlock(&b->mutex);
	return stop;
}

static void *work(void *arg)
{
	struct broker *b = arg;
	int64_t look_at = 0;
	struct job *job;

	while (wait_for_work(b, look_at, &job)) {
		if (job != NULL) {
			job->done(job->arg, stopping(b) ? answer_error(503, "the server is being stopped") : answer_job(b, job));
			free(job->topic);
			free(job);
			continue;
		}
		look(b);
		look_at = clock_monotonic() + LOOK_US;
	}
	return NULL;
}

struct broker *broker_start(const struct kafka_options *options)
{
	struct broker *b = xcalloc(1, sizeof *b);
	rd_kafka_conf_t *conf = kafka_conf(options);
	pthread_condattr_t monotonic;

	kafka_conf_health(conf);
	rd_kafka_conf_set_opaque(conf, b);
	b->options = options;
	b->last = &b->first;
	b->rk = kafka_new(RD_KAFKA_PRODUCER, conf); /* a client that joins nothing; it produces nothing either */
	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	pthread_mutex_init(&b->mutex, NULL);
	pthread_cond_init(&b->wake, &monotonic);
	pthread_condattr_destroy(&monotonic);
	if (pthread_create(&b->thread, NULL, work, b) != 0) {
		log_error("cannot start a thread");
		exit(EXIT_RETRY);
	}
	return b;
}

void broker_stop(struct broker *b)
{
	pthread_mutex_lock(&b->mutex);
	b->stop = true;
	pthread_cond_signal(&b->wake);
	pthread_mutex_unlock(&b->mutex);
	pthread_join(b->thread, NULL);
}

void broker_free(struct broker *b)
{
	tail_free(b->tail);
	kafka_destroy(b->rk, 0);
	for (size_t i = 0; i < b->count; i++)
		free(b->watched[i].topic);
	free(b->watched);
	pthread_cond_destroy(&b->wake);
	pthread_mutex_destroy(&b->mutex);
	free(b);
}
