/* The fence's statements: the stored positions are made, locked, checked and advanced. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "exit.h"
#include "fence.h"
#include "log.h"

#include "embed/pgload/sql/fence_advance.sql.h"
#include "embed/pgload/sql/fence_break.sql.h"
#include "embed/pgload/sql/fence_end.sql.h"
#include "embed/pgload/sql/fence_gap.sql.h"
#include "embed/pgload/sql/fence_insert.sql.h"
#include "embed/pgload/sql/fence_lock.sql.h"
#include "embed/pgload/sql/fence_siblings.sql.h"

/* The connection's arrays: what they hold for each position. */
enum { STREAMS, TOPICS, CLUSTERS, RUNS, HOLES, NUMBERS, NUMBERS_COUNT = 9 };
_Static_assert(NUMBERS + NUMBERS_COUNT <= SERVER_ARRAYS, "room for all of them");

static int64_t to_int(const PGresult *r, int row, int field)
{
	return strtoll(PQgetvalue(r, row, field), NULL, 10);
}

static const char *number(int64_t value, char text[24])
{
	snprintf(text, 24, "%" PRId64, value);
	return text;
}

/* --- rows that are missing ------------------------------------------------------------------------------- */

/* A row may be made in the first transaction of a segment, and never for one that says it resumes a stored position. */
static bool may_be_new(const struct claim *c)
{
	return c->partition->first && !c->resume;
}

/* A partition that was added to the topic later holds nothing but new records: to begin elsewhere than at its
 * beginning loses some. */
static int check_added(const struct fence *f, struct server *s, const struct claim *c)
{
	const struct partition *p = c->partition;
	char text[24];
	const char *values[] = {f->target, p->stream, p->topic, number(p->partition, text)};
	int status = EXIT_DONE;

	if (c->beginning)
		return EXIT_DONE;
	PGresult *r = server_query(s, fence_siblings_sql, 4, values);
	if (r == NULL)
		return -1;
	if (!PQgetisnull(r, 0, 0) && p->partition >= to_int(r, 0, 0)) {
		log_error("%s/%" PRId32 " of stream %s was added to the topic after the stream had begun, and has no stored "
		          "position: it must be "
		          "read from its beginning, not from offset %" PRId64,
		          p->topic, p->partition, p->stream, c->begin);
		status = EXIT_CONFLICT;
	}
	PQclear(r);
	return status;
}

static const struct claim *by_key(const struct batch *b, const PGresult *r, int row)
{
	for (size_t i = 0; i < b->claims; i++) {
		const struct partition *p = b->claim[i].partition;

		if (p->partition == to_int(r, row, 2) && strcmp(p->topic, PQgetvalue(r, row, 1)) == 0 &&
		    strcmp(p->stream, PQgetvalue(r, row, 0)) == 0)
			return &b->claim[i];
	}
	return NULL;
}

static int make_rows(const struct fence *f, struct server *s, const struct batch *b)
{
	struct buf *partitions = &s->array[NUMBERS], *begins = &s->array[NUMBERS + 1], *of = &s->array[NUMBERS + 2];
	size_t new = 0;

	array_open(&s->array[STREAMS]);
	array_open(&s->array[TOPICS]);
	array_open(partitions);
	array_open(begins);
	array_open(of);
	for (size_t i = 0; i < b->claims; i++) {
		const struct claim *c = &b->claim[i];
		const struct partition *p = c->partition;

		if (!may_be_new(c))
			continue;
		array_text(&s->array[STREAMS], span_of(p->stream));
		array_text(&s->array[TOPICS], span_of(p->topic));
		array_int(partitions, p->partition);
		array_int(begins, c->begin);
		array_int(of, c->of);
		new++;
	}
	if (new == 0)
		return EXIT_DONE;
	const char *values[] = {f->target, array_close(&s->array[STREAMS]), array_close(&s->array[TOPICS]), array_close(partitions),
	                        array_close(begins), array_close(of), f->writer};
	PGresult *r = server_query(s, fence_insert_sql, 7, values);
	if (r == NULL)
		return -1;
	int status = EXIT_DONE;
	for (int row = 0; status == EXIT_DONE && row < PQntuples(r); row++) {
		const struct claim *c = by_key(b, r, row);

		if (c != NULL)
			status = check_added(f, s, c);
	}
	PQclear(r);
	return status;
}

