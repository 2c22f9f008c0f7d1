#include <ctype.h>
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "clock.h"
#include "exit.h"
#include "log.h"
#include "parse.h"
#include "pg.h"
#include "sig.h"

enum { CONNECT_TIMEOUT_DEFAULT = 10, BACKOFF_FIRST_MS = 100, BACKOFF_MAX_MS = 10000 };

enum pg_class pg_classify(const char *sqlstate)
{
	static const char row[][3] = {"22", "23", "54"};
	static const char config[][3] = {"0A", "28", "3D", "3F", "42"};

	if (sqlstate == NULL || strlen(sqlstate) != 5)
		return PG_AGAIN;
	if (strcmp(sqlstate, "P0001") == 0)
		return PG_ROW;
	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++)
		if (memcmp(sqlstate, row[i], 2) == 0)
			return PG_ROW;
	for (size_t i = 0; i < sizeof(config) / sizeof(config[0]); i++)
		if (memcmp(sqlstate, config[i], 2) == 0)
			return PG_CONFIG;
	return PG_AGAIN;
}

int pg_exit_status(enum pg_class class)
{
	switch (class) {
	case PG_FINE: return EXIT_DONE;
	case PG_ROW: return EXIT_DATA;
	case PG_CONFIG: return EXIT_USAGE;
	case PG_AGAIN: break;
	}
	return EXIT_RETRY;
}

const char *pg_sqlstate(const PGresult *r)
{
	const char *state = r == NULL ? NULL : PQresultErrorField(r, PG_DIAG_SQLSTATE);

	return state == NULL ? "" : state;
}

bool pg_backoff(int attempt)
{
	int64_t ms = BACKOFF_FIRST_MS;
	uint32_t dice = 0;

	for (int i = 1; i < attempt && ms < BACKOFF_MAX_MS; i++)
		ms *= 2;
	if (ms > BACKOFF_MAX_MS)
		ms = BACKOFF_MAX_MS;
	/* Jitter spreads clients that lost the same server: between a half and the whole of the step. */
	if (getrandom(&dice, sizeof(dice), GRND_NONBLOCK) != (ssize_t)sizeof(dice))
		dice = (uint32_t)clock_monotonic();
	ms = ms / 2 + (int64_t)(dice % (uint32_t)(ms / 2 + 1));

	int64_t until = clock_monotonic() + ms * 1000;
	for (int64_t left; sig_asked() == 0 && (left = until - clock_monotonic()) > 0;) {
		struct pollfd wake = {.fd = sig_fd(), .events = POLLIN};
		poll(&wake, 1, (int)(left / 1000) + 1);
	}
	return sig_asked() == 0;
}

/* The server's words: warnings are for people, notices ("relation exists, skipping") for those who ask. */
static void notice(void *arg, const PGresult *r)
{
	const char *severity = PQresultErrorField(r, PG_DIAG_SEVERITY_NONLOCALIZED);
	const char *text = PQresultErrorField(r, PG_DIAG_MESSAGE_PRIMARY);

	(void)arg;
	if (text == NULL)
		return;
	if (severity != NULL && strcmp(severity, "WARNING") == 0)
		log_warn("server: %s", text);
	else
		log_debug("server: %s", text);
}

/* The last SQLSTATE in the message of a failed connection, which libpq gives only as text ("FATAL:  28P01: …"). */
static bool find_sqlstate(const char *message, char state[6])
{
	bool found = false;

	for (const char *p = message; (p = strstr(p, ":  ")) != NULL; p++) {
		size_t n = 0;

		while (n < 5 && (isupper((unsigned char)p[3 + n]) || isdigit((unsigned char)p[3 + n])))
			n++;
		if (n == 5 && p[8] == ':') {
			memcpy(state, p + 3, 5);
			state[5] = '\0';
			found = true;
		}
	}
	return found;
}

/*
 * What waiting does not cure and libpq tells without a SQLSTATE: certificates and keys, on either side, and words that it does not know. Where there are
 * several hosts it must be so at each (a line for each; what follows a line explains it).
 */
static bool is_configuration(const char *message)
{
	static const char *const final[] = {"certificate", "private key", "key values mismatch", "unknown ca", "server does not support SSL", "channel binding"};
	size_t attempts = 0, hopeless = 0;

	for (const char *line = message; *line != '\0'; line += strcspn(line, "\n"), line += *line == '\n') {
		size_t n = strcspn(line, "\n");
		bool is_final = strncmp(line, "invalid ", 8) == 0;

		if (!is_final && strncmp(line, "connection to server ", 21) != 0)
			continue;
		for (size_t i = 0; !is_final && i < sizeof(final) / sizeof(final[0]); i++)
			is_final = memmem(line, n, final[i], strlen(final[i])) != NULL;
		attempts++;
		hopeless += is_final;
	}
	return attempts > 0 && attempts == hopeless;
}

