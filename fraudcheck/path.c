#include "path.h"

#include <string.h>

struct span path_first(struct span path, struct span *rest)
{
	const char *dot = memchr(path.p, '.', path.n);

	*rest = (struct span){0};
	if (dot == NULL)
		return path;
	*rest = (struct span){dot + 1, (size_t)(path.p + path.n - dot - 1)};
	return (struct span){path.p, (size_t)(dot - path.p)};
}

struct path_node *path_find(struct path_node *list, struct span name)
{
	while (list != NULL && !span_eq(list->name, name))
		list = list->next;
	return list;
}

struct path_node *path_member(struct path_node *list, const struct json_member *m)
{
	while (list != NULL && !json_name_is(m, list->name))
		list = list->next;
	return list;
}

struct path_node *path_name(struct pool *pool, struct path_node **list, struct span name)
{
	struct path_node *node = path_find(*list, name);

	if (node != NULL)
		return node;
	while (*list != NULL)
		list = &(*list)->next;
	*list = pool_zero(pool, 1, sizeof **list);
	(*list)->name = pool_copy(pool, name);
	(*list)->slot = -1;
	return *list;
}

struct path_node *path_add(struct pool *pool, struct path_node **list, struct span path)
{
	struct path_node *node;
	struct span rest, name = path_first(path, &rest);

	for (node = path_name(pool, list, name); rest.p != NULL; node = path_name(pool, &node->child, name))
		name = path_first(rest, &rest);
	return node;
}

void path_free_inner(struct path_node *list)
{
	for (; list != NULL; list = list->next) {
		json_object_free(&list->inner);
		path_free_inner(list->child);
	}
}
