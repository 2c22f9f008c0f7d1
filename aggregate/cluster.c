#include "cluster.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <glob.h>
#include <grp.h>
#include <libpq-fe.h>
#include <poll.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "buf.h"
#include "clock.h"
#include "exit.h"
#include "log.h"
#include "sig.h"

enum {
	SOCKET_ROOM = 80,      /* a socket's path has 107 bytes: what the folder may take of them */
	PATIENCE_US = 60000000, /* for the server to come up on a busy machine */
	STOP_TICK_MS = 20,
	STOP_TICKS = 500        /* ten seconds for the server to go */
};

extern char **environ;

/* What the keeper needs to know. */
struct plan {
	char programs[PATH_MAX];
	const char *folder;
	const struct passwd *owner; /* root runs the server as this one; else NULL */
	int leash, report;
};

/* --- before the fork --------------------------------------------------------------------------------------------- */

static bool holds_server(const char *folder)
{
	char path[PATH_MAX + 16];

	snprintf(path, sizeof path, "%s/initdb", folder);
	if (access(path, X_OK) < 0)
		return false;
	snprintf(path, sizeof path, "%s/postgres", folder);
	return access(path, X_OK) == 0;
}

/* /usr/lib/postgresql/15/bin: the highest number; else a folder of PATH. */
static int find_programs(char to[PATH_MAX])
{
	const char *path = getenv("PATH");
	glob_t found;
	long best = -1;

	if (glob("/usr/lib/postgresql/*/bin", 0, NULL, &found) == 0) {
		for (size_t i = 0; i < found.gl_pathc; i++) {
			long version = strtol(found.gl_pathv[i] + strlen("/usr/lib/postgresql/"), NULL, 10);

			if (version > best && holds_server(found.gl_pathv[i])) {
				best = version;
				snprintf(to, PATH_MAX, "%s", found.gl_pathv[i]);
			}
		}
		globfree(&found);
	}
	for (; best < 0 && path != NULL && *path != '\0'; path += strcspn(path, ":"), path += *path == ':') {
		snprintf(to, PATH_MAX, "%.*s", (int)strcspn(path, ":"), path);
		if (to[0] == '/' && holds_server(to))
			return 0;
	}
	if (best < 0)
		log_error("--stdin needs a PostgreSQL server on this machine (Debian: postgresql-15): neither /usr/lib/postgresql nor PATH "
		          "has initdb and postgres");
	return best < 0 ? -1 : 0;
}

static int make_folder(struct cluster *c, const struct passwd *owner)
{
	const char *below = getenv("TMPDIR");

	if (below == NULL || below[0] != '/' || strlen(below) > SOCKET_ROOM - 20)
		below = "/tmp";
	snprintf(c->folder, sizeof c->folder, "%s/aggregate.XXXXXX", below);
	if (mkdtemp(c->folder) == NULL) {
		log_error("cannot make a folder in %s: %s", below, strerror(errno));
		return -1;
	}
	if (owner != NULL && chown(c->folder, owner->pw_uid, owner->pw_gid) < 0) {
		log_error("cannot give %s to %s: %s", c->folder, owner->pw_name, strerror(errno));
		rmdir(c->folder);
		return -1;
	}
	return 0;
}

static void forget_environment(void)
{
	for (size_t i = 0; environ[i] != NULL;) {
		char name[64];

		if (strncmp(environ[i], "PG", 2) != 0 || strcspn(environ[i], "=") >= sizeof name) {
			i++;
			continue;
		}
		snprintf(name, sizeof name, "%.*s", (int)strcspn(environ[i], "="), environ[i]);
		unsetenv(name); /* moves the rest down */
	}
}

/* --- the keeper -------------------------------------------------------------------------------------------------- */

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *at)
{
	(void)st;
	(void)type;
	(void)at;
	remove(path);
	return 0;
}

/* In the child: one of the server's programs, as its owner, with its words in the folder's log. */
static _Noreturn void be(const struct plan *plan, char **argv)
{
	char path[PATH_MAX * 2];
	int log, null = open("/dev/null", O_RDWR);

	snprintf(path, sizeof path, "%s/log", plan->folder);
	log = open(path, O_WRONLY | O_CREAT | O_APPEND, 0600);
	if (log >= 0 && null >= 0) {
		dup2(null, STDIN_FILENO);
		dup2(log, STDOUT_FILENO);
		dup2(log, STDERR_FILENO);
	}
	signal(SIGTERM, SIG_DFL);
	signal(SIGINT, SIG_DFL);
	signal(SIGHUP, SIG_DFL);
	signal(SIGQUIT, SIG_DFL); /* a shell's background job ignores it: the server would not hear it before it is ready to */
	signal(SIGPIPE, SIG_DFL);
	if (plan->owner != NULL && (initgroups(plan->owner->pw_name, plan->owner->pw_gid) < 0 ||
	                            setgid(plan->owner->pw_gid) < 0 || setuid(plan->owner->pw_uid) < 0))
		_exit(126);
	prctl(PR_SET_PDEATHSIG, SIGQUIT); /* behind setuid(), which clears it */
	if (chdir(plan->folder) < 0)
		_exit(126);
	snprintf(path, sizeof path, "%s/%s", plan->programs, argv[0]);
	argv[0] = path; /* whole: it is how they find each other, and their folder need not be in PATH */
	execv(path, argv);
	_exit(127);
}

static pid_t spawn(const struct plan *plan, char **argv)
{
	pid_t pid = fork();

	if (pid == 0)
		be(plan, argv);
	return pid;
}

static int wait_for(pid_t pid)
{
	int status = -1;

	while (pid > 0 && waitpid(pid, &status, 0) < 0 && errno == EINTR)
		continue;
	return status;
}

