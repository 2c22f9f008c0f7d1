/* What became of a node in a run. */
#ifndef AGGREGATE_OUTCOME_H
#define AGGREGATE_OUTCOME_H

#include "buf.h"
#include "db.h"
#include "project.h"

enum outcome_status {
	OUTCOME_NONE,        /* not part of the run */
	OUTCOME_SUCCESS,     /* a model was built */
	OUTCOME_UNCHANGED,   /* a model was looked at, and nothing had to be written */
	OUTCOME_PASS,
	OUTCOME_WARN,
	OUTCOME_FAIL,        /* a test with severity error failed */
	OUTCOME_ERROR,       /* SQL or project error */
	OUTCOME_SKIPPED,     /* something that it needs failed, or the run ended before */
	OUTCOME_ROLLED_BACK  /* a model was built, and the run was not published */
};

struct outcome {
	const struct node *node;
	enum outcome_status status;
	int64_t rows, inserted, updated, deleted, failures; /* -1: does not apply */
	int64_t us;
	char *message;   /* or NULL */
	int exit_status; /* of an error */
	struct buf kept; /* failing rows: the elements of a JSON array */
	int kept_count;
	const char *sources; /* of a model that follows changes: the layouts of its sources, as the state keeps them; or NULL */
	char *definition; /* of a view: fingerprint of what the server made of it */
};

/* Make it an error of ours, with the exit status that goes with it. Returns -1. */
int outcome_error(struct outcome *o, int exit_status, const char *format, ...) __attribute__((format(printf, 3, 4)));

/* Make it an error of the server, which `db` keeps: "file:line: what: message". Returns -1. */
int outcome_server_error(struct outcome *o, const struct db *db, const char *what);

static inline bool outcome_bad(const struct outcome *o)
{
	return o->status == OUTCOME_FAIL || o->status == OUTCOME_ERROR || o->status == OUTCOME_SKIPPED;
}

#endif
