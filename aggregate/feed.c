#include "feed.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "embed/lib/currencies.ndjson.h"
#include "exit.h"
#include "log.h"
#include "pg.h"
#include "sig.h"

enum { MAX_ARGUMENTS = 16 };

static const char *const own_tables[] = {"fact_transaction", "fraud_label", "dim_customer", "dim_merchant", "dim_currency"};

static const char *main_table(const struct feed *f)
{
	return f->table[0] != '\0' ? f->table : "fact_transaction";
}

/* --- pgload ------------------------------------------------------------------------------------------------------ */

/* Beside ourselves, else by PATH. */
static void run_pgload(char *const *argv)
{
	char path[PATH_MAX], *slash;
	ssize_t n = readlink("/proc/self/exe", path, sizeof path - sizeof "/pgload");

	if (n > 0) {
		path[n] = '\0';
		slash = strrchr(path, '/');
		memcpy(slash, "/pgload", sizeof "/pgload");
		execv(path, argv);
	}
	execvp("pgload", argv);
}

static _Noreturn void be_pgload(int in, char *const *argv)
{
	int null = open("/dev/null", O_WRONLY);

	signal(SIGTERM, SIG_DFL);
	signal(SIGINT, SIG_DFL);
	signal(SIGPIPE, SIG_DFL);
	prctl(PR_SET_PDEATHSIG, SIGKILL); /* without us its server is gone, and nothing it has is worth keeping */
	if (null >= 0 && dup2(null, STDOUT_FILENO) >= 0 && (in < 0 || dup2(in, STDIN_FILENO) >= 0))
		run_pgload(argv);
	log_error("cannot start pgload: %s", strerror(errno));
	_exit(EXIT_USAGE);
}

/* Its exit status. A signal to us is passed on: pgload then commits what it has. */
static int await_pgload(pid_t pid)
{
	bool told = false;
	int status;

	while (waitpid(pid, &status, 0) < 0) {
		if (errno != EINTR)
			return EXIT_RETRY;
		if (sig_asked() != 0 && !told) {
			kill(pid, SIGTERM);
			told = true;
		}
	}
	if (sig_asked() != 0)
		return EXIT_SIGNAL + sig_asked();
	return WIFEXITED(status) ? WEXITSTATUS(status) : EXIT_SIGNAL + WTERMSIG(status);
}

/* `in` becomes its standard input; -1: ours. */
static int pgload(int in, char *const *argv)
{
	pid_t pid;

	if (sig_asked() != 0)
		return EXIT_SIGNAL + sig_asked();
	pid = fork();
	if (pid < 0) {
		log_error("cannot start pgload: %s", strerror(errno));
		return EXIT_RETRY;
	}
	if (pid == 0)
		be_pgload(in, argv);
	return await_pgload(pid);
}

static int open_null(void)
{
	return open("/dev/null", O_RDONLY | O_CLOEXEC);
}

/* A text as a file to read from the beginning. */
static int open_text(const char *text)
{
	FILE *f = tmpfile();
	int fd = -1;

	if (f != NULL && fputs(text, f) >= 0 && fflush(f) == 0) {
		rewind(f);
		fd = dup(fileno(f));
	}
	if (f != NULL)
		fclose(f);
	return fd;
}

/* --- what is loaded ---------------------------------------------------------------------------------------------- */

static bool loads(const struct feed *f, const char *table)
{
	size_t n = strlen(table);

	for (size_t i = 0; i < f->load->count; i++)
		if (strncmp(f->load->item[i], table, n) == 0 && f->load->item[i][n] == '=')
			return true;
	return false;
}

static int make_tables(const struct feed *f)
{
	char *const argv[] = {"pgload", "-q", "-d", (char *)f->conninfo, "--init", NULL};
	int null = open_null(), status = pgload(null, argv);

	close(null);
	return status;
}

static int load_currencies(const struct feed *f)
{
	char *const argv[] = {"pgload", "-q", "-d", (char *)f->conninfo, "--upsert", "-t", "dim_currency", NULL};
	int text = open_text(currencies_ndjson), status;

	if (text < 0) {
		log_error("cannot write a temporary file: %s", strerror(errno));
		return EXIT_IO;
	}
	status = pgload(text, argv);
	close(text);
	return status;
}

static int load_table(const struct feed *f, const char *both)
{
	size_t n = strcspn(both, "=");
	char *table = xstrndup(both, n);
	char *const argv[] = {"pgload", "-q", "-d", (char *)f->conninfo, "--upsert", "-t", table, (char *)both + n + 1, NULL};
	int null = open_null(), status = pgload(null, argv);

	close(null);
	free(table);
	return status;
}

static int load_main(const struct feed *f)
{
	char **argv = xcalloc((size_t)f->count + MAX_ARGUMENTS, sizeof *argv);
	char *fixed[] = {"pgload", "-q", "-d", (char *)f->conninfo, "-t", (char *)main_table(f), "--"};
	size_t n = sizeof fixed / sizeof fixed[0];
	int status;

	memcpy(argv, fixed, sizeof fixed);
	for (int i = 0; i < f->count; i++)
		argv[n++] = f->files[i];
	status = pgload(-1, argv);
	free(argv);
	return status;
}

/* What became a dead letter will be thrown away with the cluster: say how much, and why. */
static void tell_dead_letters(const struct feed *f)
{
	int status;
	PGconn *c = pg_connect(f->conninfo, 0, &status);
	PGresult *r = NULL;

	if (c != NULL &&
	    pg_run(c, "dead letters", "select sum(n), string_agg(format('%s %s', n, reason), ', ' order by n desc) "
	                              "from (select reason, count(*) as n from dead_letter group by 1) d", &r) == PG_FINE &&
	    !PQgetisnull(r, 0, 0))
		log_warn("%s lines were not loaded: %s", PQgetvalue(r, 0, 0), PQgetvalue(r, 0, 1));
	PQclear(r);
	PQfinish(c);
}

int feed_load(const struct feed *f)
{
	int status = make_tables(f);

	if (status == EXIT_DONE && !loads(f, "dim_currency"))
		status = load_currencies(f);
	for (size_t i = 0; i < f->load->count && status == EXIT_DONE; i++)
		status = load_table(f, f->load->item[i]);
	if (status == EXIT_DONE)
		status = load_main(f);
	if (status == EXIT_DONE)
		tell_dead_letters(f);
	return status;
}

static bool given(const struct feed *f, const struct node *source)
{
	const char *table = source->identifier;

	if (strcmp(table, main_table(f)) == 0 || loads(f, table) || strcmp(table, "dim_currency") == 0)
		return true;
	for (size_t i = 0; i < sizeof own_tables / sizeof own_tables[0]; i++)
		if (strcmp(own_tables[i], table) == 0)
			return false;
	return true; /* the project speaks of a table that is none of ours: let it say what is wrong with it */
}

void feed_narrow(const struct feed *f, struct project *p)
{
	size_t left_out = 0;

	for (size_t i = 0; i < p->count; i++) {
		struct node *n = p->node[i];
		bool reads_nothing = false;

		for (size_t k = 0; n->kind == NODE_TEST && k < p->needs[i].count; k++) {
			const struct node *need = p->node[p->needs[i].item[k]];

			reads_nothing |= need->kind == NODE_SOURCE && !given(f, need);
		}
		left_out += n->selected && reads_nothing;
		n->selected &= !reads_nothing;
	}
	if (left_out > 0)
		log_notice("%zu tests of tables that were not given are left out (--load TABLE=FILE gives one)", left_out);
}
