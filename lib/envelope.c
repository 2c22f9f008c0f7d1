#include "envelope.h"

#include "parse.h"

enum {
	STREAM = 1 << 0,
	TOPIC = 1 << 1,
	PARTITION = 1 << 2,
	OF = 1 << 3,
	RUN = 1 << 4,
	ORIGIN = 1 << 5,
	BEGIN = 1 << 6,
	CONSTANT = (1 << 7) - 1, /* all of the above */
	OFFSET = 1 << 7,
	EVENT = 1 << 8,
	TS = 1 << 9,
	WARM = 1 << 10,
	FROM = 1 << 11,
	LOW = 1 << 12,
	NEXT = 1 << 13,
	CLUSTER = 1 << 14,
	KEY = 1 << 15,
	KEY_BASE64 = 1 << 16,
	HEADERS = 1 << 17
};

static const struct {
	struct span name;
	unsigned bit;
} members[] = {
	/* those of every line first: the search is linear */
	{{"offset", 6}, OFFSET},       {{"ts", 2}, TS},   {{"warm", 4}, WARM},
	{{"key", 3}, KEY},             {{"headers", 7}, HEADERS}, {{"key_base64", 10}, KEY_BASE64},
	{{"stream", 6}, STREAM},       {{"topic", 5}, TOPIC}, {{"partition", 9}, PARTITION},
	{{"of", 2}, OF},               {{"run", 3}, RUN}, {{"origin", 6}, ORIGIN},
	{{"begin", 5}, BEGIN},         {{"event", 5}, EVENT}, {{"next", 4}, NEXT},
	{{"from", 4}, FROM},           {{"low", 3}, LOW}, {{"cluster", 7}, CLUSTER},
};

/* 0: a name that this version does not know. */
static unsigned member_bit(const struct json_member *m)
{
	for (size_t i = 0; i < sizeof members / sizeof members[0]; i++)
		if (json_name_is(m, members[i].name))
			return members[i].bit;
	return 0;
}

static int read_number(const struct json_member *m, int64_t min, int64_t max, int64_t *to)
{
	int64_t value;

	if (m->type != JSON_NUMBER || parse_int(m->value, &value) < 0 || value < min || value > max)
		return -1;
	*to = value;
	return 0;
}

/* A name: neither empty nor half a surrogate pair. Kept in e->names, whose room has been made. */
static int read_name(struct envelope *e, const struct json_member *m, struct span *to)
{
	size_t start = e->names.n;

	if (m->type != JSON_STRING || m->value.n == 0 || json_unescape(&e->names, m->value) < 0)
		return -1;
	*to = (struct span){e->names.p + start, e->names.n - start};
	return 0;
}

static int read_event(const struct json_member *m, enum envelope_event *to)
{
	if (m->type != JSON_STRING)
		return -1;
	if (span_eq(m->value, SPAN("assigned")))
		*to = EVENT_ASSIGNED;
	else if (span_eq(m->value, SPAN("end")))
		*to = EVENT_END;
	else if (span_eq(m->value, SPAN("revoked")))
		*to = EVENT_REVOKED;
	else
		return -1;
	return 0;
}

static int read_raw(const struct json_member *m, bool right_type, struct span *to)
{
	*to = json_raw(m);
	return right_type ? 0 : -1;
}

static int read_member(struct envelope *e, const struct json_member *m, unsigned bit, const char **why)
{
	switch (bit) {
	case STREAM:
		*why = "stream is not a name";
		return read_name(e, m, &e->stream);
	case TOPIC:
		*why = "topic is not a name";
		return read_name(e, m, &e->topic);
	case RUN:
		*why = "run is not a name";
		return read_name(e, m, &e->run);
	case ORIGIN:
		*why = "origin is not a name";
		return read_name(e, m, &e->origin);
	case PARTITION:
		*why = "partition is not a number from 0 to 2147483647";
		return read_number(m, 0, INT32_MAX, &e->partition);
	case OF:
		*why = "of is not a number from 1 to 2147483647";
		return read_number(m, 1, INT32_MAX, &e->of);
	case BEGIN:
		*why = "begin is not an offset";
		return read_number(m, 0, INT64_MAX, &e->begin);
	case OFFSET:
		*why = "offset is not an offset";
		return read_number(m, 0, INT64_MAX - 1, &e->offset);
	case EVENT:
		*why = "event is not one of assigned, end, revoked";
		return read_event(m, &e->event);
	case TS:
		*why = "ts is not a number of milliseconds";
		return read_number(m, -1, INT64_MAX, &e->ts);
	case WARM:
		*why = "warm is neither true nor false";
		e->warm = m->type == JSON_TRUE;
		return m->type == JSON_TRUE || m->type == JSON_FALSE ? 0 : -1;
	case FROM:
		*why = "from is not an offset";
		return read_number(m, 0, INT64_MAX, &e->from);
	case LOW:
		*why = "low is not an offset";
		return read_number(m, 0, INT64_MAX, &e->low);
	case NEXT:
		*why = "next is not an offset";
		return read_number(m, 0, INT64_MAX, &e->next);
	case CLUSTER:
		*why = "cluster is not a string";
		e->cluster = m->value;
		return m->type == JSON_STRING ? 0 : -1;
	case KEY:
		*why = "key is neither a string nor null";
		return read_raw(m, m->type == JSON_STRING || m->type == JSON_NULL, &e->key);
	case KEY_BASE64:
		*why = "key_base64 is not a string";
		return read_raw(m, m->type == JSON_STRING, &e->key_base64);
	case HEADERS:
		*why = "headers is neither an object nor an array";
		return read_raw(m, m->type == JSON_OBJECT || m->type == JSON_ARRAY, &e->headers);
	default:
		return 0;
	}
}

