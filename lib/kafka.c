#include "kafka.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>

#include "buf.h"
#include "clock.h"
#include "exit.h"
#include "log.h"
#include "sig.h"

enum {
	TEXT = 512,
	SLICE_MS = 250,                /* signals and errors are looked at this often while waiting */
	REFUSED_PATIENCE_US = 3000000, /* every broker refuses the connection: it will hardly come up while we look */
	UNKNOWN_PATIENCE_US = 3000000, /* a broker that starts may not know its topics yet: to stop for that would want somebody to look */
	SECRET_MAX = 1 << 20,
	DESTROY_S = 3
};

/* --- configuration ------------------------------------------------------------------------------------------------ */

/* kcat takes `topic.` in front of topic properties; librdkafka finds them without it. */
static const char *plain_name(const char *name)
{
	static const char prefix[] = "topic.";

	if (strncmp(name, prefix, sizeof prefix - 1) == 0 && strncmp(name, "topic.metadata", 14) != 0 &&
	    strcmp(name, "topic.blacklist") != 0)
		return name + sizeof prefix - 1;
	return name;
}

/* Properties whose value is itself the secret: as an argument everybody on the machine could read it. */
static bool is_secret(const char *name)
{
	static const char *const secrets[] = {"sasl.password", "ssl.key.password", "ssl.keystore.password", "ssl.key.pem",
	                                      "sasl.oauthbearer.client.secret", "sasl.oauthbearer.config"};

	for (size_t i = 0; i < sizeof secrets / sizeof secrets[0]; i++)
		if (strcmp(plain_name(name), secrets[i]) == 0)
			return true;
	return false;
}

static void apply(rd_kafka_conf_t *conf, const char *where, const char *name, const char *value)
{
	char why[TEXT];

	if (rd_kafka_conf_set(conf, plain_name(name), value, why, sizeof why) != RD_KAFKA_CONF_OK) {
		log_error("%s: %s", where, is_secret(name) ? "the value is refused" : why);
		exit(EXIT_USAGE);
	}
}

/* The first line of a file, as editors leave it; the whole file for PEM texts. */
static char *read_secret(const char *name, const char *path)
{
	FILE *f = fopen(path, "re");
	struct buf text = {0};
	bool pem = strlen(name) > 4 && strcmp(name + strlen(name) - 4, ".pem") == 0;
	size_t n = 1;

	if (f == NULL) {
		log_error("-X %s=@%s: %s", name, path, strerror(errno));
		exit(EXIT_USAGE);
	}
	while (n > 0 && text.n < SECRET_MAX) {
		n = fread(buf_room(&text, 4096), 1, 4096, f);
		text.n += n;
	}
	if (ferror(f) || text.n >= SECRET_MAX || memchr(text.p, '\0', text.n) != NULL) {
		log_error("-X %s=@%s: cannot be read as a text", name, path);
		exit(EXIT_USAGE);
	}
	fclose(f);
	buf_text(&text);
	if (!pem)
		text.p[strcspn(text.p, "\r\n")] = '\0';
	return text.p;
}

static void apply_argument(rd_kafka_conf_t *conf, const char *argument)
{
	const char *equals = strchr(argument, '=');
	char *name, *secret = NULL, where[TEXT];

	if (equals == NULL || equals == argument)
		opt_usage("-X: '%s' is not NAME=VALUE", argument);
	name = xstrndup(argument, (size_t)(equals - argument));
	snprintf(where, sizeof where, "-X %s", name);
	if (equals[1] == '@')
		secret = read_secret(name, equals + 2);
	else if (is_secret(name))
		opt_usage("-X %s: a secret in the arguments is visible to all; write it into a file and give -X %s=@FILE", name,
		          name);
	apply(conf, where, name, secret != NULL ? secret : equals + 1);
	free(secret);
	free(name);
}

