/*
 * kconsume: Kafka topics to stdout, each message a line that carries its own position.
 */
#include <stdlib.h>
#include <string.h>

#include "consume.h"
#include "exit.h"
#include "log.h"
#include "parse.h"
#include "query.h"
#include "tool.h"

enum { NAME_MAX_LENGTH = 249 };

struct arguments {
	struct consume_options to;
	struct emit emit;
	const char *topics, *numbers, *group, *group_kcat, *start, *until, *envelope, *resume;
	bool list, offsets, lag, json;
};

/* Names go into the envelope, into metrics and into commands as they are. */
static void check_name(const char *what, const char *name)
{
	size_t n = strlen(name);

	if (n == 0 || n > NAME_MAX_LENGTH ||
	    strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-") != n)
		opt_usage("%s: '%s' is not a name of letters, digits, '.', '_' and '-'", what, name);
}

/* "a,b" as an array of its own; no element is empty. The texts are one piece of memory, which begins with the first. */
static char **split(const char *what, const char *text, size_t *count)
{
	char **list = NULL, *copy = xstrdup(text), *at = copy, *item;

	*count = 0;
	while ((item = strsep(&at, ",")) != NULL) {
		if (item[0] == '\0')
			opt_usage("%s: '%s' has an empty element", what, text);
		list = xrealloc(list, (*count + 1) * sizeof *list);
		list[(*count)++] = item;
	}
	return list;
}

static void read_topics(struct arguments *a)
{
	struct consume_options *o = &a->to;

	o->topics = split("-t", a->topics, &o->topic_count);
	for (size_t i = 0; i < o->topic_count && !a->offsets; i++) {
		check_name("-t", o->topics[i]);
		for (size_t j = 0; j < i; j++)
			if (strcmp(o->topics[i], o->topics[j]) == 0)
				opt_usage("-t: %s is given twice", o->topics[i]);
	}
}

static void read_numbers(struct arguments *a)
{
	struct consume_options *o = &a->to;
	char **items;
	int64_t n;

	if (a->numbers == NULL)
		return;
	items = split("-p", a->numbers, &o->number_count);
	o->numbers = xcalloc(o->number_count, sizeof o->numbers[0]);
	for (size_t i = 0; i < o->number_count; i++) {
		if (parse_int(span_of(items[i]), &n) < 0 || n < 0 || n > INT32_MAX)
			opt_usage("-p: '%s' is not a partition", items[i]);
		o->numbers[i] = (int32_t)n;
		for (size_t j = 0; j < i; j++)
			if (o->numbers[i] == o->numbers[j])
				opt_usage("-p: %s is given twice", items[i]);
	}
	free(items[0]);
	free(items);
}

static void read_names(struct arguments *a)
{
	struct consume_options *o = &a->to;

	if (a->group != NULL && a->group_kcat != NULL)
		opt_usage("-g and -G mean the same: give one");
	if (a->numbers != NULL && (a->group != NULL || a->group_kcat != NULL))
		opt_usage("-p reads without a group: give --stream to name the stream");
	if (a->numbers != NULL && o->stream == NULL)
		opt_usage("-p needs --stream NAME: without a group the stream has no name");
	o->group = a->group != NULL ? a->group : a->group_kcat != NULL ? a->group_kcat : "fraud";
	check_name("-G", o->group);
	if (o->stream == NULL)
		o->stream = o->group;
	check_name("--stream", o->stream);
	if (o->instance_id != NULL && a->numbers != NULL)
		opt_usage("--instance-id belongs to a group, -p reads without one");
	if (o->commit > 0 && a->numbers != NULL)
		opt_usage("--commit belongs to a group, -p reads without one");
}

static void read_start(struct arguments *a)
{
	struct consume_options *o = &a->to;

	o->start_given = a->start != NULL;
	if (a->start != NULL && strcmp(a->start, "stored") == 0)
		opt_usage("-o stored: the offset that Kafka keeps for a group is never trusted; --resume starts at the stored position");
	if (a->start != NULL && start_parse(&o->start, a->start) < 0)
		opt_usage("-o: '%s' is not beginning, end, OFFSET, -COUNT or s@TIME", a->start);
	o->until = -1;
	if (a->until != NULL && start_parse_time(a->until, &o->until) < 0)
		opt_usage("--until: '%s' is neither RFC 3339 nor milliseconds since 1970", a->until);
}

static void read_envelope(struct arguments *a)
{
	size_t count = 0;
	char **items = a->envelope != NULL ? split("--envelope", a->envelope, &count) : NULL;

	for (size_t i = 0; i < count; i++) {
		if (strcmp(items[i], "key") == 0)
			a->emit.key = true;
		else if (strcmp(items[i], "headers") == 0)
			a->emit.headers = true;
		else
			opt_usage("--envelope: '%s' is neither key nor headers", items[i]);
	}
	if (items != NULL)
		free(items[0]);
	free(items);
	if (a->emit.plain && a->envelope != NULL)
		opt_usage("--plain and --envelope exclude each other");
	if (a->emit.plain && a->to.rewind > 0)
		opt_usage("--plain and --rewind exclude each other: without an envelope nobody could tell which records are warm");
}

/* The command that prints the stream's positions; that of pgload if none is named. */
static const char *positions_command(const struct arguments *a)
{
	static struct buf text;

	if (a->resume != NULL && a->resume[0] != '\0')
		return a->resume;
	buf_clear(&text);
	buf_addf(&text, "pgload --positions --stream %s", a->to.stream);
	return buf_text(&text);
}

static int run(struct arguments *a, uint64_t *rejects)
{
	struct consume_options *o = &a->to;

	if (a->list + a->offsets + a->lag > 1)
		opt_usage("-L, -Q and --lag exclude one another");
	if (a->json && !a->list && !a->offsets)
		opt_usage("-J belongs to -L and -Q: records are JSON anyway");
	if (a->list && a->topics == NULL)
		return query_metadata(&o->kafka, NULL, 0, a->json);
	if (a->topics == NULL)
		a->topics = "transactions";
	read_topics(a);
	if (a->list)
		return query_metadata(&o->kafka, o->topics, o->topic_count, a->json);
	if (a->offsets)
		return query_offsets(&o->kafka, o->topics, o->topic_count, a->json);
	read_numbers(a);
	read_names(a);
	read_start(a);
	read_envelope(a);
	if (a->lag)
		return query_lag(&o->kafka, o->topics, o->topic_count, o->stream, positions_command(a));
	o->resume = a->resume != NULL;
	o->positions = positions_command(a);
	return consume_run(o, a->emit, rejects);
}

int main(int argc, char **argv)
{
	static struct arguments a = {.emit.max_message = 1 << 20}; /* static: what it points to lives as long as the process */
	const struct opt options[] = {
		KAFKA_OPTIONS(&a.to.kafka),
		{OPT_STRING, 't', "topic", &a.topics, "TOPIC[,TOPIC]", "topics to read (transactions)", .min = 0},
		{OPT_STRING, 'G', "group", &a.group, "GROUP", "consumer group that shares the partitions (fraud)", .min = 0},
		{OPT_STRING, 'g', NULL, &a.group_kcat, "GROUP", "the same", .min = 0},
		{OPT_STRING, 'p', "partition", &a.numbers, "N[,N]", "read these partitions, without a group", .min = 0},
		{OPT_STRING, 0, "stream", &a.to.stream, "NAME", "name of the stream in the envelope (the group)", .min = 0},
		{OPT_STRING, 0, "instance-id", &a.to.instance_id, "ID", "static membership: a restart keeps its partitions", .min = 0},
		{OPT_HEADING, .help = "Where to begin and end:"},
		{OPT_STRING, 0, "resume", &a.resume, "CMD", "begin at stored positions (pgload --positions --stream NAME)",
	         .optional = true},
		{OPT_STRING, 'o', "offset", &a.start, "OFFSET",
	         "where there is no position: beginning, end, N, -N (before the end), s@TIME (beginning)", .min = 0},
		{OPT_DURATION, 0, "rewind", &a.to.rewind, "DUR",
	         "re-read so much of Kafka time before the begin, as warm records: for a filter's windows", .min = 0, .max = INT64_MAX},
		{OPT_STRING, 0, "until", &a.until, "TIME", "stop before the first message of this Kafka time", .min = 0},
		{OPT_FLAG, 'e', "exit", &a.to.exit_at_end, .help = "exit at the end of the log"},
		{OPT_INT, 'c', "count", &a.to.count, "N", "exit after N messages", .min = 1, .max = INT64_MAX},
		{OPT_DURATION, 0, "commit", &a.to.commit, "DUR",
	         "so often, commit the stored positions to Kafka: only for its lag displays", .min = 1000000, .max = INT64_MAX},
		{OPT_HEADING, .help = "What to print:"},
		{OPT_STRING, 0, "envelope", &a.envelope, "key,headers", "put key and headers into the envelope, too", .min = 0},
		{OPT_FLAG, 0, "plain", &a.emit.plain, .help = "no envelope and no control lines: only the messages"},
		{OPT_SIZE, 0, "max-message", &a.emit.max_message, "SIZE", "longer messages leave as rejects (1M)", .min = 1024,
	         .max = 512 << 20},
		{OPT_HEADING, .help = "Instead of reading:"},
		{OPT_FLAG, 'L', "list", &a.list, .help = "print brokers, topics and partitions"},
		{OPT_FLAG, 'Q', "query", &a.offsets,
	         .help = "print offsets; -t takes TOPIC, TOPIC:PARTITION or TOPIC:PARTITION:TIME"},
		{OPT_FLAG, 'J', "json", &a.json, .help = "-L and -Q as JSON"},
		{OPT_FLAG, 0, "lag", &a.lag, .help = "print how far the stored positions are behind the log"},
		{OPT_END, .min = 0},
	};
	const struct opt_spec spec = {
		.tool = "kconsume",
		.synopsis = "[OPTION ...]",
		.summary = "Messages of Kafka topics to stdout, one JSON object a line, each with its position in front (_kafka).\n"
	        "What is not one well-formed JSON object leaves as a reject. Kafka's committed offsets are never used.",
		.options = options,
		.examples = "  kconsume | fraudcheck | pgload\n"
	        "  kconsume --resume | fraudcheck | pgload\n"
	        "  kconsume -e | jq -c 'select(.amount > 3000)'\n"
	        "  kconsume -p 0 --stream look -o -10 -c 10 --plain\n",
	};
	struct common common;
	uint64_t rejects = 0;
	int status;

	opt_parse(&spec, &common, argc, argv);
	a.to.show_progress = common.progress;
	tool_start(&common);
	status = run(&a, &rejects);
	return tool_finish(&common, status, rejects);
}
