/*
 * The thread that looks at the pipeline: once a second, and at once when pgload tells that it has stored something, however many browsers there
 * are. What it sees is published whole, as texts that never change.
 */
#ifndef TXDASH_WATCH_H
#define TXDASH_WATCH_H

#include "answer.h"
#include "broker.h"
#include "hub.h"

struct watch;
struct asker;

/* What is published. */
enum watch_text { WATCH_LIVE, WATCH_PARTITIONS, WATCH_PARTITIONS_CSV, WATCH_SERIES, WATCH_SERIES_CSV, WATCH_METRICS, WATCH_TEXTS };

struct watch *watch_start(const char *conninfo, struct broker *b, struct hub *h, struct asker *k);

/* Nothing new is published any more; what was can be had until watch_free(). */
void watch_stop(struct watch *w);
void watch_free(struct watch *w);

/* The latest one; the caller lets it go. Never NULL. */
struct answer *watch_text(struct watch *w, enum watch_text which);

/* PostgreSQL answers, and the tables are there; else the reason in `words`. */
bool watch_ready(struct watch *w, char *words, size_t size);

/* Two looks, here and now, without a thread: for a report. */
struct answer *watch_once(const char *conninfo, struct broker *b);

#endif
