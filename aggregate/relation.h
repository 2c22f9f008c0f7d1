/* What the catalogue says of a relation, and what the server says of a query's columns. */
#ifndef AGGREGATE_RELATION_H
#define AGGREGATE_RELATION_H

#include "session.h"

struct column {
	const char *name;
	const char *type; /* as format_type() writes it; of a query: NULL until relation_type_names() */
	Oid type_id;
	int modifier;
};

struct relation {
	char kind; /* pg_class.relkind; 0: does not exist */
	struct column *column;
	size_t count;
	struct texts key;       /* columns of the primary key */
	const char *key_name;   /* of its constraint, or NULL */
	const char *definition; /* of a view: fingerprint of its text */
};

/* Look up a relation. 0, or -1 with the error kept in the session's db. */
int relation_look_up(struct session *s, const char *schema, const char *name, struct relation *to);

/* The columns of a query. 0, or -1. */
int relation_of_query(struct session *s, const char *sql, struct relation *to);

/* Fill in the names of a query's types. 0, or -1. */
int relation_type_names(struct session *s, struct relation *r);

const struct column *relation_column(const struct relation *r, const char *name);

bool relation_column_same(const struct column *a, const struct column *b);

/* The same columns, in whatever order. */
bool relation_same(const struct relation *a, const struct relation *b);

/* Append the differences in words: "+ a (text), - b, c: integer -> bigint". */
void relation_difference(const struct relation *from, const struct relation *to, struct buf *text);

#endif
