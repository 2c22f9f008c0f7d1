/*
 * One pass over a JSON object: checks that the bytes are exactly an RFC 8259 object in UTF-8 without U+0000 (neither
 * raw nor escaped, at any depth), and yields spans of its top-level members. No allocation per record: the member
 * array is reused. Numbers are spans: nothing goes through a double. A lone surrogate escape is grammatical and
 * accepted here; json_unescape() refuses it. Nesting is followed without recursion.
 */
#ifndef TXPIPE_JSON_H
#define TXPIPE_JSON_H

#include <stdint.h>

#include "buf.h"
#include "span.h"

/* jansson.h has constants of the same names: a source file includes the one header or the other. */
enum json_type { JSON_NULL, JSON_FALSE, JSON_TRUE, JSON_NUMBER, JSON_STRING, JSON_ARRAY, JSON_OBJECT };

struct json_member {
	struct span name;  /* between the quotes, escapes not undone */
	struct span value; /* the whole value; strings without their quotes, escapes not undone */
	uint8_t type;      /* enum json_type */
	bool name_escaped; /* the name contains a backslash */
	bool escaped;      /* the string value contains a backslash */
};

struct json_head;

/* Start with all zero; reuse it from text to text. */
struct json_object {
	struct json_member *member;
	size_t count, cap;
	struct span text; /* from { to } */
	uint64_t shape;   /* who has seen an object of this number knows the names of this one: the same, at the same places. Never 0 */
	/* Private: members of the object that got the number first; what stood before the values of the one scanned last: its names, as many as there
	 * is room for. */
	size_t shaped;
	struct json_head *head;
	size_t heads;
	struct buf names;
};

enum json_fault {
	JSON_OK,
	JSON_NOT_JSON,   /* the text breaks the grammar, or something follows the object */
	JSON_NOT_OBJECT, /* JSON, but not an object */
	JSON_NOT_UTF8,
	JSON_NUL,        /* U+0000, raw or as \u0000: PostgreSQL's text cannot hold it */
	JSON_TOO_DEEP    /* nested deeper than JSON_MAX_DEPTH */
};

enum { JSON_MAX_DEPTH = 1024 };

/* Scan `text`, surrounded by optional white space. On a fault *at is the byte offset of it. */
enum json_fault json_scan(struct json_object *o, struct span text, size_t *at);

/*
 * The same for a text whose first bytes are known: they are those of another text that was fine: from the { of its object
 * over its first member, its name without escapes, its value, an object, to where a name in that one begins. They are not looked at
 * again.
 */
struct json_begun {
	size_t name;  /* bytes of the first member's name, which stands behind {" */
	size_t value; /* where its value begins, in bytes from the text's begin */
	size_t end;   /* of what is known */
};
enum json_fault json_scan_begun(struct json_object *o, struct span text, struct json_begun known, size_t *at);

void json_object_free(struct json_object *o);

/* The machine-readable name of a fault, as in a reject's reason: "not_json", "not_object", "not_utf8", "nul",
 * "too_deep". */
const char *json_fault_name(enum json_fault fault);

/* The member of that (unescaped) name, or NULL. Escaped names are compared unescaped. */
const struct json_member *json_find(const struct json_object *o, struct span name);

/* The same, but the last of that name: what jq and jsonb take where a name occurs twice (only inside is that let pass). */
const struct json_member *json_find_last(const struct json_object *o, struct span name);

/* Compare a member's name with plain text, undoing escapes if there are any. */
bool json_name_is(const struct json_member *m, struct span name);

/* The first member whose unescaped name occurs earlier too, or NULL. No allocation for up to 64 members. */
const struct json_member *json_duplicate(const struct json_object *o);

/* Append the content of a string (between its quotes) with the escapes undone, in UTF-8. 0, or -1 for a lone surrogate
 * (the buffer is then as before). */
int json_unescape(struct buf *to, struct span content);

/* Append `text` (any bytes) as a JSON string with its quotes. Must be UTF-8. */
void json_quote(struct buf *to, struct span text);

/* The same for bytes that may be anything: what is not UTF-8, and U+0000, becomes U+FFFD. */
void json_quote_any(struct buf *to, struct span bytes);

/* The whole value as it stood in the text: strings with their quotes. */
struct span json_raw(const struct json_member *m);

/* Elements of an array value (as m->value of type JSON_ARRAY, already checked by json_scan): start with *at = 0; true
 * and the next element in *element (name empty), or false at the end. */
bool json_next_element(struct span array, size_t *at, struct json_member *element);

/* The same for the members of a nested object value. */
bool json_next_member(struct span object, size_t *at, struct json_member *member);

/* true if the bytes are well-formed UTF-8 (no surrogates, no overlong forms, up to U+10FFFF). */
bool utf8_valid(struct span s);

#endif
