/*
 * kmock: librdkafka's mock cluster as a development broker, for a first run without Kafka and for error-path tests. Everything is in
 * memory, a partition keeps its last 5 MiB or so, nothing survives the process: never for figures, never for data that matters.
 */
#include <librdkafka/rdkafka.h>
#include <librdkafka/rdkafka_mock.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "buf.h"
#include "exit.h"
#include "kafka.h"
#include "log.h"
#include "metrics.h"
#include "parse.h"
#include "sig.h"
#include "tool.h"

enum { PARTITIONS_DEFAULT = 4, PARTITIONS_MAX = 1000, TEXT = 512, TICK_MS = 1000, ANSWER_MS = 25 };

struct options {
	struct opt_list topics; /* NAME[:PARTITIONS] */
	int64_t brokers;
};

static int create_topic(rd_kafka_mock_cluster_t *cluster, const char *text, int brokers)
{
	const char *colon = strrchr(text, ':');
	char *name = colon != NULL ? xstrndup(text, (size_t)(colon - text)) : xstrdup(text);
	int64_t partitions = PARTITIONS_DEFAULT;
	rd_kafka_resp_err_t err;

	if (name[0] == '\0' || (colon != NULL && (parse_int(span_of(colon + 1), &partitions) < 0 || partitions < 1 ||
	                                          partitions > PARTITIONS_MAX)))
		opt_usage("-t: '%s' is not NAME[:PARTITIONS] with 1 to %d partitions", text, PARTITIONS_MAX);
	err = rd_kafka_mock_topic_create(cluster, name, (int)partitions, brokers);
	if (err != RD_KAFKA_RESP_ERR_NO_ERROR)
		log_error("-t %s: %s", text, err == RD_KAFKA_RESP_ERR_TOPIC_ALREADY_EXISTS ? "given twice" : rd_kafka_err2str(err));
	free(name);
	return err == RD_KAFKA_RESP_ERR_NO_ERROR ? EXIT_DONE : EXIT_USAGE;
}

/*
 * The brokers answer from librdkafka's thread: nothing is left to do but to stay, and to keep the metrics fresh. Who was told the address
 * through a pipe keeps its end open as long as the broker is wanted; without that a shell that ends would leave its broker behind.
 */
static void stay(rd_kafka_t *rk)
{
	struct pollfd fds[] = {{.fd = sig_fd(), .events = POLLIN}, {.fd = STDOUT_FILENO, .events = 0}};

	while (sig_asked() == 0 && (fds[1].revents & POLLERR) == 0) {
		poll(fds, 2, TICK_MS);
		rd_kafka_poll(rk, 0);
		metrics_tick();
	}
}

static int serve(const struct options *o)
{
	rd_kafka_conf_t *conf = rd_kafka_conf_new();
	rd_kafka_mock_cluster_t *cluster;
	rd_kafka_t *rk;
	int status = EXIT_DONE;

	rd_kafka_conf_set_log_cb(conf, kafka_log);
	kafka_conf_must(conf, "client.id", log_tool());
	rk = kafka_new(RD_KAFKA_PRODUCER, conf); /* the mock lives inside a client; this one produces nothing */
	cluster = rd_kafka_mock_cluster_new(rk, (int)o->brokers);
	if (cluster == NULL) {
		log_error("cannot listen on the loopback interface");
		rd_kafka_destroy(rk);
		return EXIT_RETRY;
	}
	/*
	 * Answers take a network's time. A member of a group that asks for its share after the leader has handed the shares out is refused
	 * by the mock and joins anew, and then all of the group wait for ever. Before it hands them out the leader waits for one answer
	 * more (the metadata); with a delay on each answer the others have that long to be first.
	 */
	rd_kafka_mock_broker_set_rtt(cluster, -1, ANSWER_MS);
	for (size_t i = 0; i < o->topics.count && status == EXIT_DONE; i++)
		status = create_topic(cluster, o->topics.item[i], (int)o->brokers);
	if (o->topics.count == 0)
		status = create_topic(cluster, "transactions", (int)o->brokers);
	if (status == EXIT_DONE && (printf("%s\n", rd_kafka_mock_cluster_bootstraps(cluster)) < 0 || fflush(stdout) != 0)) {
		log_error("cannot write the address to stdout");
		status = EXIT_IO;
	}
	if (status == EXIT_DONE)
		stay(rk);
	rd_kafka_mock_cluster_destroy(cluster);
	rd_kafka_destroy(rk);
	return status;
}

int main(int argc, char **argv)
{
	static struct options o = {.brokers = 1}; /* static: what the options hold lives as long as the process */
	const struct opt options[] = {
		{OPT_LIST, 't', "topic", &o.topics, "NAME[:PARTITIONS]", "create this topic (transactions:4); may be repeated", .min = 0},
		{OPT_INT, 0, "brokers", &o.brokers, "N", "size of the cluster (1)", .min = 1, .max = 10},
		{OPT_END, .min = 0},
	};
	const struct opt_spec spec = {
		.tool = "kmock",
		.synopsis = "[-t NAME[:PARTITIONS] ...]",
		.summary = "A development broker in memory: prints its address (HOST:PORT) on stdout and serves the loopback interface\n"
	        "until SIGTERM or SIGINT, or, if stdout is a pipe, until nobody holds its other end. A partition keeps about its\n"
	        "last 5 MiB; nothing outlives the process.",
		.options = options,
		.examples = "  export KAFKA_BROKERS; exec 3< <(kmock -t transactions:4); read -r KAFKA_BROKERS <&3\n"
	        "  txgen -n 1000 | kproduce && kconsume -e | wc -l\n",
	};
	struct common common;

	opt_parse(&spec, &common, argc, argv);
	tool_start(&common);
	return tool_finish(&common, serve(&o), 0);
}
