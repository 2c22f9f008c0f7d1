/*
 * What cannot be processed travels on as {"_kafka":{…},"_reject":{"by":…,"reason":…,"detail":…,"source":…,"line":…,
 * "raw":…}} and ends in dead_letter. `source` and `line` are there when the record has no envelope.
 */
#ifndef TXPIPE_REJECT_H
#define TXPIPE_REJECT_H

#include <stdint.h>

#include "buf.h"
#include "json.h"
#include "span.h"

enum { REJECT_RAW_MAX = 256 << 10 };

struct reject {
	struct span by;     /* the tool */
	struct span reason; /* machine-readable: lower case, digits and _ */
	struct span detail; /* for people */
	struct span source; /* file name or "-"; p NULL with an envelope */
	uint64_t line;      /* line in source, 0 with an envelope */
	struct span raw;    /* the payload's bytes, at most REJECT_RAW_MAX of them */
	uint64_t raw_bytes; /* length of the whole payload when raw is cut, else 0 */
	struct span raw_sha256; /* 64 hex digits of the whole payload when raw is cut */
};

/*
 * Append the whole line with its \n. `envelope` is the text of _kafka's value ({…}), or p NULL. If r->raw is longer
 * than REJECT_RAW_MAX and raw_bytes is 0, it is cut and hashed here. A cut never splits a character. Raw bytes that a
 * JSON string cannot carry (not UTF-8, or with U+0000) go out as raw_base64; such bytes in the other texts become
 * U+FFFD.
 */
void reject_write(struct buf *to, struct span envelope, const struct reject *r);

/*
 * Read a reject in the suite's own form out of a scanned line: the first member (or the second, behind _kafka) is
 * _reject, an object with string members by and reason. true and *r (strings unescaped, raw decoded, both appended to
 * `store`, which must not change while *r is used), else false. What is missing has p NULL or 0.
 */
bool reject_read(struct reject *r, const struct json_object *line, struct buf *store);

/* Is this scanned line a reject in the suite's own form? True exactly where reject_read() is. */
bool reject_present(const struct json_object *line);

#endif
