/* The files of a project folder. */
#ifndef AGGREGATE_FILES_H
#define AGGREGATE_FILES_H

#include "arena.h"
#include "span.h"

/* Read a whole file. 0, or -1 with a message. */
int files_read(struct arena *arena, const char *path, struct span *text);

/* What files_walk() found: paths below the folder, in the order of their names. */
struct files {
	const char **path;
	size_t count;
};

/* All regular files at any depth below folder/below, names with a leading dot left out. A folder that does not exist
 * has none. 0, or -1 with a message. */
int files_walk(struct arena *arena, const char *folder, const char *below, struct files *to);

/* Does the path end so? */
int files_is(const char *path, const char *ending);

#endif