/* Has the owner let go of the leash, or died? */
static bool let_go(const struct plan *plan, int ms)
{
	struct pollfd fd = {.fd = plan->leash, .events = POLLIN};
	char byte;

	return poll(&fd, 1, ms) > 0 && read(plan->leash, &byte, 1) == 0;
}

/* Until then, or until the server is gone. */
static void keep(const struct plan *plan, pid_t server)
{
	int status;

	while (!let_go(plan, 500))
		if (waitpid(server, &status, WNOHANG) == server)
			return;
	for (int i = 0; i < STOP_TICKS; i++) {
		kill(server, SIGQUIT);
		if (waitpid(server, &status, WNOHANG) == server)
			return;
		poll(NULL, 0, STOP_TICK_MS);
	}
	kill(server, SIGKILL);
	wait_for(server);
}

static _Noreturn void be_keeper(const struct plan *plan)
{
	char data[] = "data", sockets[PATH_MAX + 32];
	char *make[] = {"initdb", "-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync", NULL};
	char *serve[] = {"postgres", "-D", data, "-c", "listen_addresses=", "-c", sockets, "-c", "fsync=off", "-c",
	                       "full_page_writes=off", "-c", "synchronous_commit=off", "-c", "wal_level=minimal", "-c",
	                       "max_wal_senders=0", "-c", "max_wal_size=2GB", "-c", "timezone=UTC", "-c",
	                       "unix_socket_permissions=0700", NULL};
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	pid_t server;

	setsid(); /* Ctrl-C is for the owner, who lets go of the leash when it is done */
	for (int fd = 0; null >= 0 && fd < 3; fd++) /* whose pipes must not stay open through us */
		dup2(null, fd);
	signal(SIGTERM, SIG_IGN);
	signal(SIGINT, SIG_IGN);
	signal(SIGHUP, SIG_IGN);
	snprintf(sockets, sizeof sockets, "unix_socket_directories=%s", plan->folder);
	if (wait_for(spawn(plan, make)) == 0) {
		server = spawn(plan, serve);
		if (server > 0)
			keep(plan, server);
	}
	if (write(plan->report, "x", 1) == 1) /* it never came up, or is gone: the owner wants to read the log */
		while (!let_go(plan, 60000))
			continue;
	nftw(plan->folder, remove_one, 32, FTW_DEPTH | FTW_PHYS);
	_exit(0);
}

/* --- the owner --------------------------------------------------------------------------------------------------- */

static void tell_log(const char *folder)
{
	char path[PATH_MAX + 8], line[512], last[512] = "";
	FILE *f;

	snprintf(path, sizeof path, "%s/log", folder);
	f = fopen(path, "re");
	while (f != NULL && fgets(line, sizeof line, f) != NULL) {
		line[strcspn(line, "\n")] = '\0';
		if (line[0] != '\0')
			memcpy(last, line, sizeof last);
	}
	if (f != NULL)
		fclose(f);
	log_error("the throw-away server does not start%s%s", last[0] != '\0' ? ": " : "", last);
}

/* EXIT_DONE once it takes connections. `report` becomes readable when the server is gone. */
static int await_server(const struct cluster *c, int report)
{
	int64_t until = clock_monotonic() + PATIENCE_US;

	for (;;) {
		struct pollfd fds[2] = {{.fd = report, .events = POLLIN}, {.fd = sig_fd(), .events = POLLIN}};

		poll(fds, 2, 20);
		if (sig_asked() != 0)
			return EXIT_SIGNAL + sig_asked();
		if (fds[0].revents != 0 || clock_monotonic() > until)
			return EXIT_RETRY;
		if (PQping(c->conninfo) == PQPING_OK)
			return EXIT_DONE;
	}
}

static int fork_keeper(struct cluster *c, struct plan *plan, int *report)
{
	int leash[2], words[2];

	if (pipe2(leash, O_CLOEXEC) < 0)
		return -1;
	if (pipe2(words, O_CLOEXEC) < 0) {
		close(leash[0]);
		close(leash[1]);
		return -1;
	}
	plan->leash = leash[0];
	plan->report = words[1];
	c->keeper = fork();
	if (c->keeper == 0) {
		close(leash[1]);
		close(words[0]);
		be_keeper(plan);
	}
	close(leash[0]);
	close(words[1]);
	c->leash = leash[1];
	*report = words[0];
	return c->keeper < 0 ? -1 : 0;
}

int cluster_start(struct cluster *c)
{
	struct plan plan = {.folder = c->folder, .owner = geteuid() == 0 ? getpwnam("postgres") : NULL};
	int status, report = -1;

	*c = (struct cluster){.leash = -1, .keeper = -1};
	if (geteuid() == 0 && plan.owner == NULL) {
		log_error("--stdin as root needs the user postgres, whom the server runs as");
		return EXIT_USAGE;
	}
	if (find_programs(plan.programs) < 0)
		return EXIT_USAGE;
	if (make_folder(c, plan.owner) < 0)
		return EXIT_RETRY;
	forget_environment();
	snprintf(c->conninfo, sizeof c->conninfo, "host=%s port=5432 user=postgres dbname=postgres", c->folder);
	if (fork_keeper(c, &plan, &report) < 0) {
		log_error("cannot start a process: %s", strerror(errno));
		rmdir(c->folder);
		return EXIT_RETRY;
	}
	status = await_server(c, report);
	if (status == EXIT_RETRY)
		tell_log(c->folder);
	close(report);
	if (status != EXIT_DONE)
		cluster_stop(c);
	return status;
}

void cluster_stop(struct cluster *c)
{
	if (c->leash >= 0)
		close(c->leash);
	wait_for(c->keeper);
	*c = (struct cluster){.leash = -1, .keeper = -1};
}