/* `text` as one line: the lines that only developers of the server need are left out, the rest joined. */
static void one_line(const char *text, char *to, size_t size)
{
	size_t n = 0;

	while (*text != '\0' && n + 3 < size) {
		size_t length = strcspn(text, "\n");
		const char *p = text;

		text += length + (text[length] == '\n');
		while (length > 0 && isspace((unsigned char)*p))
			p++, length--;
		if (length == 0 || strncmp(p, "LOCATION:", 9) == 0)
			continue;
		if (n > 0) {
			to[n++] = ';';
			to[n++] = ' ';
		}
		if (length > size - n - 1)
			length = size - n - 1;
		memcpy(to + n, p, length);
		n += length;
	}
	to[n] = '\0';
}

/* Wait until the socket is ready or `until` has passed. false: that time or the grace time after a signal is over. */
static bool wait_socket(PGconn *c, short events, int64_t until)
{
	struct pollfd fds[2] = {{.fd = PQsocket(c), .events = events}, {.fd = sig_fd(), .events = POLLIN}};

	for (;;) {
		int64_t left = until - clock_monotonic(), grace = sig_grace_left();

		if (sig_asked() != 0)
			fds[1].fd = -1; /* stays readable: the time left is what counts now */
		if (left > grace)
			left = grace;
		if (left <= 0)
			return false;
		int n = poll(fds, 2, (int)(left / 1000) + 1);
		if (n > 0 && fds[0].revents != 0)
			return true;
		if (n < 0 && errno != EINTR)
			return false;
	}
}

static int64_t connect_timeout(PGconn *c)
{
	int64_t seconds = CONNECT_TIMEOUT_DEFAULT;
	PQconninfoOption *options = PQconninfo(c);

	for (PQconninfoOption *o = options; o != NULL && o->keyword != NULL; o++)
		if (strcmp(o->keyword, "connect_timeout") == 0 && o->val != NULL)
			parse_int(span_of(o->val), &seconds);
	PQconninfoFree(options);
	return (seconds <= 0 ? 3600 : seconds) * INT64_C(1000000);
}

/* One try. The connection, good or bad; *late: it took longer than connect_timeout (or a signal came). */
static PGconn *connect_once(const char *conninfo, bool *late)
{
	/* What stands before dbname is a default for the connection string, what stands behind it is binding. */
	const char *names[] = {"fallback_application_name", "keepalives", "keepalives_idle", "keepalives_interval",
	                       "keepalives_count",
	                       "tcp_user_timeout", "dbname", "client_encoding", NULL};
	const char *values[] = {log_tool(), "1", "10", "5", "3", "30000", conninfo, "UTF8", NULL};
	PGconn *c = PQconnectStartParams(names, values, 1);

	*late = false;
	if (c == NULL || PQstatus(c) == CONNECTION_BAD)
		return c;
	PQsetErrorVerbosity(c, PQERRORS_VERBOSE); /* the only way to learn why a connection was refused */
	PQsetNoticeReceiver(c, notice, NULL);
	int64_t until = clock_monotonic() + connect_timeout(c);
	PostgresPollingStatusType want = PGRES_POLLING_WRITING;
	while (want != PGRES_POLLING_OK && want != PGRES_POLLING_FAILED) {
		if (!wait_socket(c, want == PGRES_POLLING_READING ? POLLIN : POLLOUT, until)) {
			*late = true;
			return c;
		}
		want = PQconnectPoll(c);
	}
	PQsetErrorVerbosity(c, PQERRORS_DEFAULT);
	return c;
}

static bool has_secret(const PQconninfoOption *options)
{
	for (; options->keyword != NULL; options++)
		if (options->val != NULL && options->val[0] != '\0' &&
		    (strcmp(options->keyword, "password") == 0 || strcmp(options->keyword, "sslpassword") == 0))
			return true;
	return false;
}

/* Is the connection string well-formed, and without a secret? Its text never appears in a message: it may hold a password. */
static int check_conninfo(const char *conninfo)
{
	char *why = NULL;
	PQconninfoOption *options;

	if (conninfo == NULL || (strchr(conninfo, '=') == NULL && strstr(conninfo, "://") == NULL))
		return 0; /* the name of a database */
	options = PQconninfoParse(conninfo, &why);
	if (options != NULL) {
		bool secret = has_secret(options);

		PQconninfoFree(options);
		if (secret)
			log_error("a password in the connection string is visible to all: ~/.pgpass, $PGPASSFILE or $PGPASSWORD hold one");
		return secret ? -1 : 0;
	}
	if (why != NULL && strncmp(why, "invalid connection option", 25) == 0)
		log_error("connection string: %.*s", (int)strcspn(why, "\n"), why);
	else
		log_error("the connection string is malformed: give \"host=… dbname=…\" or postgresql://host/database");
	PQfreemem(why);
	return -1;
}

