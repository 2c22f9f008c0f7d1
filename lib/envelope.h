/*
 * The envelope `{"_kafka":{…}` that kconsume puts first on each line (docs/design.md, "The line format").
 */
#ifndef TXPIPE_ENVELOPE_H
#define TXPIPE_ENVELOPE_H

#include <stdint.h>

#include "buf.h"
#include "json.h"
#include "span.h"

enum envelope_event { EVENT_NONE, EVENT_ASSIGNED, EVENT_END, EVENT_REVOKED };

/* Start with all zero; reuse it from line to line; give it back with envelope_free(). */
struct envelope {
	/* Constant for a run. Held by this struct, escapes undone: valid until a line of another run is read. */
	struct span stream, topic, run, origin;
	int64_t partition;
	int64_t of;     /* partitions of the topic */
	int64_t begin;  /* first offset of the run that is not warm */
	/* Spans below point into the line. */
	int64_t offset; /* -1 on control lines */
	int64_t ts;     /* Kafka time, ms since 1970; -1 if unknown */
	bool warm;
	enum envelope_event event;
	int64_t from, low, next; /* of assigned, assigned, end; -1 elsewhere */
	struct span cluster;     /* of assigned; p NULL if unknown; escapes not undone */
	struct span key, key_base64, headers; /* raw values (strings with their quotes) if present, p NULL otherwise */
	struct span text;        /* the value of _kafka: from { to } */
	size_t constant;         /* bytes of the line before `"offset":` or `"event":`, the same for all lines of a run;
	                          * 0 if another tool changed the order of the members */
	bool same_run;           /* the constant part is, byte for byte, that of the line read before */
	/* Private: the constant part of the line read last, and the texts in it. */
	struct buf known, names;
};

void envelope_free(struct envelope *e);

/* What a line with an envelope begins with, to the byte. */
#define ENVELOPE_HEAD "{\"_kafka\":"

static inline bool envelope_present(struct span line)
{
	return span_starts(line, SPAN(ENVELOPE_HEAD));
}

/* How the line, in which one is present, begins, if that is how the line before began; known.end is 0 else. For json_scan_begun(). */
struct json_begun envelope_begun(const struct envelope *e, struct span line);

/*
 * Read the envelope out of a scanned line (its first member). 0, or -1 with a static text in *why: a member missing,
 * twice, of the wrong type or out of range, an unknown event. Order and white space do not matter, unknown members
 * are ignored (later versions may add some). `e` keeps a copy of the constant part: for the next line of the same run
 * one memcmp is all that it costs.
 */
int envelope_read(struct envelope *e, const struct json_object *line, const char **why);

/* The part of an envelope that is constant for a run: {"_kafka":{"stream":…,"begin":40, — what follows is "offset":…
 * or "event":…. */
void envelope_write_constant(struct buf *to, struct span stream, struct span topic, int64_t partition, int64_t of,
                             struct span run, struct span origin, int64_t begin);

#endif