static char *trim(char *text)
{
	char *end;

	text += strspn(text, " \t\r\n");
	end = text + strlen(text);
	while (end > text && strchr(" \t\r\n", end[-1]) != NULL)
		*--end = '\0';
	return text;
}

/* kcat's file: property=value lines, # comments. */
static void apply_file(rd_kafka_conf_t *conf, const char *path, bool must_exist)
{
	FILE *f = fopen(path, "re");
	char *line = NULL, *text, *equals, where[TEXT];
	size_t room = 0;
	int number = 0;

	if (f == NULL && !must_exist && errno == ENOENT)
		return;
	if (f == NULL) {
		log_error("-F %s: %s", path, strerror(errno));
		exit(EXIT_USAGE);
	}
	while (getline(&line, &room, f) >= 0) {
		text = trim(line);
		number++;
		if (text[0] == '\0' || text[0] == '#')
			continue;
		snprintf(where, sizeof where, "%s:%d", path, number);
		equals = strchr(text, '=');
		if (equals == NULL || equals == text) {
			log_error("%s: expected property=value", where);
			exit(EXIT_USAGE);
		}
		*equals = '\0';
		apply(conf, where, trim(text), trim(equals + 1));
	}
	if (ferror(f)) {
		log_error("-F %s: %s", path, strerror(errno));
		exit(EXIT_USAGE);
	}
	free(line);
	fclose(f);
}

static void apply_files(rd_kafka_conf_t *conf, const struct kafka_options *k)
{
	const char *home = getenv("HOME");
	struct buf path = {0};

	if (k->file != NULL) {
		apply_file(conf, k->file, true);
	} else if (home != NULL && home[0] != '\0') {
		buf_addf(&path, "%s/.config/kcat.conf", home);
		apply_file(conf, buf_text(&path), false);
	}
	buf_free(&path);
}

void kafka_log(const rd_kafka_t *rk, int level, const char *facility, const char *text)
{
	(void)rk;
	/* What matters of it reaches the tool by the error callback, and is said once and in our words. */
	if (level <= LOG_CRIT)
		log_warn("librdkafka %s: %s", facility, text);
	else if (level <= LOG_WARNING)
		log_info("librdkafka %s: %s", facility, text);
	else
		log_debug("librdkafka %s: %s", facility, text);
}

rd_kafka_conf_t *kafka_conf(const struct kafka_options *k)
{
	rd_kafka_conf_t *conf = rd_kafka_conf_new();

	rd_kafka_conf_set_log_cb(conf, kafka_log);
	kafka_conf_must(conf, "client.id", log_tool());
	kafka_conf_must(conf, "bootstrap.servers", "localhost:9092");
	apply_files(conf, k);
	if (k->brokers != NULL)
		apply(conf, "-b", "bootstrap.servers", k->brokers);
	for (size_t i = 0; i < k->props.count; i++)
		apply_argument(conf, k->props.item[i]);
	return conf;
}

void kafka_conf_must(rd_kafka_conf_t *conf, const char *name, const char *value)
{
	char why[TEXT];

	if (rd_kafka_conf_set(conf, name, value, why, sizeof why) != RD_KAFKA_CONF_OK) {
		log_error("librdkafka refuses %s=%s: %s", name, value, why);
		exit(EXIT_BUG);
	}
}

static char *property(const rd_kafka_conf_t *conf, const char *name)
{
	size_t size = 0;
	char *value;

	if (rd_kafka_conf_get(conf, name, NULL, &size) != RD_KAFKA_CONF_OK)
		return NULL;
	value = xmalloc(size + 1);
	rd_kafka_conf_get(conf, name, value, &size);
	return value;
}