/* --- locking and checking -------------------------------------------------------------------------------- */

static int check_missing(const struct claim *c)
{
	const struct partition *p = c->partition;


	if (p->seen) {
		log_error("%s/%" PRId32 " of stream %s: its stored position has disappeared (a fail-over, a restore, or "
		          "--reset-stream); "
		          "start again to go on from what is there",
		          p->topic, p->partition, p->stream);
		return EXIT_RETRY;
	}
	log_error("%s/%" PRId32 " of stream %s: the input resumes at offset %" PRId64 ", but no position is stored for "
	          "it; another database or "
	          "table? Read the stream from its beginning",
	          p->topic, p->partition, p->stream, c->begin);
	return EXIT_CONFLICT;
}

static bool accepted(const struct fence *f, const struct claim *c)
{
	const struct partition *p = c->partition;


	for (size_t i = 0; i < f->gaps; i++) {
		const struct gap *g = &f->gap[i];

		if (g->partition == p->partition && g->from == c->position && g->to == c->begin &&
		    strcmp(g->topic, p->topic) == 0)
			return true;
	}
	return false;
}

/* The stored position lies before what this segment takes for stored: to go on would lose what is between. */
static int check_behind(const struct fence *f, struct server *s, struct claim *c)
{
	struct partition *p = c->partition;
	char partition[24], from[24], to[24];

	if (p->first && !c->resume && !p->satisfied && accepted(f, c)) {
		const char *values[] = {p->stream,
		                        f->target,
		                        p->topic,
		                        number(p->partition, partition),
		                        number(c->position, from),
		                        number(c->begin, to)};
		PGresult *r = server_query(s, fence_gap_sql, 6, values);

		if (r == NULL)
			return -1;
		PQclear(r);
		log_notice("%s/%" PRId32 " of stream %s: the gap %" PRId64 "-%" PRId64 " is accepted", p->topic, p->partition,
		           p->stream,
		           c->position, c->begin);
		c->gap = c->begin - c->position;
		c->position = c->begin;
		return EXIT_DONE;
	}
	if (c->resume || p->satisfied) {
		log_error("%s/%" PRId32 " of stream %s: the stored position is %" PRId64 ", but what came before %" PRId64 " "
		          "was stored already: "
		          "committed data is gone (a fail-over or a restore); start again to go on from what is there",
		          p->topic, p->partition, p->stream, c->position, p->have);
		return EXIT_RETRY;
	}
	log_error("%s/%" PRId32 " of stream %s: the input begins at offset %" PRId64 ", but only what comes before "
	          "%" PRId64 " is stored: the "
	          "records between would be lost. Resume from the stored position, or give them up with --accept-gap "
	          "%s/%" PRId32 ":%" PRId64 "-%" PRId64,
	          p->topic, p->partition, p->stream, p->have, c->position, p->topic, p->partition, c->position, p->have);
	return EXIT_CONFLICT;
}

static int check_locked(const struct fence *f, struct server *s, struct claim *c, const PGresult *r, int row)
{
	struct partition *p = c->partition;
	const char *cluster = PQgetvalue(r, row, 3);

	c->locked = p->seen = true;
	c->position = to_int(r, row, 1);
	c->stored_offset = PQgetisnull(r, row, 4) ? -1 : to_int(r, row, 4);
	c->stored_ts = PQgetisnull(r, row, 5) ? -1 : to_int(r, row, 5);
	if (!PQgetisnull(r, row, 2)) {
		log_error("stream %s is broken since %s: records of %s/%" PRId32 " came out of order. Read it again from its "
		          "beginning, after "
		          "pgload --reset-stream --stream %s (what is stored is not stored twice)",
		          p->stream, PQgetvalue(r, row, 2), p->topic, p->partition, p->stream);
		return EXIT_CONFLICT;
	}
	if (c->cluster[0] != '\0' && cluster[0] != '\0' && strcmp(c->cluster, cluster) != 0) {
		log_error("%s/%" PRId32 " of stream %s comes from Kafka cluster %s, but its position belongs to cluster %s: "
		          "give this stream another "
		          "name (consumer group or --stream), or forget the old one with pgload --reset-stream --stream %s",
		          p->topic, p->partition, p->stream, c->cluster, cluster, p->stream);
		return EXIT_CONFLICT;
	}
	if (c->position < p->have)
		return check_behind(f, s, c);
	return EXIT_DONE;
}

