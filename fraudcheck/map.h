/*
 * Field maps, which let foreign producers in: `timestamp=transaction_ts,location.lat=latitude`. A top-level member gets
 * its new name in place; one inside another object is copied to the top level, where rules and tables look for it.
 */
#ifndef FRAUDCHECK_MAP_H
#define FRAUDCHECK_MAP_H

#include "buf.h"
#include "json.h"
#include "pool.h"

struct map_entry {
	struct span from; /* name, or path with dots */
	struct span to;

	/* in the record at hand: */
	bool present;
	size_t at;         /* number of the member, SIZE_MAX if it lies inside another */
	struct span value; /* as it stands there */
};

struct map {
	struct pool pool;
	struct map_entry *entry;
	size_t count;
	struct json_object *level; /* one per nesting level of a path, for the record at hand */
	size_t levels;
	char detail[256];
};

/*
 * Read FROM=TO pairs, separated by commas or line ends; # begins a comment that ends with the line. `where` is for
 * messages. 0, or -1 with what is wrong in `error`.
 */
int map_parse(struct map *m, const char *where, struct span text, struct buf *error);
void map_free(struct map *m);

/* Append the record with its new names (no \n). 0; or -1 with m->detail set: the record has a mapped name already. */
int map_apply(struct map *m, const struct json_object *record, struct buf *to);

#endif
