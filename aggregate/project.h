/*
 * The project folder, as dbt users know it, read into nodes: sources, models and tests, with what each needs.
 *
 *   dbt_project.yml          name, paths, vars, configuration by folder
 *   models/ ** /NAME.sql     one select statement; the file's name is the model's
 *   models/ ** /ANY.yml      sources, columns, generic tests
 *   seeds/ ** /NAME.csv      small tables that belong to the project; ANY.yml as for models
 *   tests/ ** /NAME.sql      singular tests: a select of the rows that are wrong
 *
 * Everything that can be known without a server is checked here: unknown keys, names, cycles.
 */
#ifndef AGGREGATE_PROJECT_H
#define AGGREGATE_PROJECT_H

#include "config.h"
#include "digest.h"
#include "graph.h"
#include "arena.h"
#include "template.h"
#include "yaml.h"

enum node_kind { NODE_SOURCE, NODE_MODEL, NODE_TEST, NODE_SEED };

enum test_kind { TEST_SINGULAR, TEST_UNIQUE, TEST_NOT_NULL, TEST_ACCEPTED_VALUES, TEST_RELATIONSHIPS, TEST_BETWEEN };

struct test {
	enum test_kind kind;
	size_t of;              /* the model or source whose rows are tested (not of singular tests) */
	const char *column;     /* as SQL, for a row called t */
	const char *attribute;  /* the column's name in the catalogue; NULL if `column` is an expression */
	const char *wrong;      /* SQL condition: true for a row t that fails (of row tests) */
	const char *join;       /* what that condition needs behind `from relation t`, or NULL */
	struct value arguments; /* accepted_values: the values */
	const char *to, *field; /* relationships: the call ref(…) or source(…), the column there */
	const char *min, *max;  /* between: SQL, or NULL */
	bool strictly;          /* between: the bounds themselves are outside */
	bool bare;              /* accepted_values: quote: false */
};

/* How old the newest row of a source may be. */
struct freshness {
	const char *loaded_at; /* SQL: when a row came */
	const char *filter;    /* SQL condition on the rows that count, or NULL */
	int64_t warn_after, error_after; /* seconds; 0: no bound */
};

struct fold;

struct node {
	enum node_kind kind;
	const char *name;     /* a source's is group.table */
	struct place at;
	const char *path;     /* of the file below the project folder */
	struct config config;
	/* sources and models */
	const char *schema, *identifier;
	const char *relation; /* schema and identifier, quoted */
	/* sources */
	struct freshness freshness;
	const char *prune_by; /* column whose age decides what `prune` deletes, or NULL: nothing is */
	/* seeds */
	struct span csv;
	const struct yaml *column_types; /* what the project says of columns' types, or NULL */
	/* models and singular tests */
	struct template template;
	struct template_text compiled;
	struct template_text increment; /* of an incremental model: where is_incremental() is true */
	char hash[DIGEST_HEX + 1];
	struct fold *fold;             /* of a fold: its query, taken apart */
	const struct yaml *properties; /* its entry in a .yml, or NULL */
	const char *description;       /* or NULL */
	/* tests */
	struct test test;
	bool on_model; /* at least one of the things it reads is a model or a seed: its failure keeps the run from publishing */

	size_t index;  /* its own, in project.node */
	bool selected;
	bool modified; /* what it says differs from what was built last; known once select_needs_state() made somebody look */
};

struct project {
	struct arena arena;
	const char *folder, *name, *file; /* file: its dbt_project.yml */
	struct texts model_paths, test_paths, seed_paths;
	const char *target_path; /* as dbt_project.yml says, or NULL */
	const struct yaml *vars, *own_vars;
	const struct yaml *model_config, *seed_config, *test_config; /* by folder */
	struct yaml *given_vars; /* of --vars … */
	bool *given_read;        /* … and which of them a file asked for */
	struct node **node;      /* sources, models, seeds, tests, in that order once loaded */
	size_t count;
	struct indexes *needs; /* of each node: what its SQL reads */
	struct indexes *after; /* the same, and of a model also the tests of everything that it is built from */
	size_t *order;         /* all nodes, each after `after` */
	int faults;
};

/*
 * Read the folder. `vars` is the text of --vars or NULL. 0, or -1 when something is wrong (each fault has its message).
 * project_free() is due in both cases.
 */
int project_load(struct project *p, const char *folder, const char *vars);
void project_free(struct project *p);

/* Does the failure of this test keep the run from publishing? */
bool project_gates(const struct node *test);

/* For the modules that load parts of a project: */

/* A new node; its name may not occur yet among the nodes that share names with it (-1 with a message). */
struct node *project_add(struct project *p, enum node_kind kind, const char *name, struct place at, const char *path);

/* What dbt_project.yml says of the generic tests of that node, as configuration to begin with. */
void project_test_defaults(struct project *p, const struct node *of, struct config *to);

/* The node of that kind, or NULL. */
struct node *project_find(const struct project *p, enum node_kind kind, const char *name);

/* The model or seed that ref('name') means, or NULL. */
struct node *project_find_ref(const struct project *p, const char *name);

/* Does a run of aggregate write this node's relation? */
static inline bool node_is_built(const struct node *n)
{
	return n->kind == NODE_MODEL || n->kind == NODE_SEED;
}

/* "name" as an SQL identifier, in double quotes. */
const char *project_quoted(struct arena *arena, const char *name);

#endif
