#include "server.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "exit.h"
#include "json.h"
#include "log.h"

#include "embed/pgload/sql/session.sql.h"

void server_close(struct server *s)
{
	PQfinish(s->c);
	s->c = NULL;
	s->prepared_count = 0;
	for (int i = 0; i < SERVER_ARRAYS; i++)
		buf_free(&s->array[i]);
	buf_free(&s->out);
}

int server_open(struct server *s, const char *conninfo, bool async_commit, int64_t patience)
{
	int status;
	enum pg_class class;

	server_close(s);
	s->conninfo = conninfo;
	s->async_commit = async_commit;
	s->c = pg_connect(conninfo, patience, &status);
	if (s->c == NULL)
		return status;
	class = pg_run(s->c, "setting up the session", session_sql, NULL);
	if (class == PG_FINE && async_commit)
		class = pg_run(s->c, "setting up the session", "set synchronous_commit = off", NULL);
	if (class != PG_FINE)
		server_close(s);
	return pg_exit_status(class);
}

static void set_message(struct server *s, const char *text)
{
	size_t n = strcspn(text, "\n");

	if (n >= sizeof(s->message))
		n = sizeof(s->message) - 1;
	memcpy(s->message, text, n);
	while (n > 0 && !utf8_valid((struct span){s->message, n}))
		n--;
	s->message[n] = '\0';
}

int server_judge(struct server *s, const PGresult *r)
{
	ExecStatusType status = PQresultStatus(r);
	const char *text;

	if (status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK || status == PGRES_COPY_IN)
		return 0;
	snprintf(s->sqlstate, sizeof(s->sqlstate), "%s", pg_sqlstate(r));
	s->class = pg_classify(s->sqlstate);
	text = r == NULL ? NULL : PQresultErrorField(r, PG_DIAG_MESSAGE_PRIMARY);
	if (text == NULL)
		text = PQerrorMessage(s->c);
	set_message(s, text[0] == '\0' ? "the connection was lost" : text);
	return -1;
}

/* The one result of what was sent. */
static PGresult *only_result(struct server *s, int sent)
{
	PGresult *r = sent ? pg_result(s->c) : NULL;

	if (r == NULL || server_judge(s, r) < 0) {
		if (r == NULL)
			server_judge(s, NULL);
		PQclear(r);
		while ((r = pg_result(s->c)) != NULL)
			PQclear(r);
		return NULL;
	}
	for (PGresult *more; (more = pg_result(s->c)) != NULL;)
		PQclear(more);
	return r;
}

static int prepare(struct server *s, const char *sql, char name[16])
{
	int i = 0;

	while (i < s->prepared_count && s->prepared[i] != sql)
		i++;
	snprintf(name, 16, "s%d", i);
	if (i < s->prepared_count)
		return 0;
	if (i == SERVER_PREPARED_MAX) { /* cannot happen: the statements are few and fixed */
		log_error("too many statements prepared");
		return -1;
	}
	PGresult *r = only_result(s, PQsendPrepare(s->c, name, sql, 0, NULL));
	if (r == NULL)
		return -1;
	PQclear(r);
	s->prepared[s->prepared_count++] = sql;
	return 0;
}

PGresult *server_query(struct server *s, const char *sql, int count, const char *const *values)
{
	char name[16];

	if (prepare(s, sql, name) < 0)
		return NULL;
	return only_result(s, PQsendQueryPrepared(s->c, name, count, values, NULL, NULL, 0));
}

int server_finish(struct server *s)
{
	PGresult *r;
	int status = 0;

	while ((r = pg_result(s->c)) != NULL) {
		if (status == 0)
			status = server_judge(s, r);
		s->affected = strtoull(PQcmdTuples(r), NULL, 10);
		PQclear(r);
	}
	if (status == 0 && PQstatus(s->c) != CONNECTION_OK)
		status = server_judge(s, NULL);
	return status;
}

int server_do(struct server *s, const char *sql)
{
	return PQsendQuery(s->c, sql) ? server_finish(s) : server_judge(s, NULL);
}

bool server_rollback(struct server *s)
{
	char message[sizeof(s->message)], sqlstate[sizeof(s->sqlstate)];
	enum pg_class class = s->class;

	if (s->c == NULL || PQstatus(s->c) != CONNECTION_OK)
		return false;
	if (PQtransactionStatus(s->c) == PQTRANS_IDLE)
		return true;
	/* What failed before stays the reason. */
	memcpy(message, s->message, sizeof(message));
	memcpy(sqlstate, s->sqlstate, sizeof(sqlstate));
	bool fine = server_do(s, "rollback") == 0;
	memcpy(s->message, message, sizeof(message));
	memcpy(s->sqlstate, sqlstate, sizeof(sqlstate));
	s->class = class;
	return fine && PQtransactionStatus(s->c) == PQTRANS_IDLE;
}

/* --- array parameters ------------------------------------------------------------------------------------ */

void array_open(struct buf *b)
{
	buf_clear(b);
	buf_add_char(b, '{');
}

static void comma(struct buf *b)
{
	if (b->n > 1)
		buf_add_char(b, ',');
}

void array_text(struct buf *b, struct span text)
{
	comma(b);
	buf_add_char(b, '"');
	for (size_t i = 0; i < text.n; i++) {
		if (text.p[i] == '"' || text.p[i] == '\\')
			buf_add_char(b, '\\');
		buf_add_char(b, text.p[i]);
	}
	buf_add_char(b, '"');
}

void array_int(struct buf *b, int64_t value)
{
	comma(b);
	buf_add_int(b, value);
}

void array_null(struct buf *b)
{
	comma(b);
	buf_add_text(b, "null");
}

const char *array_close(struct buf *b)
{
	buf_add_char(b, '}');
	return buf_text(b);
}
