#include "yaml.h"

#include <yaml.h>

#include "log.h"
#include "nearest.h"

enum { MAX_DEPTH = 64, MAX_NODES = 100000 };

struct reader {
	struct arena *arena;
	const char *file;
	struct span text;
	yaml_document_t *document;
	size_t nodes;
};

static struct yaml *convert(struct reader *r, int id, int depth);

static int mark_line(yaml_mark_t mark)
{
	return (int)mark.line + 1;
}

static int convert_list(struct reader *r, const yaml_node_t *from, struct yaml *to, int depth)
{
	for (yaml_node_item_t *i = from->data.sequence.items.start; i < from->data.sequence.items.top; i++) {
		to->item = arena_more(r->arena, to->item, to->count, sizeof *to->item);
		to->item[to->count] = convert(r, *i, depth + 1);
		if (to->item[to->count++] == NULL)
			return -1;
	}
	return 0;
}

static int convert_map(struct reader *r, const yaml_node_t *from, struct yaml *to, int depth)
{
	for (yaml_node_pair_t *i = from->data.mapping.pairs.start; i < from->data.mapping.pairs.top; i++) {
		struct yaml *key = convert(r, i->key, depth + 1);
		struct yaml *value;

		if (key == NULL)
			return -1;
		if (key->kind != YAML_WORD)
			return place_error(key->at, "a key must be one word");
		if (yaml_get(to, key->text) != NULL)
			return place_error(key->at, "the key '%s' is given twice", key->text);
		value = convert(r, i->value, depth + 1);
		if (value == NULL)
			return -1;
		to->key = arena_more(r->arena, to->key, to->count, sizeof *to->key);
		to->item = arena_more(r->arena, to->item, to->count, sizeof *to->item);
		to->key[to->count] = key;
		to->item[to->count++] = value;
	}
	return 0;
}

/* Aliases may share or even contain themselves: depth and number are bounded. */
static struct yaml *convert(struct reader *r, int id, int depth)
{
	yaml_node_t *from = yaml_document_get_node(r->document, id);
	struct yaml *to = arena_alloc(r->arena, sizeof *to);
	int status = 0;

	to->at = (struct place){r->file, mark_line(from->start_mark)};
	if (depth > MAX_DEPTH || ++r->nodes > MAX_NODES) {
		place_error(to->at, "nested too deeply, or too large");
		return NULL;
	}
	switch (from->type) {
	case YAML_SCALAR_NODE:
		to->kind = YAML_WORD;
		to->text = arena_text(r->arena, (const char *)from->data.scalar.value, from->data.scalar.length);
		to->quoted = from->data.scalar.style != YAML_PLAIN_SCALAR_STYLE;
		break;
	case YAML_SEQUENCE_NODE:
		to->kind = YAML_LIST;
		status = convert_list(r, from, to, depth);
		break;
	default:
		to->kind = YAML_MAP;
		status = convert_map(r, from, to, depth);
		break;
	}
	return status == 0 ? to : NULL;
}

/* What is not UTF-8 is told by its offset, the rest by its line. */
static int parser_error(const struct reader *r, const yaml_parser_t *parser)
{
	struct place at = {r->file, mark_line(parser->problem_mark)};

	if (parser->error == YAML_READER_ERROR && parser->problem_offset <= r->text.n) {
		at.line = 1;
		for (size_t i = 0; i < parser->problem_offset; i++)
			at.line += r->text.p[i] == '\n';
	}
	return place_error(at, "not YAML: %s%s%s", parser->problem != NULL ? parser->problem : "cannot be read",
	                   parser->context != NULL ? ", " : "", parser->context != NULL ? parser->context : "");
}

static int read_document(struct reader *r, yaml_parser_t *parser, struct yaml **root)
{
	yaml_document_t document;
	yaml_node_t *top;
	int status = 0;

	if (!yaml_parser_load(parser, &document))
		return parser_error(r, parser);
	r->document = &document;
	top = yaml_document_get_root_node(&document);
	if (top != NULL && *root != NULL) {
		status = place_error((struct place){r->file, mark_line(top->start_mark)}, "a second document (after ---)");
	} else if (top != NULL) {
		*root = convert(r, 1, 0);
		status = *root != NULL ? 0 : -1;
	}
	if (status == 0 && top == NULL)
		status = 1; /* the end of the stream */
	yaml_document_delete(&document);
	return status;
}

int yaml_read(struct arena *arena, const char *file, struct span text, struct yaml **root)
{
	struct reader r = {.arena = arena, .file = file, .text = text};
	yaml_parser_t parser;
	int status;

	*root = NULL;
	if (!yaml_parser_initialize(&parser)) {
		log_error("%s: out of memory", file);
		return -1;
	}
	yaml_parser_set_input_string(&parser, (const unsigned char *)text.p, text.n);
	do
		status = read_document(&r, &parser, root);
	while (status == 0);
	yaml_parser_delete(&parser);
	return status < 0 ? -1 : 0;
}

struct yaml *yaml_get(const struct yaml *map, const char *key)
{
	if (map->kind != YAML_MAP)
		return NULL;
	for (size_t i = 0; i < map->count; i++)
		if (strcmp(map->key[i]->text, key) == 0)
			return map->item[i];
	return NULL;
}

static int unknown_key(const struct yaml *key, const char *what, const char *const *known)
{
	const char *near = nearest_word(key->text, known);

	if (near != NULL)
		return place_error(key->at, "unknown key '%s' in %s; did you mean '%s'?", key->text, what, near);
	return place_error(key->at, "unknown key '%s' in %s", key->text, what);
}

int yaml_check(const struct yaml *map, const char *what, const char *const *known)
{
	if (map->kind != YAML_MAP)
		return place_error(map->at, "%s must be a map (key: value)", what);
	for (size_t i = 0; i < map->count; i++) {
		size_t k = 0;

		while (known[k] != NULL && strcmp(known[k], map->key[i]->text) != 0)
			k++;
		if (known[k] == NULL)
			return unknown_key(map->key[i], what, known);
	}
	return 0;
}

const char *yaml_word(const struct yaml *node, const char *what)
{
	if (node->kind == YAML_WORD)
		return node->text;
	place_error(node->at, "%s must be one word or text", what);
	return NULL;
}

int yaml_value(struct arena *arena, const struct yaml *node, const char *what, struct value *to)
{
	if (node->kind == YAML_MAP)
		return place_error(node->at, "%s cannot be a map", what);
	*to = (struct value){.kind = VALUE_LIST, .text = ""};
	if (node->kind == YAML_WORD) {
		to->text = node->text;
		to->kind = node->quoted ? VALUE_TEXT : value_kind_of(node->text);
		if (to->kind == VALUE_BOOL)
			to->text = node->text[0] == 't' || node->text[0] == 'T' ? "true" : "false";
		return 0;
	}
	for (size_t i = 0; i < node->count; i++) {
		to->item = arena_more(arena, to->item, i, sizeof *to->item);
		if (yaml_value(arena, node->item[i], what, &to->item[i]) < 0)
			return -1;
		to->count = i + 1;
	}
	return 0;
}
