/* The target table as the server describes it: which columns a record can fill, by name, and how. */
#ifndef PGLOAD_CATALOGUE_H
#define PGLOAD_CATALOGUE_H

#include "encode.h"
#include "pg.h"

enum { COLUMNS_MAX = 1600 };

struct column {
	char *name;           /* as members name it */
	size_t name_length;
	char *sql;            /* quoted for SQL */
	char *type_name;      /* as declared, for messages */
	char *stage_type;     /* of the column in the staging table: domains are traced back, types without an encoder
	                       * are text */
	char *fallback;       /* SQL for the value when the record has none (the column's default), or NULL */
	encode_fn *encode;
	int32_t typmod;
	uint32_t element;     /* oid of an array's element type */
	bool required;        /* null is refused */
	bool key;             /* part of the key */
	char *cast;           /* a type: the staging table's text is cast to it by the server */
	char *array_of;       /* a type: the staging table's jsonb array becomes an array of that type */
	bool comparable;      /* the type has an equality that btree knows */
	bool verdict;         /* fraudcheck's: two records that differ only here are the same */
};

/* Of the suite's own columns that no record fills (xid, loaded_at) only what concerns writing is kept. */
struct table {
	char *sql;            /* schema-qualified, quoted */
	char *target;         /* its name in stream_position */
	struct column *column;
	size_t count;
	int extra;            /* index of the jsonb or json column that takes unknown members, or -1 */
	size_t keys;          /* columns of the key; 0: none */
	bool has_loaded_at;   /* with a default */
	char *fingerprint;    /* of all that was read: differs after the table was altered */
};

/*
 * Read the table that `name` (perhaps schema.name, folded as SQL does) means. EXIT_DONE and *t (table_free()),
 * EXIT_USAGE with a message if there is none or the user may not see it, else by the class of the error. With
 * `optional` a missing table is EXIT_DONE with *t NULL.
 */
int table_read(PGconn *c, const char *name, bool optional, struct table **t);
void table_free(struct table *t);

/* Index of the column with that name, or -1. */
int table_find(const struct table *t, struct span name);

/* Make `columns` ("a,b") the key instead of the primary key; "" keeps that. EXIT_DONE, or EXIT_USAGE with a message. */
int table_set_key(struct table *t, const char *columns);

#endif
