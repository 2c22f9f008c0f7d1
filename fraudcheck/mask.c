#include "mask.h"

#include <stdlib.h>

#include "reject.h"

enum { MASKED = 1 };

/* --- what is masked ------------------------------------------------------------------------------------------------- */

/* Why a member cannot be masked, or NULL. */
static const char *obstacle(const struct mask *m, struct span name)
{
	static const struct {
		const char *name, *why;
	} fixed[] = {
	    {"transaction_id", "by it a transaction is known"},
	    {"label_for", "by it a transaction is known"},
	    {"transaction_ts", "the tables need its value"},
	    {"label_ts", "the tables need its value"},
	    {"amount", "the tables need its value"},
	    {"currency", "the tables need its value"},
	    {"is_foreign", "the tables need its value"},
	    {"is_fraud", "it belongs to the verdict"},
	    {"fraud_score", "it belongs to the verdict"},
	    {"fraud_reasons", "it belongs to the verdict"},
	    {"ruleset", "it belongs to the verdict"},
	    {"explain", "it belongs to the verdict"},
	    {"label", "it belongs to the verdict"},
	    {"_kafka", "the suite needs it"},
	    {"_reject", "the suite needs it"},
	};

	for (size_t i = 0; i < sizeof fixed / sizeof fixed[0]; i++)
		if (span_eq(name, span_of(fixed[i].name)))
			return fixed[i].why;
	if (!m->pseudonym.keyed && (span_eq(name, SPAN("customer_id")) || span_eq(name, SPAN("merchant_id"))))
		return "it takes --mask-key: without a key all of them would become one";
	return NULL;
}

static void add_path(struct mask *m, struct span path)
{
	path_add(&m->pool, &m->names, path)->marks = MASKED;
}

static bool is_path(struct span s)
{
	for (size_t i = 0; i < s.n; i++)
		if ((unsigned char)s.p[i] < 0x20 || s.p[i] == '"' || s.p[i] == '\\' ||
		    (s.p[i] == '.' && (i == 0 || i + 1 == s.n || s.p[i - 1] == '.')))
			return false;
	return s.n > 0;
}

static int add_field(struct mask *m, struct span field, const struct map *map, struct buf *error)
{
	struct span rest, name = path_first(field, &rest);
	const char *why = is_path(field) ? obstacle(m, name) : "that is no member";

	if (why == NULL && mask_hides(m, field))
		why = "it, or something in it, is masked already";
	if (why != NULL) {
		buf_addf(error, "--mask: '%.*s' cannot be masked: %s", SPAN_ARG(field), why);
		return -1;
	}
	add_path(m, field);
	for (size_t i = 0; map != NULL && i < map->count; i++)
		if (span_eq(map->entry[i].to, field))
			add_path(m, map->entry[i].from);
	return 0;
}

int mask_init(struct mask *m, const char *fields, struct span key, const struct map *map, struct buf *error)
{
	*m = (struct mask){0};
	pseudonym_init(&m->pseudonym, key);
	for (const char *p = fields;; p++) {
		struct span field = {p, strcspn(p, ",")};

		if (add_field(m, field, map, error) < 0) {
			mask_free(m);
			return -1;
		}
		p += field.n;
		if (*p == '\0')
			break;
	}
	add_path(m, SPAN("_kafka.key"));
	add_path(m, SPAN("_kafka.key_base64"));
	add_path(m, SPAN("_kafka.headers"));
	return 0;
}

void mask_free(struct mask *m)
{
	path_free_inner(m->names);
	pool_free(&m->pool);
	pseudonym_free(&m->pseudonym);
	free(m->edit);
	buf_free(&m->text);
	buf_free(&m->plain);
	json_object_free(&m->object);
	json_object_free(&m->inside);
	buf_free(&m->envelope);
	buf_free(&m->raw);
	buf_free(&m->store);
	*m = (struct mask){0};
}

bool mask_hides(const struct mask *m, struct span path)
{
	const struct path_node *node = NULL;
	struct path_node *list = m->names;
	struct span name;

	while (path.p != NULL) {
		name = path_first(path, &path);
		node = path_find(list, name);
		if (node == NULL || node->marks != 0)
			break;
		list = node->child;
	}
	return node != NULL; /* masked, around something masked, or an object with something masked in it */
}

/* --- records -------------------------------------------------------------------------------------------------------- */

