/* Binary COPY into a table, from rows that are encoded already. */
#ifndef PGLOAD_COPY_H
#define PGLOAD_COPY_H

#include "server.h"

/* copy_start(), any number of copy_rows(), copy_end(). Each 0, or -1 with s->class; after -1 the copy is over. */
int copy_start(struct server *s, const char *sql);
int copy_rows(struct server *s, struct span rows);
int copy_end(struct server *s);

#endif
