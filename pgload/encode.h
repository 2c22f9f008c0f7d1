/*
 * From a JSON value to a field of binary COPY: one encoder per type. What the server's own text input would refuse is
 * refused here, so that a bad value is a reject with a reason and not a failed batch.
 */
#ifndef PGLOAD_ENCODE_H
#define PGLOAD_ENCODE_H

#include "buf.h"
#include "json.h"

/* Why a record is refused: `reason` is a literal (lower case and _), `detail` is for people. */
struct fault {
	const char *reason;
	char detail[256];
};

/* Fill in a fault; always -1. */
int fault_set(struct fault *f, const char *reason, const char *format, ...) __attribute__((format(printf, 3, 4)));

struct column;

/*
 * Append length and bytes of the value (never JSON null: that is the caller's) as a field. 0, or -1 with *f set; what
 * was appended then is garbage that the caller cuts off.
 */
typedef int encode_fn(struct buf *to, const struct column *c, const struct json_member *m, struct fault *f);

encode_fn encode_bool, encode_int2, encode_int4, encode_int8, encode_float4, encode_float8, encode_numeric, encode_text,
    encode_varchar, encode_bytea, encode_uuid, encode_text_array, encode_timestamptz, encode_timestamp, encode_date,
    encode_json, encode_jsonb, encode_as_text;

/* The encoder for a type by its name in pg_type; NULL: the value goes as text and is cast by the server. */
encode_fn *encode_find(const char *type_name);

/* "column: expected what, got an object". Always -1. */
int encode_wrong(const struct column *c, const struct json_member *m, const char *expected, struct fault *f);

/* The characters of a string, escapes undone ("\u002b" is a plus as good as "+"): in `to`, behind what it holds, until more is added. Empty if it holds
 * half of a surrogate pair. */
struct span encode_plain(struct buf *to, const struct json_member *m);

/* Does the number fit into numeric at all (131,072 digits before the point, 16,383 behind it)? */
bool numeric_fits(struct span number);

/* Is the JSON text (already known to be JSON) one that jsonb holds: no lone surrogates, all numbers fit. 0 or -1 with
 * *f set; `what` names it in the detail. */
int jsonb_check(struct span json, const char *what, struct fault *f);

#endif
