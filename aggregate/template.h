/*
 * SQL with `{{ … }}` in it: a closed list of calls, no loops, no macros, no expressions.
 *
 *   {{ ref('model') }}  {{ source('group', 'table') }}  {{ this }}       become relation names
 *   {{ changes('table') }}  {{ changes('group', 'table') }}              becomes a source with a column `sign`
 *   {% if is_incremental() %} … {% else %} … {% endif %}                 the one condition; also `if not`, not nested
 *   {{ var('name') }}  {{ var('name', 'default') }}  {{ env_var('NAME', 'default') }}   become text
 *   {{ config(materialized='table', unique_key=['a', 'b']) }}            becomes nothing
 *   {# a comment #}                                                      becomes nothing
 *
 * Arguments are words in quotes, numbers, true, false, none, and lists of those. A rendered text knows for each of
 * its bytes where in the source it came from, so that an error of the server is told as file:line.
 */
#ifndef AGGREGATE_TEMPLATE_H
#define AGGREGATE_TEMPLATE_H

#include "buf.h"
#include "place.h"
#include "arena.h"
#include "value.h"

enum template_call_kind {
	CALL_REF, CALL_SOURCE, CALL_CONFIG, CALL_VAR, CALL_ENV_VAR, CALL_THIS, CALL_CHANGES, /* as they are named */
	CALL_COMMENT, CALL_IF, CALL_IF_NOT, CALL_ELSE, CALL_ENDIF
};

struct template_arg {
	const char *name; /* of name=value, or NULL */
	struct value value;
};

struct template_call {
	enum template_call_kind kind;
	size_t begin, end; /* of {{ … }} in the source */
	struct place at;
	struct template_arg *arg;
	size_t count;
};

struct template {
	const char *file;
	struct span source;
	struct template_call *call; /* in the order of the source */
	size_t count;
};

/* Rendered pieces: the text from `to` on stems from the source from `from` on; `literal` bytes follow one by one. */
struct template_piece {
	size_t to, from;
	bool literal;
};

struct template_text {
	const char *sql; /* terminated */
	size_t n;
	struct template_piece *piece;
	size_t count;
};

/* Read the calls of `source`, which must live as long as the template. 0, or -1 with a message. */
int template_parse(struct arena *arena, const char *file, struct span source, struct template *to);

/* One call without its braces, such as ref('dim_customer') in schema.yml. 0, or -1 with a message. */
int template_parse_call(struct arena *arena, struct place at, const char *text, struct template_call *to);

/* Append what a call becomes. 0, or -1 with a message printed. */
typedef int template_resolve(void *arg, const struct template_call *call, struct buf *to);

/* Replace every call; is_incremental() is `incremental`. White space and one semicolon at the end are left out. 0, or
 * -1. */
int template_render(struct arena *arena, const struct template *t, bool incremental, template_resolve *resolve,
                    void *arg, struct template_text *to);

/* Where in the rendered text call `i` stands: false if it was left out. */
bool template_range(const struct template *t, const struct template_text *text, size_t i, size_t *begin, size_t *end);

/* Line in the source of byte `at` of the rendered text. */
int template_line(const struct template *t, const struct template_text *text, size_t at);

/* The text of positional argument `i`, or NULL. */
const char *template_arg_text(const struct template_call *call, size_t i);

#endif
