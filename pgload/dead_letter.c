#include "dead_letter.h"

#include <inttypes.h>
#include <stdlib.h>

#include "base64.h"
#include "copy.h"
#include "exit.h"
#include "fence.h"
#include "json.h"
#include "log.h"
#include "wire.h"

#include "embed/pgload/sql/dead_letter_insert.sql.h"
#include "embed/pgload/sql/dead_letter_list.sql.h"
#include "embed/pgload/sql/dead_letter_stage.sql.h"

enum { COLUMNS = 12, FLUSH = 64 << 10 };

static const char copy_sql[] = "copy pg_temp.pgload_dead_letter from stdin (format binary)";

int dead_letter_create(struct server *s)
{
	return server_do(s, dead_letter_stage_sql);
}

static void add_int64(struct buf *to, int64_t value)
{
	wire_int32(to, 8);
	wire_int64(to, value);
}

/* A file's name need not be UTF-8. */
static void add_file_name(struct buf *to, const char *name)
{
	size_t at = wire_open(to);

	buf_add_text(to, name);
	if (!utf8_valid(span_of(name)))
		for (size_t i = at; i < to->n; i++)
			if ((unsigned char)to->p[i] >= 0x80)
				to->p[i] = '?';
	wire_close(to, at);
}

static void add_coordinates(struct buf *to, const struct batch *b, const struct letter *l)
{
	const struct record *r = &b->record[l->record];

	if (r->partition != NULL) {
		wire_bytes(to, span_of(r->partition->stream));
		wire_bytes(to, span_of(r->partition->topic));
		wire_int32(to, 4);
		wire_int32(to, r->partition->partition);
		add_int64(to, r->offset);
		wire_null(to);
		wire_null(to);
		return;
	}
	for (int i = 0; i < 4; i++)
		wire_null(to);
	if (l->from_source) {
		wire_bytes(to, batch_piece(&b->text, l->source));
		add_int64(to, (int64_t)l->line);
	} else {
		add_file_name(to, r->source);
		add_int64(to, (int64_t)r->line);
	}
}

static void add_letter(struct buf *to, const struct batch *b, const struct letter *l)
{
	wire_int16(to, COLUMNS);
	add_coordinates(to, b, l);
	wire_bytes(to, batch_piece(&b->text, l->by));
	wire_bytes(to, batch_piece(&b->text, l->reason));
	wire_bytes(to, batch_piece(&b->text, l->detail));
	/* Without coordinates the bytes are part of the key by which a second reading is known, and must not be null. */
	if (l->no_raw && b->record[l->record].partition != NULL)
		wire_null(to);
	else
		wire_bytes(to, batch_piece(&b->raw, b->record[l->record].raw));
	if (l->raw_bytes > 0) {
		add_int64(to, (int64_t)l->raw_bytes);
		wire_bytes(to, batch_piece(&b->text, l->sha256));
	} else {
		wire_null(to);
		wire_null(to);
	}
}

int dead_letter_store(struct server *s, const struct batch *b, const char *target)
{
	struct buf *out = &s->out;
	const char *values[] = {target};
	size_t kept = 0;
	PGresult *r;

	for (size_t i = 0; i < b->letters; i++)
		kept += b->record[b->letter[i].record].verdict == VERDICT_DEAD;
	if (kept == 0)
		return 0;
	if (copy_start(s, copy_sql) < 0)
		return -1;
	buf_clear(out);
	for (size_t i = 0; i < b->letters; i++) {
		if (b->record[b->letter[i].record].verdict != VERDICT_DEAD)
			continue;
		add_letter(out, b, &b->letter[i]);
		if (out->n < FLUSH)
			continue;
		if (copy_rows(s, buf_span(out)) < 0)
			return -1;
		buf_clear(out);
	}
	if (copy_rows(s, buf_span(out)) < 0 || copy_end(s) < 0)
		return -1;
	r = server_query(s, dead_letter_insert_sql, 1, values);
	if (r == NULL)
		return -1;
	PQclear(r);
	return 0;
}