/* One text, one stand-in, however it is written. */
static void write_string(struct mask *m, const struct json_member *value, struct buf *to)
{
	struct span text = value->value;

	buf_clear(&m->plain);
	if (value->escaped && json_unescape(&m->plain, text) == 0)
		text = buf_span(&m->plain);
	pseudonym_write(&m->pseudonym, text, to);
}

static void add_edit(struct mask *m, const struct json_member *value)
{
	struct span raw = json_raw(value);
	size_t at = m->text.n;

	switch ((enum json_type)value->type) {
	case JSON_NULL:
		return;
	case JSON_STRING:
		buf_add_char(&m->text, '"');
		write_string(m, value, &m->text);
		buf_add_char(&m->text, '"');
		break;
	case JSON_ARRAY:
		buf_add_text(&m->text, "[]");
		break;
	case JSON_OBJECT:
		buf_add_text(&m->text, "{}");
		break;
	case JSON_FALSE:
	case JSON_TRUE:
	case JSON_NUMBER:
		buf_add_text(&m->text, "null");
		break;
	}
	if (m->edits == m->room) {
		m->room = 2 * m->room + 16;
		m->edit = xrealloc(m->edit, m->room * sizeof *m->edit);
	}
	m->edit[m->edits++] = (struct splice_edit){raw.p, raw.p + raw.n, at, m->text.n - at};
}

/* Where a name occurs twice (inside another object it may), both are masked. */
static void look(struct mask *m, struct path_node *names, const struct json_object *o)
{
	for (size_t i = 0; i < o->count; i++) {
		const struct json_member *value = &o->member[i];
		struct path_node *node = path_member(names, value);
		size_t at;

		if (node != NULL && node->marks != 0) {
			add_edit(m, value);
		} else if (node != NULL && value->type == JSON_OBJECT) {
			json_scan(&node->inner, value->value, &at); /* part of what was scanned: no fault in it */
			look(m, node->child, &node->inner);
		}
	}
}

struct splice_edits mask_record(struct mask *m, const struct json_object *record)
{
	m->edits = 0;
	buf_clear(&m->text);
	look(m, m->names, record);
	return (struct splice_edits){m->edit, m->edits, m->text.p};
}

/* --- rejects -------------------------------------------------------------------------------------------------------- */

/* The record of a reject, masked or left out. */
static void mask_raw(struct mask *m, struct reject *r, char hash[PSEUDONYM_HASH])
{
	struct splice_edits edits;
	size_t at;

	buf_clear(&m->raw);
	if (r->raw_bytes == 0 && json_scan(&m->inside, r->raw, &at) == JSON_OK) {
		edits = mask_record(m, &m->inside);
		splice_text(&m->raw, r->raw, &edits);
		r->raw = buf_span(&m->raw);
		return;
	}
	if (r->raw_bytes == 0)
		r->raw_bytes = r->raw.n;
	r->raw_sha256 = pseudonym_hash(&m->pseudonym, r->raw, hash) ? (struct span){hash, PSEUDONYM_HASH} : (struct span){0};
	r->raw = SPAN("");
}

void mask_reject(struct mask *m, struct span line, struct buf *to)
{
	struct span envelope = {0};
	struct splice_edits edits;
	char hash[PSEUDONYM_HASH];
	struct reject r;
	size_t at;

	buf_clear(&m->envelope);
	buf_clear(&m->store);
	json_scan(&m->object, line, &at); /* it is known to be a reject: neither this nor reading it can fail */
	reject_read(&r, &m->object, &m->store);
	if (span_eq(m->object.member[0].name, SPAN("_kafka"))) {
		edits = mask_record(m, &m->object);
		splice_text(&m->envelope, m->object.member[0].value, &edits);
		envelope = buf_span(&m->envelope);
	}
	if (r.raw.p != NULL)
		mask_raw(m, &r, hash);
	reject_write(to, envelope, &r);
}

/* --- messages ------------------------------------------------------------------------------------------------------- */

void mask_show(const struct mask *m, struct span text, struct buf *to)
{
	pseudonym_write(&m->pseudonym, text, to);
}

void mask_show_member(struct mask *m, const struct json_member *member, struct buf *to)
{
	if (member->type == JSON_STRING)
		write_string(m, member, to);
	else
		buf_add_text(to, member->type == JSON_NULL ? "null" : "masked");
}
