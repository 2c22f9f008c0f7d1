/* A CSV file as RFC 4180 has it: a line of column names, then rows of as many cells; "quoted" cells may hold anything, "" is
 * a quote in them. Lines end with LF or CRLF, a byte order mark is let pass, empty lines are left out. */
#ifndef AGGREGATE_CSV_H
#define AGGREGATE_CSV_H

#include <stdbool.h>

#include "arena.h"
#include "span.h"

struct csv_cell {
	const char *text; /* terminated */
	bool quoted;
};

struct csv {
	const char **name;
	size_t columns;
	struct csv_cell *cell; /* row by row */
	size_t rows;
};

/* 0, or -1 with a message file:line. Everything lives in the arena. */
int csv_read(struct arena *arena, const char *file, struct span text, char delimiter, struct csv *to);

#endif
