/*
 * YAML as the project folder uses it: one document a file, read by libyaml into a small tree that remembers its lines.
 * Keys are unique; a key that the reader does not know is an error that names the nearest known one.
 */
#ifndef AGGREGATE_YAML_NODE_H
#define AGGREGATE_YAML_NODE_H

#include "place.h"
#include "arena.h"
#include "span.h"
#include "value.h"

enum yaml_kind { YAML_WORD, YAML_LIST, YAML_MAP };

struct yaml {
	enum yaml_kind kind;
	struct place at;
	const char *text;   /* of a word */
	bool quoted;        /* the word stood in quotes or in a block: it is text, whatever it looks like */
	size_t count;       /* of items or pairs */
	struct yaml **item; /* of a list; the values of a map */
	struct yaml **key;  /* of a map: words */
};

/*
 * Read `text`; `file` is named in messages. 0 with *root (NULL for an empty document), or -1 with a message
 * file:line. Everything lives in the arena.
 */
int yaml_read(struct arena *arena, const char *file, struct span text, struct yaml **root);

/* The value of a key of a map, or NULL. */
struct yaml *yaml_get(const struct yaml *map, const char *key);

/* A map whose keys all stand in `known` (ended by NULL)? 0, or -1 with a message; `what` names the map in it. */
int yaml_check(const struct yaml *map, const char *what, const char *const *known);

/* The word as text. NULL with a message if it is a list or a map; `what` names it. */
const char *yaml_word(const struct yaml *node, const char *what);

/* As a configuration value: words and lists of words. 0, or -1 with a message. */
int yaml_value(struct arena *arena, const struct yaml *node, const char *what, struct value *to);

#endif
