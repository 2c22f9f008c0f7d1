/*
 * The project folder, as dbt users know it, read into nodes: sources, models and tests, with what each needs.
 *
 *   dbt_project.yml          name, paths, vars, configuration by folder
 *   models/ ** /NAME.sql     one select statement; the file's name is the model's
 *   models/ ** /ANY.yml      sources, columns, generic tests
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

enum node_kind { NODE_SOURCE, NODE_MODEL, NODE_TEST };

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
	bool bare;              /* accepted_values: quote: false */
};

struct node {
	enum node_kind kind;
	const char *name;     /* a source's is group.table */
	struct place at;
	const char *path;     /* of the file below the project folder */
	struct config config;
	/* sources and models */
	const char *schema, *identifier;
	const char *relation; /* schema and identifier, quoted */
	/* models and singular tests */
	struct template template;
	struct template_text compiled;
	char hash[DIGEST_HEX + 1];
	const struct yaml *properties; /* of a model: its entry in a schema.yml, or NULL */
	/* tests */
	struct test test;
	bool on_model; /* at least one of the things it reads is a model: its failure keeps the run from publishing */

	size_t index;  /* its own, in project.node */
	bool selected;
};

struct project {
	struct arena arena;
	const char *folder, *name, *file; /* file: its dbt_project.yml */
	struct texts model_paths, test_paths;
	const struct yaml *vars, *own_vars, *folder_config;
	struct yaml *given_vars; /* of --vars */
	struct node **node;      /* sources, models, tests, in that order once loaded */
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

/* The node of that kind, or NULL. */
struct node *project_find(const struct project *p, enum node_kind kind, const char *name);

/* "name" as an SQL identifier, in double quotes. */
const char *project_quoted(struct arena *arena, const char *name);

#endif
