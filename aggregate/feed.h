/* Filling a throw-away cluster: the suite's tables, currencies, and what the user gives, all through pgload. */
#ifndef AGGREGATE_FEED_H
#define AGGREGATE_FEED_H

#include "opt.h"
#include "project.h"

struct feed {
	const char *conninfo;
	const char *table;           /* that standard input, or `files`, goes to; "" for fact_transaction */
	const struct opt_list *load; /* TABLE=FILE each: further tables */
	char **files;
	int count;
};

/* Load everything. EXIT_DONE; what pgload said; or 128+n when a signal asked for the end. */
int feed_load(const struct feed *f);

/* Leave out the tests that read a source which nobody gave: that it is empty says nothing about the data. */
void feed_narrow(const struct feed *f, struct project *p);

#endif
