/*
 * Paths of members (`a.b`: the name b inside the object a) that mean something to somebody, as a tree of their names.
 */
#ifndef FRAUDCHECK_PATH_H
#define FRAUDCHECK_PATH_H

#include "json.h"
#include "pool.h"

struct path_node {
	struct span name;
	int slot;       /* the owner's number for it; -1: none */
	unsigned marks; /* the owner's bits */
	struct path_node *child, *next;
	struct json_object inner; /* for the owner: its members, while a record is looked at */
};

/* The name before the first dot. `rest`: what is behind it; p is NULL if nothing is. */
struct span path_first(struct span path, struct span *rest);

/* The node of a name in a list (which may be a copy of `name`), or of a path in a tree: as it was, or new, with no slot and no mark. */
struct path_node *path_name(struct pool *pool, struct path_node **list, struct span name);
struct path_node *path_add(struct pool *pool, struct path_node **list, struct span path);

/* The node of a name in a list, or NULL. */
struct path_node *path_find(struct path_node *list, struct span name);

/* The node of a member's name, or NULL. */
struct path_node *path_member(struct path_node *list, const struct json_member *m);

/* What `inner` holds in a tree; nodes belong to the pool. */
void path_free_inner(struct path_node *list);

#endif
