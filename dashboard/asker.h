/*
 * Threads that ask PostgreSQL what browsers want to know, one for the quick questions and one for the slow, each one after the other, and
 * remember the answers for a while: however many browsers ask, the server works at most a twentieth of its time for one question.
 */
#ifndef TXDASH_ASKER_H
#define TXDASH_ASKER_H

#include "answer.h"
#include "endpoint.h"
#include "params.h"

struct asker;

/* Called from the asker's thread once `a` is there, which then belongs to whoever is called. */
typedef void asker_done(void *arg, struct answer *a);

struct asker *asker_start(const char *conninfo);

/* Answers what is still waiting, and whatever is asked from now on, with 503. */
void asker_stop(struct asker *k);

/* Once nobody can ask any more. */
void asker_free(struct asker *k);

/*
 * The answer at once, if it is remembered (the caller lets it go), else NULL: `done` follows. `p` is taken over. Too many questions at once
 * are answered at once, with 503.
 */
struct answer *asker_ask(struct asker *k, const struct endpoint *e, struct params *p, bool csv, asker_done *done, void *arg);

/* What is remembered, or being asked, is out of date: aggregate has built, or PostgreSQL is back. */
void asker_forget(struct asker *k);

/* The same, here and now, on the caller's connection. */
struct database;
struct answer *asker_now(struct database *d, const struct endpoint *e, const struct params *p, bool csv);

#endif
