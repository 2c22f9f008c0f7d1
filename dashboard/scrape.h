/* The metrics files that the other tools keep: *.prom in a folder and in the folders of it. */
#ifndef TXDASH_SCRAPE_H
#define TXDASH_SCRAPE_H

#include "buf.h"

/* Once, at the start; NULL: there is no such folder. 0, or -1 with a message. */
int scrape_init(const char *dir);

/*
 * Append all of it as one text of Prometheus: the series of a name together, each with the file it is from as the label `source`, and
 * how old the files are.
 */
void scrape_add(struct buf *to);

/* The rules that fraudcheck counts, as an array literal of PostgreSQL in `to`. */
const char *scrape_rules(struct buf *to);

#endif
