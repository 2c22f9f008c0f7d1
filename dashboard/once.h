/* The report: the page with its figures in it, for mail and cron. */
#ifndef TXDASH_ONCE_H
#define TXDASH_ONCE_H

#include "kafka.h"

/* Print it on stdout. The exit status, with a message. */
int once(const char *conninfo, const struct kafka_options *kafka);

#endif
