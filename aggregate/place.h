/* Where something stands in the project folder, and how a fault there is told. */
#ifndef AGGREGATE_PLACE_H
#define AGGREGATE_PLACE_H

struct place {
	const char *file;
	int line; /* from 1; 0: the file as a whole */
};

/* One error line `file:line: text`. Returns -1, so that it can end a function. */
int place_error(struct place at, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
