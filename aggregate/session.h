/*
 * A run's connection: the lock that keeps two runs of a project apart, the tables of the schema `aggregate`, and the
 * one repeatable-read transaction in which everything happens.
 */
#ifndef AGGREGATE_SESSION_H
#define AGGREGATE_SESSION_H

#include "db.h"
#include "project.h"

/* A row of aggregate.state. */
struct state {
	const char *schema, *name, *project, *model, *compiled, *definition;
	const char *snapshot, *system_identifier, *sources; /* sources: of a model that follows changes (changes_layout) */
	int64_t rows; /* or -1 */
	const char *changed_by; /* transaction that last changed a row or the definition, or NULL */
};

struct source;

struct session {
	struct db db;
	struct arena arena;
	const char *snapshot;          /* what the transaction sees, as text */
	const char *system_identifier; /* of the cluster */
	const char *started_at;
	struct state *state;
	size_t states;
	struct source **source; /* those looked up by changes_source() */
	size_t sources;
	bool knows_catalogue; /* the query for that is prepared */
};

/* Connect, set what results could depend on. EXIT_DONE, or another status with a message. */
int session_open(struct session *s, const char *conninfo);
void session_close(struct session *s);

/* Take the project's lock, held until the connection ends. EXIT_RETRY if another run has it. */
int session_lock(struct session *s, const struct project *p);

/* Bring the schema `aggregate` up to date. */
int session_migrate(struct session *s);

/* Begin the transaction and read the state. A run that only tests is read only, and needs no lock. */
int session_begin(struct session *s, bool read_only);

/* The state of a relation, or NULL. */
const struct state *session_state(const struct session *s, const char *schema, const char *name);

#endif
