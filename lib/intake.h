/*
 * The gate that every line passes: the one place for the rule who rejects what (docs/design.md). The first tool that
 * reads a line without an envelope rejects: not UTF-8, U+0000, not one object, too long, a top-level name that
 * unescapes to _kafka or _reject, a top-level name that occurs twice. A broken line that begins with an envelope is
 * damage. Input that carried an envelope once and then lacks it has lost its position.
 */
#ifndef TXPIPE_INTAKE_H
#define TXPIPE_INTAKE_H

#include "envelope.h"
#include "json.h"
#include "line.h"
#include "reject.h"

enum intake_kind {
	INTAKE_RECORD,  /* object (and envelope if has_envelope) are set */
	INTAKE_CONTROL, /* envelope.event is set: pass the line on as it is */
	INTAKE_PASS,    /* a reject of another tool: filters pass the line on as it is; object and envelope are set */
	INTAKE_REFUSE,  /* refuse it now: reason, detail */
	INTAKE_STOP,    /* stop: `status` is the exit status (EXIT_IO: damage or torn; EXIT_CONFLICT: the envelope is missing);
	                 * the message has been printed */
	INTAKE_END      /* end of input (`status` EXIT_DONE), grace over, reader gone (EXIT_IO) or read error (EXIT_IO) */
};

/* Start with all zero. */
struct intake {
	struct span line;          /* the whole line */
	struct json_object object; /* its members; the first is _kafka if has_envelope */
	bool has_envelope;
	struct envelope envelope;
	struct span payload;       /* without an envelope: the line. With one: what follows it, from behind the comma to
	                            * the closing brace; put { before it to get the producer's bytes back. Empty: "}" */
	const char *reason;        /* for INTAKE_REFUSE: "not_json", "not_object", "not_utf8", "nul", "too_deep", "too_long",
	                            * "reserved_name", "duplicate_name" */
	char detail[256];
	int status;
	bool seen_envelope;        /* of any earlier line */
	uint64_t long_bytes;       /* of a line too long, else 0 */
	char long_sha256[65];
	/* Private. */
	struct buf raw;
	uint64_t fine_shape;       /* these names were judged, from that member on */
	size_t fine_first;
};

/*
 * Read and judge the next line. A line with an envelope that is not whole JSON, has a bad envelope, a name twice or a
 * _reject that is not the suite's is damage (a jq that adds members to a reject does no harm). Without an envelope a
 * line that begins with a _reject in the suite's own form is a reject of another tool. INTAKE_END and INTAKE_STOP are
 * final. LINE_IDLE is passed on by *idle = true with kind INTAKE_END and status EXIT_DONE (call again).
 */
enum intake_kind intake_next(struct intake *in, struct line_reader *r, bool *idle);

/*
 * Judge a producer's message (no envelope, no line number): what kconsume does with payloads, and fraudcheck with
 * records that do not come as lines. Returns INTAKE_RECORD or INTAKE_REFUSE. A leading _kafka is refused here: it is
 * forged.
 */
enum intake_kind intake_judge(struct intake *in, struct span message);

/* Append the reject for what was refused, by intake (reason and detail NULL: its own) or by the caller's later
 * checks. `by` is log_tool(); source and line come from `r` (may be NULL) unless there is an envelope. */
void intake_reject(struct buf *to, struct intake *in, const struct line_reader *r, const char *reason,
                   const char *detail);

void intake_free(struct intake *in);

#endif
