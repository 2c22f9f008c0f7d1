/*
 * What of a line goes to the topic, and under which key. The payload is the producer's own bytes: only what the suite itself put in front
 * of them is taken off, a leading _kafka and a _reject in the suite's own form.
 */
#ifndef TXPIPE_STRIP_H
#define TXPIPE_STRIP_H

#include "buf.h"
#include "envelope.h"
#include "json.h"
#include "reject.h"
#include "span.h"

enum strip_kind {
	STRIP_SEND,    /* payload and key are set */
	STRIP_CONTROL, /* a control line of kconsume: no record */
	STRIP_CUT      /* nothing but a reject whose raw bytes were cut off: the message is not whole any more */
};

struct strip {
	struct span payload;
	struct span key; /* p NULL: null key */
	bool is_json;    /* the line is one JSON object */
	struct json_object object;
	struct envelope envelope;
	struct buf payload_bytes, key_bytes; /* reused from line to line */
};

/*
 * `field` names the top-level member whose value is the key: a string's content, a number's or a boolean's text. A line that is not a
 * JSON object goes byte for byte with a null key, and so does the key of a line without the field. What remains of a reject with
 * nothing beside it is the message that was refused. The spans hold until the next call.
 */
enum strip_kind strip_line(struct strip *s, struct span line, struct span field);

void strip_free(struct strip *s);

#endif
