#include "emit.h"

#include <inttypes.h>
#include <stdio.h>

#include "base64.h"
#include "log.h"

enum {
	WRAP = sizeof "{\"_kafka\":" - 1, /* what stands before the envelope's own brace */
	LINE_SLACK = 32 << 10              /* a line has at most twice a message's bytes and 64 KiB: later stages add something, too */
};

/* Text as it is; what JSON text cannot hold, or PostgreSQL's (U+0000), as name_base64. */
static void add_bytes(struct buf *to, const char *name, const void *bytes, size_t n)
{
	const struct span s = {bytes, n};

	if (n == 0 || (memchr(bytes, '\0', n) == NULL && utf8_valid(s))) {
		buf_addf(to, "\"%s\":", name);
		json_quote(to, s);
	} else {
		buf_addf(to, "\"%s_base64\":\"", name);
		base64_write(to, s);
		buf_add_char(to, '"');
	}
}

/* A list, since names repeat and order counts: [{"name":"a","value":"text"},{"name":"b","value_base64":"…"},{"name":"c"}]. */
static void add_headers(struct buf *to, const rd_kafka_message_t *m)
{
	rd_kafka_headers_t *headers;
	const char *name;
	const void *value;
	size_t n;

	if (rd_kafka_message_headers(m, &headers) != RD_KAFKA_RESP_ERR_NO_ERROR)
		return;
	buf_add_text(to, ",\"headers\":[");
	for (size_t i = 0; rd_kafka_header_get_all(headers, i, &name, &value, &n) == RD_KAFKA_RESP_ERR_NO_ERROR; i++) {
		buf_add_text(to, i > 0 ? ",{" : "{");
		add_bytes(to, "name", name, strlen(name));
		if (value != NULL) {
			buf_add_char(to, ',');
			add_bytes(to, "value", value, n);
		}
		buf_add_char(to, '}');
	}
	buf_add_char(to, ']');
}

static size_t headers_size(const rd_kafka_message_t *m)
{
	rd_kafka_headers_t *headers;
	const char *name;
	const void *value;
	size_t n, sum = 0;

	if (rd_kafka_message_headers(m, &headers) != RD_KAFKA_RESP_ERR_NO_ERROR)
		return 0;
	for (size_t i = 0; rd_kafka_header_get_all(headers, i, &name, &value, &n) == RD_KAFKA_RESP_ERR_NO_ERROR; i++)
		sum += strlen(name) + n;
	return sum;
}

static size_t size_of(const struct emit *e, const rd_kafka_message_t *m)
{
	return m->len + (e->key && m->key != NULL ? m->key_len : 0) + (e->headers ? headers_size(m) : 0);
}

static bool is_warm(const struct partition *p, const rd_kafka_message_t *m)
{
	return m->offset < p->start.begin;
}

/* From behind the constant part to the envelope's closing brace; `bare`: without key and headers, as in a message that is too long. */
static void add_coordinates(const struct emit *e, struct buf *to, const struct partition *p, const rd_kafka_message_t *m, bool bare)
{
	buf_add_text(to, "\"offset\":");
	buf_add_int(to, m->offset);
	buf_add_text(to, ",\"ts\":");
	buf_add_int(to, rd_kafka_message_timestamp(m, NULL));
	if (is_warm(p, m))
		buf_add_text(to, ",\"warm\":true");
	if (e->key && m->key != NULL && !bare) {
		buf_add_char(to, ',');
		add_bytes(to, "key", m->key, m->key_len);
	}
	if (e->headers && !bare)
		add_headers(to, m);
	buf_add_char(to, '}');
}

/* Line ends can stand only between tokens here (the gate has seen the payload): without them it is one line. */
static void add_one_line(struct buf *to, const char *p, size_t n)
{
	const char *end = p + n;

	if (memchr(p, '\n', n) == NULL && memchr(p, '\r', n) == NULL) {
		buf_add(to, p, n);
		return;
	}
	for (; p < end; p++)
		if (*p != '\n' && *p != '\r')
			buf_add_char(to, *p);
}

static void emit_record(struct emit *e, struct buf *to, const struct partition *p, const rd_kafka_message_t *m)
{
	struct span object = e->intake.object.text;

	buf_room(to, p->head.n + object.n + 128);
	if (e->plain) {
		add_one_line(to, object.p, object.n);
	} else {
		buf_add_span(to, buf_span(&p->head));
		add_coordinates(e, to, p, m, false);
		if (e->intake.object.count > 0) {
			buf_add_char(to, ',');
			add_one_line(to, object.p + 1, object.n - 1);
		} else {
			buf_add_char(to, '}');
		}
	}
	buf_add_char(to, '\n');
}