static bool ended(const char *writer)
{
	static const char mark[] = " ended"; /* as fence_end.sql writes it */
	size_t n = strlen(writer);

	return n >= sizeof(mark) - 1 && strcmp(writer + n - (sizeof(mark) - 1), mark) == 0;
}

/* Was it this run that moved the position? Then what it had left out is known. */
static void read_holes(const struct batch *b, struct claim *c, const PGresult *r, int row)
{
	c->left_out.count = 0;
	c->same_run = span_eq(span_of(PQgetvalue(r, row, 6)), batch_piece(&b->text, c->run));
	c->open = c->same_run && !ended(PQgetvalue(r, row, 8));
	if (c->same_run)
		holes_read(&c->left_out, PQgetvalue(r, row, 7));
}

static PGresult *lock_rows(const struct fence *f, struct server *s, const struct batch *b)
{
	struct buf *partitions = &s->array[NUMBERS];

	array_open(&s->array[STREAMS]);
	array_open(&s->array[TOPICS]);
	array_open(partitions);
	for (size_t i = 0; i < b->claims; i++) {
		const struct partition *p = b->claim[i].partition;

		array_text(&s->array[STREAMS], span_of(p->stream));
		array_text(&s->array[TOPICS], span_of(p->topic));
		array_int(partitions, p->partition);
	}
	const char *values[] = {f->target, array_close(&s->array[STREAMS]), array_close(&s->array[TOPICS]), array_close(partitions)};
	return server_query(s, fence_lock_sql, 4, values);
}

int fence_lock(const struct fence *f, struct server *s, struct batch *b)
{
	int status;
	PGresult *r;

	if (b->claims == 0)
		return EXIT_DONE;
	fence_take_claims(b);
	status = make_rows(f, s, b);
	if (status != EXIT_DONE)
		return status;
	r = lock_rows(f, s, b);
	if (r == NULL)
		return -1;
	for (int row = 0; status == EXIT_DONE && row < PQntuples(r); row++) {
		struct claim *c = &b->claim[to_int(r, row, 0) - 1];

		read_holes(b, c, r, row);
		status = check_locked(f, s, c, r, row);
	}
	for (size_t i = 0; status == EXIT_DONE && i < b->claims; i++)
		if (!b->claim[i].locked)
			status = check_missing(&b->claim[i]);
	PQclear(r);
	return status;
}

bool fence_recognises(const struct claim *c, int64_t offset, int64_t ts)
{
	const struct partition *p = c->partition;

	if (offset != c->stored_offset || c->stored_ts < 0 || ts == c->stored_ts)
		return true;
	log_error("%s/%" PRId32 " of stream %s: the record at offset %" PRId64 " has time %" PRId64 ", but the one that was "
	          "stored from there had time %" PRId64 ": this is not the topic that was read (re-created?). Nothing of "
	          "it is stored; give the stream another name (consumer group or --stream), or forget the old topic with "
	          "pgload --reset-stream --stream %s",
	          p->topic, p->partition, p->stream, offset, ts, c->stored_ts, p->stream);
	return false;
}

/* --- advancing ------------------------------------------------------------------------------------------- */

static bool changed(const struct claim *c)
{
	return c->next > c->position || c->gap > 0 || c->cluster[0] != '\0';
}

