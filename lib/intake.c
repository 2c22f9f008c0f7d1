#include "intake.h"

#include <inttypes.h>
#include <stdio.h>

#include "exit.h"
#include "log.h"

static enum intake_kind refuse(struct intake *in, const char *reason, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

static enum intake_kind refuse(struct intake *in, const char *reason, const char *format, ...)
{
	va_list args;

	in->reason = reason;
	va_start(args, format);
	vsnprintf(in->detail, sizeof in->detail, format, args);
	va_end(args);
	return INTAKE_REFUSE;
}

static enum intake_kind finish(struct intake *in, enum intake_kind kind, int status)
{
	in->status = status;
	return kind;
}

/* --- what is wrong with a line ------------------------------------------------------------------------------------ */

static const char *fault_text(enum json_fault fault)
{
	static const char *const texts[] = {
		[JSON_OK] = "nothing is wrong",
		[JSON_NOT_JSON] = "not JSON",
		[JSON_NOT_OBJECT] = "JSON, but not an object",
		[JSON_NOT_UTF8] = "not UTF-8",
		[JSON_NUL] = "U+0000 cannot be stored",
		[JSON_TOO_DEEP] = "nested too deep",
	};

	return texts[fault];
}

enum names { NAMES_FINE, NAMES_RESERVED, NAMES_TWICE };

/* The top-level names from member `first` on; *m is the one at fault. What was fine in the line before is fine. */
static enum names judge_names(struct intake *in, size_t first, const struct json_member **m)
{
	const struct json_object *o = &in->object;

	if (o->shape == in->fine_shape && first == in->fine_first)
		return NAMES_FINE;
	for (size_t i = first; i < o->count; i++) {
		*m = &o->member[i];
		if ((*m)->name.n < 6 || ((*m)->name.p[0] != '_' && !(*m)->name_escaped))
			continue; /* nearly all names end here */
		if (json_name_is(*m, SPAN("_kafka")) || json_name_is(*m, SPAN("_reject")))
			return NAMES_RESERVED;
	}
	*m = json_duplicate(o);
	if (*m != NULL)
		return NAMES_TWICE;
	in->fine_shape = o->shape;
	in->fine_first = first;
	return NAMES_FINE;
}

/* As much of a name as a message can bear. */
static int name_length(const struct json_member *m)
{
	return m->name.n > 100 ? 100 : (int)m->name.n;
}

static enum intake_kind refuse_names(struct intake *in, enum names names, const struct json_member *m)
{
	if (names == NAMES_RESERVED)
		return refuse(in, "reserved_name", "the member \"%.*s\" at byte %zu has a name that is the suite's own",
		              name_length(m), m->name.p, (size_t)(m->name.p - in->line.p));
	return refuse(in, "duplicate_name", "the member \"%.*s\" at byte %zu occurs twice", name_length(m), m->name.p,
	              (size_t)(m->name.p - in->line.p));
}

static enum intake_kind judge_record(struct intake *in)
{
	const struct json_member *m;
	enum names names = judge_names(in, 0, &m);

	return names == NAMES_FINE ? INTAKE_RECORD : refuse_names(in, names, m);
}

static enum intake_kind refuse_fault(struct intake *in, enum json_fault fault, size_t at)
{
	return refuse(in, json_fault_name(fault), "%s, at byte %zu", fault_text(fault), at);
}

/* A broken line that begins with an envelope: bytes were lost or mixed between the stages. */
static enum intake_kind damage(struct intake *in, const struct line_reader *r, size_t at, const char *what)
{
	log_error("%s:%" PRIu64 ": damaged line, at byte %zu: %s; the line begins with kconsume's _kafka, so the damage "
	          "happened behind kconsume: look for two writers on one pipe, or a full disk",
	          line_source(r), line_number(r), at, what);
	return finish(in, INTAKE_STOP, EXIT_IO);
}

static enum intake_kind envelope_missing(struct intake *in, const struct line_reader *r)
{
	log_error("%s:%" PRIu64 ": no _kafka at the beginning of this line, but earlier lines had one: a filter between "
	          "the stages dropped or moved it; the record's position is lost",
	          line_source(r), line_number(r));
	return finish(in, INTAKE_STOP, EXIT_CONFLICT);
}

static enum intake_kind torn(struct intake *in, const struct line_reader *r, const char *what, size_t at)
{
	log_error("%s:%" PRIu64 ": the last line has no end and is not whole (%s, at byte %zu): a torn write; "
	          "it was not processed",
	          line_source(r), line_number(r), what, at);
	return finish(in, INTAKE_STOP, EXIT_IO);
}

/* --- judging ------------------------------------------------------------------------------------------------------ */

static size_t offset_of(const struct intake *in, const struct json_member *m)
{
	return (size_t)(m->name.p - in->line.p);
}

/* Behind the comma that follows the envelope, up to the closing brace. */
static struct span payload_of(const struct json_object *o)
{
	const char *p = o->member[0].value.p + o->member[0].value.n, *end = o->text.p + o->text.n;

	while (*p != ',' && *p != '}')
		p++;
	if (*p == ',')
		p++;
	return (struct span){p, (size_t)(end - p)};
}

static enum intake_kind judge_enveloped(struct intake *in, const struct line_reader *r)
{
	const struct json_member *m;
	const char *why;
	size_t first = 1;
	bool reject;

	if (envelope_read(&in->envelope, &in->object, &why) < 0)
		return damage(in, r, offset_of(in, &in->object.member[0]), why);
	reject = reject_present(&in->object);
	if (reject)
		first = 2;
	switch (judge_names(in, first, &m)) {
	case NAMES_RESERVED:
		return damage(in, r, offset_of(in, m), "a _kafka or _reject that no tool of the suite puts there");
	case NAMES_TWICE:
		return damage(in, r, offset_of(in, m), "a name occurs twice");
	case NAMES_FINE:
		break;
	}
	in->payload = payload_of(&in->object);
	if (in->envelope.event != EVENT_NONE)
		return INTAKE_CONTROL;
	return reject ? INTAKE_PASS : INTAKE_RECORD;
}

/* Of a line that begins as the one before did, only the rest. */
static enum json_fault scan(struct intake *in, size_t *at)
{
	struct json_begun known = {0};

	in->has_envelope = envelope_present(in->line);
	if (in->has_envelope)
		known = envelope_begun(&in->envelope, in->line);
	return known.end > 0 ? json_scan_begun(&in->object, in->line, known, at) : json_scan(&in->object, in->line, at);
}

static enum intake_kind judge_line(struct intake *in, const struct line_reader *r)
{
	size_t at;
	enum json_fault fault = scan(in, &at);

	if (in->has_envelope) {
		in->seen_envelope = true;
		if (fault != JSON_OK)
			return damage(in, r, at, fault_text(fault));
		return judge_enveloped(in, r);
	}
	if (in->seen_envelope)
		return envelope_missing(in, r);
	in->payload = in->line;
	if (fault == JSON_OK && reject_present(&in->object))
		return INTAKE_PASS;
	if (fault != JSON_OK)
		return refuse_fault(in, fault, at);
	return judge_record(in);
}

static enum intake_kind judge_long(struct intake *in, const struct line_reader *r)
{
	in->has_envelope = false; /* none that could be trusted */
	in->payload = in->line;
	in->object.count = 0;
	in->long_bytes = line_long_bytes(r);
	memcpy(in->long_sha256, line_long_sha256(r), sizeof in->long_sha256);
	if (envelope_present(in->line)) {
		in->seen_envelope = true;
		return damage(in, r, in->line.n, "the line is longer than the limit");
	}
	if (in->seen_envelope)
		return envelope_missing(in, r);
	return refuse(in, "too_long", "the line has %" PRIu64 " bytes, more than the limit", in->long_bytes);
}

/* Without its \n only a whole record is a record. */
static enum intake_kind judge_last(struct intake *in, const struct line_reader *r)
{
	enum json_fault fault;
	size_t at;

	if (line_long_bytes(r) > 0)
		return torn(in, r, "longer than the limit", in->line.n);
	fault = json_scan(&in->object, in->line, &at);
	if (fault != JSON_OK)
		return torn(in, r, fault_text(fault), at);
	return judge_line(in, r);
}

enum intake_kind intake_judge(struct intake *in, struct span message)
{
	enum json_fault fault;
	size_t at;

	in->line = in->payload = message;
	in->has_envelope = false;
	in->long_bytes = 0;
	fault = json_scan(&in->object, message, &at);
	return fault != JSON_OK ? refuse_fault(in, fault, at) : judge_record(in);
}

enum intake_kind intake_next(struct intake *in, struct line_reader *r, bool *idle)
{
	enum line_status status = line_next(r, &in->line);

	*idle = status == LINE_IDLE;
	in->long_bytes = 0;
	switch (status) {
	case LINE_OK:
		return judge_line(in, r);
	case LINE_LAST:
		return judge_last(in, r);
	case LINE_TOO_LONG:
		return judge_long(in, r);
	case LINE_GONE:
		return finish(in, INTAKE_END, EXIT_IO);
	case LINE_ERROR:
		log_error("%s: cannot read: %s", line_source(r), line_fault(r));
		return finish(in, INTAKE_END, EXIT_IO);
	case LINE_EOF:
	case LINE_GRACE:
	case LINE_IDLE:
		break;
	}
	return finish(in, INTAKE_END, EXIT_DONE);
}

/* --- rejects ------------------------------------------------------------------------------------------------------ */

void intake_reject(struct buf *to, struct intake *in, const struct line_reader *r, const char *reason,
                   const char *detail)
{
	const struct span none = {0};
	struct reject reject = {.by = span_of(log_tool()), .raw = in->line};

	if (reason == NULL)
		reason = in->reason;
	if (detail == NULL)
		detail = in->detail;
	reject.reason = span_of(reason);
	reject.detail = span_of(detail);
	if (in->long_bytes > in->line.n) {
		reject.raw_bytes = in->long_bytes;
		reject.raw_sha256 = span_of(in->long_sha256);
	}
	if (in->has_envelope) {
		buf_clear(&in->raw);
		buf_add_char(&in->raw, '{');
		buf_add_span(&in->raw, in->payload);
		reject.raw = buf_span(&in->raw);
	} else if (r != NULL) {
		reject.source = span_of(line_source(r));
		reject.line = line_number(r);
	}
	reject_write(to, in->has_envelope ? in->envelope.text : none, &reject);
}

void intake_free(struct intake *in)
{
	json_object_free(&in->object);
	envelope_free(&in->envelope);
	buf_free(&in->raw);
}