void dead_letter_print(struct buf *to, const struct batch *b, const struct letter *l)
{
	const struct record *record = &b->record[l->record];
	struct reject r = {.by = batch_piece(&b->text, l->by),
	                   .reason = batch_piece(&b->text, l->reason),
	                   .detail = batch_piece(&b->text, l->detail),
	                   .raw_bytes = l->raw_bytes};
	struct buf envelope = {0};

	if (!l->no_raw)
		r.raw = batch_piece(&b->raw, record->raw);
	if (l->raw_bytes > 0)
		r.raw_sha256 = batch_piece(&b->text, l->sha256);
	if (record->partition != NULL) {
		buf_add_text(&envelope, "{\"stream\":");
		json_quote(&envelope, span_of(record->partition->stream));
		buf_add_text(&envelope, ",\"topic\":");
		json_quote(&envelope, span_of(record->partition->topic));
		buf_addf(&envelope, ",\"partition\":%" PRId32 ",\"offset\":%" PRId64 "}", record->partition->partition,
		         record->offset);
	} else {
		r.source = l->from_source ? batch_piece(&b->text, l->source) : span_of(record->source);
		r.line = l->from_source ? l->line : record->line;
	}
	reject_write(to, record->partition != NULL ? buf_span(&envelope) : (struct span){0}, &r);
	buf_free(&envelope);
}

/* {"_reject":{…,"raw":"…","id":…}} from a row of the list: nothing stands beside _reject, so that kproduce sends the raw bytes again. */
static int print_row(const PGresult *r, struct buf *line)
{
	const char *reject = PQgetvalue(r, 0, 0), *coordinates = PQgetvalue(r, 0, 4);
	size_t n;
	unsigned char *raw = PQunescapeBytea((const unsigned char *)PQgetvalue(r, 0, 1), &n);

	if (raw == NULL)
		return -1;
	struct span bytes = {(const char *)raw, n};
	buf_clear(line);
	buf_add_text(line, "{\"_reject\":");
	buf_add(line, reject, strlen(reject) - 1); /* but the closing brace */
	if (PQgetisnull(r, 0, 1)) {
		; /* a tombstone */
	} else if (utf8_valid(bytes) && memchr(raw, '\0', n) == NULL) {
		buf_add_text(line, ",\"raw\":");
		json_quote(line, bytes);
	} else {
		buf_add_text(line, ",\"raw_base64\":\"");
		base64_write(line, bytes);
		buf_add_char(line, '"');
	}
	if (!PQgetisnull(r, 0, 2))
		buf_addf(line, ",\"raw_bytes\":%s,\"raw_sha256\":\"%s\"", PQgetvalue(r, 0, 2), PQgetvalue(r, 0, 3));
	buf_addf(line, ",%s}\n", coordinates + 1);
	PQfreemem(raw);
	return 0;
}

int dead_letter_list(struct server *s, const char *stream, const char *target, const char *since, struct out *out)
{
	const char *values[] = {stream, target, since};
	struct buf line = {0};
	PGresult *r;
	int status = EXIT_DONE;

	if (!PQsendQueryParams(s->c, dead_letter_list_sql, 3, NULL, values, NULL, NULL, 0) || !PQsetSingleRowMode(s->c)) {
		pg_log_failure(s->c, "reading dead letters", NULL);
		return EXIT_RETRY;
	}
	while ((r = pg_result(s->c)) != NULL) {
		if (status != EXIT_DONE) {
			PQclear(r);
			continue;
		}
		if (PQresultStatus(r) == PGRES_SINGLE_TUPLE) {
			if (print_row(r, &line) < 0 || out_add_span(out, buf_span(&line)) < 0)
				status = out_failed(out, "stdout");
		} else if (server_judge(s, r) < 0) {
			pg_log_failure(s->c, "reading dead letters", r);
			status = s->class == PG_ROW ? EXIT_USAGE : pg_exit_status(s->class);
		}
		PQclear(r);
	}
	if (status == EXIT_DONE && out_flush(out) < 0)
		status = out_failed(out, "stdout");
	buf_free(&line);
	return status;
}