void kafka_conf_default(rd_kafka_conf_t *conf, const struct kafka_options *k, const char *name, const char *value)
{
	rd_kafka_conf_t *plain = rd_kafka_conf_new();
	char *factory = property(plain, name), *now = property(conf, name);
	bool chosen = factory == NULL || now == NULL || strcmp(factory, now) != 0;

	/* A value equal to librdkafka's own may still be the user's choice: then it stands in an argument. */
	for (size_t i = 0; !chosen && i < k->props.count; i++)
		chosen = strncmp(k->props.item[i], name, strlen(name)) == 0 && k->props.item[i][strlen(name)] == '=';
	if (!chosen)
		kafka_conf_must(conf, name, value);
	free(factory);
	free(now);
	rd_kafka_conf_destroy(plain);
}

rd_kafka_t *kafka_new(rd_kafka_type_t type, rd_kafka_conf_t *conf)
{
	char why[TEXT];
	rd_kafka_t *rk = rd_kafka_new(type, conf, why, sizeof why);

	if (rk == NULL) {
		log_error("librdkafka refuses the configuration: %s (see -X and -F)", why);
		exit(EXIT_USAGE);
	}
	return rk;
}

/* --- the cluster's health ------------------------------------------------------------------------------------------ */

static bool is_final(rd_kafka_resp_err_t err)
{
	switch (err) {
	case RD_KAFKA_RESP_ERR__AUTHENTICATION:
	case RD_KAFKA_RESP_ERR_SASL_AUTHENTICATION_FAILED:
	case RD_KAFKA_RESP_ERR_UNSUPPORTED_SASL_MECHANISM:
	case RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED:
	case RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED:
	case RD_KAFKA_RESP_ERR_FENCED_INSTANCE_ID:
	case RD_KAFKA_RESP_ERR_TRANSACTIONAL_ID_AUTHORIZATION_FAILED:
		return true;
	default:
		return false;
	}
}

/*
 * Does one side not trust the other's certificate? No waiting cures that; but one broker of several may have a bad one while others answer, so it is final
 * only where none does. Only the text tells: ours "certificate verify failed", theirs "alert bad certificate", "alert unknown ca", …
 */
static bool is_about_trust(rd_kafka_resp_err_t err, const char *reason)
{
	if (err != RD_KAFKA_RESP_ERR__SSL && err != RD_KAFKA_RESP_ERR__TRANSPORT)
		return false;
	return strstr(reason, "certificate verify failed") != NULL ||
	       (strstr(reason, " alert ") != NULL && (strstr(reason, "certificate") != NULL || strstr(reason, "unknown ca") != NULL));
}

static void on_error(rd_kafka_t *rk, int code, const char *reason, void *opaque)
{
	struct kafka_health *health = opaque;
	rd_kafka_resp_err_t err = (rd_kafka_resp_err_t)code;
	char why[TEXT];

	if (err == RD_KAFKA_RESP_ERR__FATAL) {
		err = rd_kafka_fatal_error(rk, why, sizeof why);
		health->fatal = err;
		reason = why;
	}
	if (is_final(err))
		health->fatal = err;
	if (err == RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN)
		health->down = true;
	else
		health->untrusted = is_about_trust(err, reason);
	if (health->down && health->untrusted)
		health->fatal = RD_KAFKA_RESP_ERR__SSL;
	if (err == RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN && health->reason[0] != '\0')
		return; /* "1/1 brokers are down" says less than the reason before it */
	snprintf(health->reason, sizeof health->reason, "%s", reason);
	log_info("%s", reason);
}

void kafka_conf_health(rd_kafka_conf_t *conf)
{
	rd_kafka_conf_set_error_cb(conf, on_error);
}

const struct rd_kafka_metadata_topic *kafka_topic(const struct rd_kafka_metadata *metadata, const char *topic)
{
	for (int i = 0; i < metadata->topic_cnt; i++)
		if (strcmp(metadata->topics[i].topic, topic) == 0)
			return &metadata->topics[i];
	return NULL;
}