PGconn *pg_try(const char *conninfo, char *reason, size_t size, int *status)
{
	char state[6] = "";
	bool late;
	PGconn *c = connect_once(conninfo, &late);

	*status = EXIT_DONE;
	if (c != NULL && PQstatus(c) == CONNECTION_OK && !late)
		return c;
	*status = EXIT_RETRY;
	one_line(c == NULL ? "out of memory" : PQerrorMessage(c), reason, size);
	if (late && reason[0] == '\0')
		snprintf(reason, size, "%s", sig_asked() ? "interrupted by a signal" : "connection timed out");
	if (c != NULL && (PQconnectionNeedsPassword(c) || is_configuration(PQerrorMessage(c)) ||
	                  (find_sqlstate(PQerrorMessage(c), state) && pg_classify(state) == PG_CONFIG)))
		*status = EXIT_USAGE;
	PQfinish(c);
	return NULL;
}

PGconn *pg_connect(const char *conninfo, int64_t patience, int *status)
{
	int64_t until = clock_monotonic() + patience;
	char reason[1024];

	*status = EXIT_USAGE;
	if (check_conninfo(conninfo) < 0)
		return NULL;
	for (int attempt = 1;; attempt++) {
		PGconn *c = pg_try(conninfo, reason, sizeof(reason), status);

		if (c != NULL)
			return c;
		if (*status == EXIT_USAGE || clock_monotonic() >= until || sig_asked() != 0)
			break;
		if (attempt == 1)
			log_notice("waiting for PostgreSQL: %s", reason);
		if (!pg_backoff(attempt))
			break;
	}
	log_error("cannot connect to PostgreSQL: %s", reason);
	return NULL;
}

PGresult *pg_result(PGconn *c)
{
	bool cancelled = false;

	while (PQstatus(c) == CONNECTION_OK && PQisBusy(c)) {
		struct pollfd fds[2] = {{.fd = PQsocket(c), .events = POLLIN},
		                        {.fd = cancelled ? -1 : sig_fd(), .events = POLLIN}};
		int64_t grace = sig_grace_left();

		if (grace == 0 && !cancelled) {
			char why[256];
			PGcancel *cancel = PQgetCancel(c);

			if (cancel != NULL && !PQcancel(cancel, why, sizeof(why)))
				log_debug("cancel: %s", why);
			PQfreeCancel(cancel);
			cancelled = true;
			continue;
		}
		if (sig_asked() != 0)
			fds[1].fd = -1; /* stays readable: the time left is what counts now */
		if (poll(fds, 2, cancelled || grace == INT64_MAX ? -1 : (int)(grace / 1000) + 1) > 0 && fds[0].revents != 0 &&
		    !PQconsumeInput(c))
			break;
	}
	return PQgetResult(c);
}

/* The last result of what was sent (a string of several statements stops at the first error). */
static enum pg_class finish(PGconn *c, const char *what, int sent, PGresult **result)
{
	PGresult *last = NULL;
	enum pg_class class = PG_AGAIN;

	if (result != NULL)
		*result = NULL;
	if (!sent) {
		log_error("%s: %.*s", what, (int)strcspn(PQerrorMessage(c), "\n"), PQerrorMessage(c));
		return PG_AGAIN;
	}
	for (PGresult *r; (r = pg_result(c)) != NULL;) {
		ExecStatusType status = PQresultStatus(r);

		PQclear(last);
		last = r;
		if (status == PGRES_COPY_IN || status == PGRES_COPY_OUT || status == PGRES_COPY_BOTH)
			break; /* the caller copies */
	}
	switch (PQresultStatus(last)) {
	case PGRES_COMMAND_OK:
	case PGRES_TUPLES_OK:
	case PGRES_EMPTY_QUERY:
	case PGRES_COPY_IN:
	case PGRES_COPY_OUT:
		class = PG_FINE;
		break;
	default:
		class = pg_classify(pg_sqlstate(last));
		pg_log_failure(c, what, last);
	}
	if (class == PG_FINE && result != NULL)
		*result = last;
	else
		PQclear(last);
	return class;
}

void pg_log_failure(const PGconn *c, const char *what, const PGresult *r)
{
	const char *text = r == NULL ? NULL : PQresultErrorField(r, PG_DIAG_MESSAGE_PRIMARY);
	const char *hint = r == NULL ? NULL : PQresultErrorField(r, PG_DIAG_MESSAGE_HINT);
	char joined[1024];

	if (text != NULL) {
		log_error("%s: %s (SQLSTATE %s)%s%s", what, text, pg_sqlstate(r), hint == NULL ? "" : "; hint: ",
		          hint == NULL ? "" : hint);
		return;
	}
	one_line(PQerrorMessage(c), joined, sizeof(joined));
	log_error("%s: %s", what, joined[0] == '\0' ? "the connection was lost" : joined);
}

enum pg_class pg_run(PGconn *c, const char *what, const char *sql, PGresult **result)
{
	return finish(c, what, PQsendQuery(c, sql), result);
}

enum pg_class pg_run_params(PGconn *c, const char *what, const char *sql, int count, const char *const *values,
                            PGresult **result)
{
	return finish(c, what, PQsendQueryParams(c, sql, count, NULL, values, NULL, NULL, 0), result);
}