static void write_reject(struct emit *e, struct buf *to, const struct partition *p, const rd_kafka_message_t *m, bool bare,
                         const char *reason, const char *detail)
{
	struct reject r = {
		.by = span_of(log_tool()),
		.reason = span_of(reason),
		.detail = span_of(detail),
		.raw = {m->payload, m->len},
	};
	struct span envelope = {NULL, 0};

	if (e->plain) {
		buf_clear(&e->source);
		buf_addf(&e->source, "%s/%" PRId32 "/%" PRId64, p->topic, p->number, m->offset);
		r.source = buf_span(&e->source);
	} else {
		buf_clear(&e->envelope);
		buf_add(&e->envelope, p->head.p + WRAP, p->head.n - WRAP);
		add_coordinates(e, &e->envelope, p, m, bare);
		envelope = buf_span(&e->envelope);
	}
	reject_write(to, envelope, &r);
}

/*
 * Escapes, and the names around each header, make key and headers longer than they were: the line must still be one that the next tool
 * reads, or a single message would stop the stream.
 */
static bool too_long_line(const struct emit *e, size_t bytes)
{
	return bytes > (size_t)e->max_message * 2 + LINE_SLACK;
}

static void emit_reject(struct emit *e, struct buf *to, const struct partition *p, const rd_kafka_message_t *m,
                        const char *reason, const char *detail)
{
	size_t start = to->n;

	write_reject(e, to, p, m, size_of(e, m) > (size_t)e->max_message, reason, detail);
	if ((e->key || e->headers) && too_long_line(e, to->n - start)) {
		to->n = start;
		write_reject(e, to, p, m, true, reason, detail);
	}
	if (!is_warm(p, m))
		e->rejects++;
}

void emit_message(struct emit *e, struct buf *to, const struct partition *p, const rd_kafka_message_t *m)
{
	char detail[96];
	size_t start = to->n;

	if (is_warm(p, m))
		e->warm++;
	else
		e->records++;
	if (m->payload == NULL) {
		emit_reject(e, to, p, m, "null_payload", "the message has no payload (a tombstone)");
	} else if (m->len == 0) {
		emit_reject(e, to, p, m, "empty_payload", "the message's payload has no bytes");
	} else if (size_of(e, m) > (size_t)e->max_message) {
		snprintf(detail, sizeof detail, "%zu bytes, more than the %" PRId64 " of --max-message", size_of(e, m), e->max_message);
		emit_reject(e, to, p, m, "too_long", detail);
	} else if (intake_judge(&e->intake, (struct span){m->payload, m->len}) == INTAKE_REFUSE) {
		emit_reject(e, to, p, m, e->intake.reason, e->intake.detail);
	} else {
		emit_record(e, to, p, m);
		if ((e->key || e->headers) && too_long_line(e, to->n - start)) {
			snprintf(detail, sizeof detail, "a line of %zu bytes, with key and headers as --envelope asks", to->n - start);
			to->n = start;
			emit_reject(e, to, p, m, "too_long", detail);
		}
	}
}

/* --- control lines ------------------------------------------------------------------------------------------------- */

void emit_assigned(const struct emit *e, struct buf *to, const struct partition *p, int64_t low, const char *cluster)
{
	if (e->plain)
		return;
	buf_add_span(to, buf_span(&p->head));
	buf_addf(to, "\"event\":\"assigned\",\"from\":%" PRId64 ",\"low\":%" PRId64, p->start.from, low);
	if (cluster[0] != '\0') {
		buf_add_text(to, ",\"cluster\":");
		json_quote(to, span_of(cluster));
	}
	buf_add_text(to, "}}\n");
}

void emit_end(const struct emit *e, struct buf *to, const struct partition *p)
{
	if (e->plain)
		return;
	buf_add_span(to, buf_span(&p->head));
	buf_addf(to, "\"event\":\"end\",\"next\":%" PRId64 "}}\n", p->next);
}

void emit_revoked(const struct emit *e, struct buf *to, const struct partition *p)
{
	if (e->plain)
		return;
	buf_add_span(to, buf_span(&p->head));
	buf_add_text(to, "\"event\":\"revoked\"}}\n");
}

void emit_free(struct emit *e)
{
	intake_free(&e->intake);
	buf_free(&e->envelope);
	buf_free(&e->source);
}