/* A leader election shows as an error of the topic that a moment cures, and so does a start. */
static bool is_settled(const struct rd_kafka_metadata *metadata, const char *topic, int64_t waited)
{
	const struct rd_kafka_metadata_topic *t = topic != NULL ? kafka_topic(metadata, topic) : NULL;

	if (topic == NULL || (t != NULL && t->partition_cnt > 0 && t->err == RD_KAFKA_RESP_ERR_NO_ERROR))
		return true;
	if (t != NULL && t->err == RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE)
		return false;
	if (waited == 0)
		log_info("topic %s is not known: asking again for a moment", topic);
	return waited > UNKNOWN_PATIENCE_US;
}

static int say_unreachable(const struct kafka_health *health, int64_t waited)
{
	const char *why = health->reason[0] != '\0' ? health->reason : "no answer";

	if (health->fatal != 0) {
		log_error(health->fatal == RD_KAFKA_RESP_ERR__SSL ? "no trust between us and Kafka: %s; see -X ssl.*, and the certificates of both sides"
		                                                  : "Kafka refuses us: %s; see -X sasl.* and security.protocol", why);
		return kafka_exit_status(health->fatal);
	}
	log_error("cannot reach Kafka (tried for %.0f s): %s; does the broker run, and is -b or $KAFKA_BROKERS right?",
	          (double)waited / 1e6, why);
	return EXIT_RETRY;
}

/* EXIT_DONE, or the status with a message: the topic's own error in the metadata. */
static int topic_status(const struct rd_kafka_metadata *metadata, const char *topic)
{
	const struct rd_kafka_metadata_topic *t = kafka_topic(metadata, topic);

	if (t == NULL || (t->err == RD_KAFKA_RESP_ERR_NO_ERROR && t->partition_cnt == 0)) {
		log_error("topic %s does not exist, or we may not see it; create it first (kafka-topics --create --topic %s), or see -t",
		          topic, topic);
		return EXIT_USAGE;
	}
	if (t->err == RD_KAFKA_RESP_ERR_NO_ERROR)
		return EXIT_DONE;
	log_error("topic %s: %s", topic, rd_kafka_err2str(t->err));
	return kafka_exit_status(t->err);
}

int kafka_metadata(rd_kafka_t *rk, struct kafka_health *health, const char *topic, int64_t patience,
                   const struct rd_kafka_metadata **metadata)
{
	int64_t started = clock_monotonic(), waited = 0;
	rd_kafka_resp_err_t err;
	int status;

	for (;;) {
		err = rd_kafka_metadata(rk, 1, NULL, metadata, SLICE_MS);
		if (err == RD_KAFKA_RESP_ERR_NO_ERROR && (is_settled(*metadata, topic, waited) || waited > patience)) {
			health->down = false;
			status = topic != NULL ? topic_status(*metadata, topic) : EXIT_DONE;
			if (status != EXIT_DONE)
				rd_kafka_metadata_destroy(*metadata);
			return status;
		}
		if (err == RD_KAFKA_RESP_ERR_NO_ERROR)
			rd_kafka_metadata_destroy(*metadata);
		rd_kafka_poll(rk, err == RD_KAFKA_RESP_ERR_NO_ERROR ? SLICE_MS : 0); /* the error callback */
		waited = clock_monotonic() - started;
		if (sig_asked() != 0)
			return EXIT_RETRY;
		status = health->give_up != NULL ? health->give_up(health) : EXIT_DONE;
		if (status != EXIT_DONE)
			return status;
		if (health->fatal != 0 || waited > patience || (health->down && waited > REFUSED_PATIENCE_US))
			return say_unreachable(health, waited);
	}
}

