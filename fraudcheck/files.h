/* The files that a rule file names: lists, tables and models. Their bytes are part of what the rule set's hash covers. */
#ifndef FRAUDCHECK_FILES_H
#define FRAUDCHECK_FILES_H

#include "lookup.h"
#include "model.h"
#include "rule_ast.h"

struct file {
	struct span name; /* as it is written in the rule file */
	struct span text;
	bool model; /* or a list or a table */
};

struct files {
	struct pool *pool;
	struct file *file;
	size_t count;
	struct list **list;
	size_t lists;
	struct table **table;
	size_t tables;
	bool without_models; /* they are not to be read */
};

/*
 * Read the file that the rule file `source` names at `at`; a relative path begins in the rule file's own folder. What is wrong goes to
 * `source`, then it is NULL; more than `most` bytes are wrong. The bytes live in the pool.
 */
const struct file *files_read(struct files *f, struct rule_source *source, struct span name, struct span at, size_t most);

/* An empty list, to be filled with the literals arg[1..] of `items`. */
struct list *files_add_list(struct files *f, struct span name);
void files_fill_list(struct files *f, struct list *list, const struct expr *items);

/* What the statement names; empty, with an error in `source`, if it cannot be read. */
struct list *files_list(struct files *f, struct rule_source *source, const struct statement *s);
struct table *files_table(struct files *f, struct rule_source *source, const struct statement *s);

/* The same of a model; NULL, with an error in `source` unless it is not to be read. */
struct model *files_model(struct files *f, struct rule_source *source, const struct statement *s);

void files_free(struct files *f);

#endif
