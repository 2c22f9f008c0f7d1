#include "strip.h"

/* Where the members behind the first `count` begin: the byte after the comma, or the closing brace. */
static const char *behind(const struct json_object *o, size_t count)
{
	const struct json_member *last = &o->member[count - 1];
	const char *at = last->value.p + last->value.n;

	if (count < o->count)
		return o->member[count].name.p - 1; /* its opening quote */
	if (last->type == JSON_STRING)
		at++;
	while (*at != '}')
		at++;
	return at;
}

static struct span key_of(struct strip *s, struct span field)
{
	const struct json_member *m = json_find(&s->object, field);
	const struct span none = {NULL, 0};

	if (m == NULL)
		return none;
	if (m->type == JSON_NUMBER || m->type == JSON_TRUE || m->type == JSON_FALSE)
		return m->value;
	if (m->type != JSON_STRING)
		return none;
	if (!m->escaped)
		return m->value;
	buf_clear(&s->key_bytes);
	return json_unescape(&s->key_bytes, m->value) == 0 ? buf_span(&s->key_bytes) : none;
}

static void send_bytes(struct strip *s, struct span bytes, struct span field)
{
	size_t at;

	s->payload = bytes;
	s->is_json = json_scan(&s->object, bytes, &at) == JSON_OK;
	s->key = s->is_json ? key_of(s, field) : (struct span){NULL, 0};
}

/* A reject alone stands for the message that was refused: its bytes go out again. */
static enum strip_kind send_raw(struct strip *s, struct span field)
{
	struct reject r;

	buf_clear(&s->payload_bytes);
	if (!reject_read(&r, &s->object, &s->payload_bytes) || r.raw_bytes > r.raw.n || r.raw.p == NULL)
		return STRIP_CUT;
	send_bytes(s, r.raw, field);
	return STRIP_SEND;
}

/* Does the first member make this a line of kconsume's? Any other _kafka is the producer's and left alone. */
static bool has_envelope(const struct strip *s, struct span line)
{
	return envelope_present(line) && s->object.member[0].type == JSON_OBJECT;
}

enum strip_kind strip_line(struct strip *s, struct span line, struct span field)
{
	const char *why, *rest;
	size_t ours = 0;

	send_bytes(s, line, field);
	if (!s->is_json || s->object.count == 0)
		return STRIP_SEND;
	if (has_envelope(s, line)) {
		ours = 1;
		if (envelope_read(&s->envelope, &s->object, &why) == 0 && s->envelope.event != EVENT_NONE)
			return STRIP_CONTROL;
	}
	if (reject_present(&s->object)) {
		ours++;
		if (ours == s->object.count)
			return send_raw(s, field);
	}
	if (ours == 0)
		return STRIP_SEND;
	rest = behind(&s->object, ours);
	buf_clear(&s->payload_bytes);
	buf_add_char(&s->payload_bytes, '{');
	buf_add(&s->payload_bytes, rest, (size_t)(s->object.text.p + s->object.text.n - rest));
	s->payload = buf_span(&s->payload_bytes);
	return STRIP_SEND;
}

void strip_free(struct strip *s)
{
	json_object_free(&s->object);
	envelope_free(&s->envelope);
	buf_free(&s->payload_bytes);
	buf_free(&s->key_bytes);
}
