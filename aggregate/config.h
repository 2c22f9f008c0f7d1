/*
 * What can be configured of a model or a test: by folder in dbt_project.yml, in schema.yml, or by config() in the SQL
 * file; the later of these wins, tags add up.
 */
#ifndef AGGREGATE_CONFIG_H
#define AGGREGATE_CONFIG_H

#include <stdbool.h>
#include <stdint.h>

#include "place.h"
#include "arena.h"
#include "value.h"

enum materialisation { MATERIALISE_VIEW, MATERIALISE_TABLE, MATERIALISE_FOLD, MATERIALISE_REBUILD, MATERIALISE_INCREMENTAL };
enum severity { SEVERITY_ERROR, SEVERITY_WARN };

/* A condition on a count of failures such as ">0" or "> 1%" (per cent of the rows that were looked at). */
struct threshold {
	enum { OVER, AT_LEAST, UNDER, AT_MOST, EQUAL, UNEQUAL } op;
	double value;
	bool percent;
};

struct texts {
	const char **item;
	size_t count;
};

struct config {
	bool disabled;
	struct texts tags;
	/* models */
	enum materialisation materialised;
	const char *schema, *alias;
	struct texts unique_key;
	struct texts touches; /* rebuild: which keys a row of a source touches, "source: SQL, SQL" or "source: *" */
	bool append;          /* incremental: new rows are added, whatever their key */
	/* tests */
	enum severity severity;
	struct threshold warn_if, error_if;
	const char *where;
	int64_t limit; /* failing rows kept */
	bool gate;     /* of a test of sources: a failure keeps the run from publishing, as one of a model always does */
	bool discard_failures;
	/* seeds */
	char delimiter; /* 0: a comma */
};

enum config_of { CONFIG_MODEL, CONFIG_TEST, CONFIG_SEED };

/* The names that config_set() knows, ended by NULL. */
const char *const *config_names(enum config_of of);

/* Is this one that dbt knows and that changes nothing here: descriptions, groups? Its value may be anything. */
bool config_has_no_effect(const char *name);

void config_default(struct config *c);

/* Set one. 0, or -1 with a message: unknown name (with the nearest known one) or a value that does not fit. */
int config_set(struct arena *arena, struct config *c, enum config_of of, const char *name, const struct value *value,
               struct place at);

const char *config_materialisation(enum materialisation m);

/* ">1%": 0, or -1 if it is not one. */
int threshold_read(const char *text, struct threshold *to);
bool threshold_met(const struct threshold *t, int64_t failures, int64_t rows);

#endif