/* What only a whole envelope can show. */
static int check_whole(const struct envelope *e, unsigned seen, const char **why)
{
	static const struct span origins[] = {{"resume", 6}, {"beginning", 9}, {"end", 3}, {"time", 4}, {"offset", 6}};
	size_t i = 0;

	if ((seen & CONSTANT) != CONSTANT) {
		*why = "stream, topic, partition, of, run, origin or begin is missing";
		return -1;
	}
	while (!e->same_run && !span_eq(e->origin, origins[i]))
		if (++i == sizeof origins / sizeof origins[0]) {
			*why = "origin is not one of resume, beginning, end, time, offset";
			return -1;
		}
	if (((seen & OFFSET) != 0) == ((seen & EVENT) != 0)) {
		*why = "there must be either offset or event";
		return -1;
	}
	if ((e->event == EVENT_ASSIGNED && (seen & (FROM | LOW)) != (FROM | LOW)) ||
	    (e->event == EVENT_END && (seen & NEXT) == 0)) {
		*why = e->event == EVENT_END ? "the end event lacks next" : "the assigned event lacks from or low";
		return -1;
	}
	return 0;
}

/* What differs from line to line starts anew. */
static void reset(struct envelope *e, struct span text)
{
	const struct span none = {0};

	e->text = text;
	e->offset = e->ts = e->from = e->low = e->next = -1;
	e->warm = false;
	e->event = EVENT_NONE;
	e->cluster = e->key = e->key_base64 = e->headers = none;
}

struct json_begun envelope_begun(const struct envelope *e, struct span line)
{
	const size_t before = sizeof ENVELOPE_HEAD - 1;

	if (e->known.n == 0 || !span_starts((struct span){line.p + before, line.n - before}, buf_span(&e->known)))
		return (struct json_begun){0};
	return (struct json_begun){.name = sizeof "_kafka" - 1, .value = before, .end = before + e->known.n};
}

/* Is the line's beginning that of the line before? Then *at is where its other members begin. */
static bool is_known(struct envelope *e, struct span text, size_t *at)
{
	e->same_run = e->known.n > 0 && span_starts(text, buf_span(&e->known));
	if (e->same_run)
		*at = e->known.n;
	else
		buf_clear(&e->known);
	return e->same_run;
}

int envelope_read(struct envelope *e, const struct json_object *line, const char **why)
{
	struct span text = line->member[0].value;
	size_t at = 0, constant = 0, before = (size_t)(text.p - line->text.p);
	struct json_member m;
	unsigned seen = 0;

	if (line->member[0].type != JSON_OBJECT) {
		*why = "_kafka is not an object";
		return -1;
	}
	reset(e, text);
	if (is_known(e, text, &at)) {
		seen = CONSTANT;
		constant = at;
	} else {
		buf_clear(&e->names);
		buf_room(&e->names, text.n); /* at once: the spans into it must not move */
	}
	while (json_next_member(text, &at, &m)) {
		unsigned bit = member_bit(&m);

		if ((seen & bit) != 0) {
			*why = "a member occurs twice";
			goto broken;
		}
		if (seen == CONSTANT && constant == 0 && (bit & (OFFSET | EVENT)) != 0)
			constant = (size_t)(m.name.p - 1 - text.p);
		seen |= bit != 0 ? bit : 1u << 31; /* an unknown member ends the constant part */
		if (read_member(e, &m, bit, why) < 0)
			goto broken;
	}
	if (check_whole(e, seen, why) < 0)
		goto broken;
	if (!e->same_run && constant > 0)
		buf_add(&e->known, text.p, constant);
	e->constant = constant > 0 ? before + constant : 0;
	return 0;
broken:
	buf_clear(&e->known);
	e->same_run = false;
	return -1;
}

void envelope_free(struct envelope *e)
{
	buf_free(&e->known);
	buf_free(&e->names);
	*e = (struct envelope){0};
}

void envelope_write_constant(struct buf *to, struct span stream, struct span topic, int64_t partition, int64_t of,
                             struct span run, struct span origin, int64_t begin)
{
	buf_add_text(to, ENVELOPE_HEAD "{\"stream\":");
	json_quote(to, stream);
	buf_add_text(to, ",\"topic\":");
	json_quote(to, topic);
	buf_add_text(to, ",\"partition\":");
	buf_add_int(to, partition);
	buf_add_text(to, ",\"of\":");
	buf_add_int(to, of);
	buf_add_text(to, ",\"run\":");
	json_quote(to, run);
	buf_add_text(to, ",\"origin\":");
	json_quote(to, origin);
	buf_add_text(to, ",\"begin\":");
	buf_add_int(to, begin);
	buf_add_char(to, ',');
}
