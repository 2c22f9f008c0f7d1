/*
 * librdkafka, as kproduce and kconsume use it: kcat's -b, -X and -F, kcat's configuration file, secrets from files, and one table from
 * librdkafka's errors to exit statuses.
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

/* A configuration with brokers, file and properties applied in that order, client.id and log callback set. Exits EXIT_USAGE by itself
 * on an unknown property or a bad value. The caller adds its own properties before rd_kafka_new(), and owns the result. */
rd_kafka_conf_t *kafka_conf(const struct kafka_options *k);

/* Exit status for an error: EXIT_RETRY (unreachable, timed out, leader gone), EXIT_USAGE (authentication, authorisation,
 * unknown topic, bad configuration), EXIT_CONFLICT (offset out of range), EXIT_BUG. */
int kafka_exit_status(rd_kafka_resp_err_t err);

#endif
