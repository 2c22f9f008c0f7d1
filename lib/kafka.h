/*
 * librdkafka, as kproduce and kconsume use it: kcat's -b, -X and -F, kcat's configuration file, secrets from files, one table from
 * librdkafka's errors to exit statuses, and one way to wait for the cluster.
 */
#ifndef TXPIPE_KAFKA_H
#define TXPIPE_KAFKA_H

#include <librdkafka/rdkafka.h>

#include "opt.h"

struct kafka_options {
	const char *brokers;   /* -b, $KAFKA_BROKERS, localhost:9092 */
	const char *file;      /* -F FILE: property=value lines; default $KCAT_CONFIG or ~/.config/kcat.conf if it exists */
	struct opt_list props; /* -X property=value; value @FILE reads the (secret) value from FILE */
};

/* The three options for a tool's table. */
#define KAFKA_OPTIONS(k)                                                                                                       \
	{OPT_STRING, 'b', "brokers", &(k)->brokers, "HOST:PORT,...", "bootstrap brokers (localhost:9092)", .env = "KAFKA_BROKERS"},  \
	    {OPT_STRING, 'F', "config", &(k)->file, "FILE", "file of property=value lines (kcat's)", .env = "KCAT_CONFIG"},           \
	{                                                                                                                      \
		OPT_LIST, 'X', "property", &(k)->props, "NAME=VALUE", "librdkafka property; VALUE @FILE is read from FILE", .min = 0 \
	}

/* What a client's error callback has learned: the connection's state for waiting and for messages. */
struct kafka_health {
	bool down;                 /* no broker is reachable; the owner clears it when one answers again */
	bool untrusted;            /* the last error was about a certificate */
	rd_kafka_resp_err_t fatal; /* this client can go on no more: credentials, certificates, a fenced instance; 0: nothing of the kind */
	char reason[512];          /* the last error in words, "" before the first */
	/* Asked now and then by whoever waits for the cluster: EXIT_DONE to go on, else the status to give up with. NULL: nobody minds. */
	int (*give_up)(struct kafka_health *health);
};

/*
 * A configuration with the file, then the brokers (localhost:9092 only if the file names none), then the properties
 * applied; client.id and log callback are set. librdkafka's own log appears with -v. Exits EXIT_USAGE by itself on an
 * unknown property, a bad value or a secret in the arguments. The caller adds its own properties before
 * rd_kafka_new(), and owns the result.
 */
rd_kafka_conf_t *kafka_conf(const struct kafka_options *k);

/* Set a property that the tool itself needs: a refusal is a bug of ours and ends the process with EXIT_BUG. */
void kafka_conf_must(rd_kafka_conf_t *conf, const char *name, const char *value);

/* The same for a default, which the user's -X or -F goes before. */
void kafka_conf_default(rd_kafka_conf_t *conf, const struct kafka_options *k, const char *name, const char *value);

/* Keep `health` by the client's error callback. The conf's opaque must point to something whose first member it is. */
void kafka_conf_health(rd_kafka_conf_t *conf);

/* rd_kafka_new(), which takes over `conf`; properties that contradict one another end the process with EXIT_USAGE. */
rd_kafka_t *kafka_new(rd_kafka_type_t type, rd_kafka_conf_t *conf);

/*
 * Metadata of the whole cluster, waiting up to `patience` microseconds for it, less when every broker refuses the connection. EXIT_DONE and
 * *metadata (the caller destroys it); EXIT_RETRY if unreachable; EXIT_USAGE if credentials or certificates are refused or `topic` (may be NULL) does
 * not exist: one message has been printed. A signal cuts the waiting short: EXIT_RETRY without a message; so does health->give_up, with its
 * own status. Nothing is created: asking for a topic by name would create it on some brokers.
 */
int kafka_metadata(rd_kafka_t *rk, struct kafka_health *health, const char *topic, int64_t patience,
                   const struct rd_kafka_metadata **metadata);

/* A topic in the metadata, or NULL. */
const struct rd_kafka_metadata_topic *kafka_topic(const struct rd_kafka_metadata *metadata, const char *topic);

/* Exit status for an error: EXIT_RETRY (unreachable, timed out, leader gone), EXIT_USAGE (authentication, authorisation,
 * unknown topic, bad configuration), EXIT_CONFLICT (offset out of range), EXIT_BUG. */
int kafka_exit_status(rd_kafka_resp_err_t err);

/*
 * rd_kafka_destroy_flags(), but for some seconds at most: where a topic was deleted under a client, librdkafka 2.0.2 waits for ever for threads of
 * its own. What is left then goes with the process.
 */
void kafka_destroy(rd_kafka_t *rk, int flags);

/* librdkafka's log lines as ours, for clients that are not made by kafka_conf(). */
void kafka_log(const rd_kafka_t *rk, int level, const char *facility, const char *text);

#endif