int kafka_exit_status(rd_kafka_resp_err_t err)
{
	switch (err) {
	case RD_KAFKA_RESP_ERR_NO_ERROR:
		return EXIT_DONE;
	case RD_KAFKA_RESP_ERR__AUTHENTICATION:
	case RD_KAFKA_RESP_ERR__SSL: /* only where it is final */
	case RD_KAFKA_RESP_ERR__INVALID_ARG:
	case RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC:
	case RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION:
	case RD_KAFKA_RESP_ERR__UNSUPPORTED_FEATURE:
	case RD_KAFKA_RESP_ERR__UNKNOWN_PROTOCOL:
	case RD_KAFKA_RESP_ERR__NOT_IMPLEMENTED:
	case RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART:
	case RD_KAFKA_RESP_ERR_TOPIC_EXCEPTION:
	case RD_KAFKA_RESP_ERR_INVALID_CONFIG:
	case RD_KAFKA_RESP_ERR_INVALID_GROUP_ID:
	case RD_KAFKA_RESP_ERR_INVALID_REQUIRED_ACKS:
	case RD_KAFKA_RESP_ERR_INVALID_SESSION_TIMEOUT:
	case RD_KAFKA_RESP_ERR_INCONSISTENT_GROUP_PROTOCOL:
	case RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED:
	case RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED:
	case RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED:
	case RD_KAFKA_RESP_ERR_TRANSACTIONAL_ID_AUTHORIZATION_FAILED:
	case RD_KAFKA_RESP_ERR_SASL_AUTHENTICATION_FAILED:
	case RD_KAFKA_RESP_ERR_UNSUPPORTED_SASL_MECHANISM:
	case RD_KAFKA_RESP_ERR_ILLEGAL_SASL_STATE:
	case RD_KAFKA_RESP_ERR_UNSUPPORTED_VERSION:
	case RD_KAFKA_RESP_ERR_POLICY_VIOLATION:
	case RD_KAFKA_RESP_ERR_SECURITY_DISABLED:
	case RD_KAFKA_RESP_ERR_INVALID_TRANSACTION_TIMEOUT:
		return EXIT_USAGE;
	case RD_KAFKA_RESP_ERR_OFFSET_OUT_OF_RANGE:
	case RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET:
	case RD_KAFKA_RESP_ERR_INVALID_MSG:
	case RD_KAFKA_RESP_ERR__BAD_MSG:
	case RD_KAFKA_RESP_ERR__BAD_COMPRESSION:
		return EXIT_CONFLICT;
	case RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE:
	case RD_KAFKA_RESP_ERR_RECORD_LIST_TOO_LARGE:
	case RD_KAFKA_RESP_ERR_INVALID_RECORD:
	case RD_KAFKA_RESP_ERR_INVALID_TIMESTAMP:
		return EXIT_DATA;
	case RD_KAFKA_RESP_ERR__STATE:
	case RD_KAFKA_RESP_ERR__CONFLICT:
	case RD_KAFKA_RESP_ERR__INVALID_TYPE:
	case RD_KAFKA_RESP_ERR__UNDERFLOW:
	case RD_KAFKA_RESP_ERR__CRIT_SYS_RESOURCE:
		return EXIT_BUG;
	default:
		/* unreachable, timed out, leader or coordinator moved: a later try may succeed. Also a fenced instance: a member whose request to
		 * join was answered into a broken connection asks again, and fences itself. */
		return EXIT_RETRY;
	}
}

/* --- the end ------------------------------------------------------------------------------------------------------- */

struct destruction {
	rd_kafka_t *rk;
	int flags;
};

static void *destroy(void *argument)
{
	struct destruction *d = argument;

	rd_kafka_destroy_flags(d->rk, d->flags);
	free(d);
	return NULL;
}

void kafka_destroy(rd_kafka_t *rk, int flags)
{
	struct destruction *d = xcalloc(1, sizeof *d);
	struct timespec until;
	pthread_t thread;

	d->rk = rk;
	d->flags = flags;
	if (pthread_create(&thread, NULL, destroy, d) != 0) {
		destroy(d);
		return;
	}
	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += DESTROY_S;
	if (pthread_timedjoin_np(thread, NULL, &until) == 0)
		return;
	log_info("librdkafka does not end its threads: left to the end of the process");
	pthread_detach(thread);
}