/* The run that is counted now, or begins to be (`assigned`), and what it has left out on the way. */
static void add_run(struct server *s, const struct batch *b, struct claim *c)
{
	if (c->next == c->position && c->same_run) {
		array_null(&s->array[RUNS]);
		array_null(&s->array[HOLES]);
		return;
	}
	array_text(&s->array[RUNS], batch_piece(&b->text, c->run));
	holes_add_all(&c->left_out, &c->holes, c->position);
	if (c->left_out.count == 0) {
		array_null(&s->array[HOLES]);
		return;
	}
	holes_write(&c->left_out, &s->out);
	array_text(&s->array[HOLES], buf_span(&s->out));
}

static void add_change(struct server *s, const struct batch *b, struct claim *c)
{
	int64_t counted = c->rows + c->duplicates + c->dead_letters + c->labels;
	int64_t holes = c->gap + (c->next - c->position) - counted;
	const int64_t values[] = {c->partition->partition, c->next, c->rows, c->duplicates, c->dead_letters, c->labels, holes};

	array_text(&s->array[STREAMS], span_of(c->partition->stream));
	array_text(&s->array[TOPICS], span_of(c->partition->topic));
	for (size_t i = 0; i < 7; i++)
		array_int(&s->array[NUMBERS + i], values[i]);
	if (c->last_offset >= 0) {
		array_int(&s->array[NUMBERS + 7], c->last_offset);
	} else {
		array_null(&s->array[NUMBERS + 7]);
	}
	if (c->last_ts >= 0)
		array_int(&s->array[NUMBERS + 8], c->last_ts);
	else
		array_null(&s->array[NUMBERS + 8]);
	if (c->cluster[0] != '\0')
		array_text(&s->array[CLUSTERS], span_of(c->cluster));
	else
		array_null(&s->array[CLUSTERS]);
	add_run(s, b, c);
}

int fence_advance(const struct fence *f, struct server *s, struct batch *b)
{
	const char *values[16] = {f->target, f->writer};
	int64_t expected = 0;

	array_open(&s->array[STREAMS]);
	array_open(&s->array[TOPICS]);
	array_open(&s->array[CLUSTERS]);
	array_open(&s->array[RUNS]);
	array_open(&s->array[HOLES]);
	for (size_t i = 0; i < NUMBERS_COUNT; i++)
		array_open(&s->array[NUMBERS + i]);
	for (size_t i = 0; i < b->claims; i++) {
		b->claim[i].counted = b->claim[i].same_run || changed(&b->claim[i]);
		if (changed(&b->claim[i])) {
			add_change(s, b, &b->claim[i]);
			expected++;
		}
	}
	if (expected == 0)
		return 0;
	values[2] = array_close(&s->array[STREAMS]);
	values[3] = array_close(&s->array[TOPICS]);
	for (size_t i = 0; i < NUMBERS_COUNT; i++)
		values[4 + i] = array_close(&s->array[NUMBERS + i]);
	values[13] = array_close(&s->array[CLUSTERS]);
	values[14] = array_close(&s->array[RUNS]);
	values[15] = array_close(&s->array[HOLES]);
	PGresult *r = server_query(s, fence_advance_sql, 16, values);
	if (r == NULL)
		return -1;
	int64_t updated = strtoll(PQcmdTuples(r), NULL, 10);
	PQclear(r);
	if (updated != expected) { /* they are locked: only a bug can do this, and it must not commit */
		log_error("%" PRId64 " positions were to be moved, but %" PRId64 " were", expected, updated);
		exit(EXIT_BUG);
	}
	return 0;
}

int fence_break(const struct fence *f, struct server *s, const struct partition *p)
{
	char text[24];
	const char *values[] = {p->stream, f->target, p->topic, number(p->partition, text)};
	PGresult *r = server_rollback(s) ? server_query(s, fence_break_sql, 4, values) : NULL;

	PQclear(r);
	return r == NULL ? -1 : 0;
}

int fence_end(const struct fence *f, struct server *s)
{
	const char *values[] = {f->target, f->writer};
	PGresult *r = server_query(s, fence_end_sql, 2, values);

	if (r == NULL)
		log_debug("the end of the input could not be noted: %s", s->message);
	PQclear(r);
	return r == NULL ? -1 : 0;
}
