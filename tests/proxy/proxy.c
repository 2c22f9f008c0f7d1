/*
 * A TCP proxy that injures connections, for the fault tests. See usage() below; tests/proxy/proxy.sh is the way to use it from a
 * test. It knows enough of the PostgreSQL protocol to cut a connection between a COMMIT and its answer.
 */
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "clock.h"
#include "exit.h"
#include "link.h"
#include "log.h"
#include "parse.h"

enum { LINKS_MAX = 1000 };

static struct rules rules;
static struct link *links[LINKS_MAX];
static size_t count;

static void usage(void)
{
	puts("usage: proxy [--postgres] LISTEN TARGET COMMANDS\n"
	     "\n"
	     "LISTEN and TARGET are HOST:PORT (port 0: a free one) or the path of a Unix socket; COMMANDS is a FIFO, made if missing,\n"
	     "from which a test gives commands, a line each. --postgres finds COMMIT (not in encrypted connections).\n"
	     "\n"
	     "  pass                      no injury from now on; connections that lost something are cut, the others go on\n"
	     "  delay DURATION            each byte comes so much later, each way\n"
	     "  rate SIZE                 bytes a second, each way (0: no limit)\n"
	     "  freeze [up|down]          nothing passes, nothing is lost (up: from the client)\n"
	     "  cut                       reset all connections\n"
	     "  refuse                    reset all new connections at once\n"
	     "  lose server|client        half-open, of all connections that there are: that end is cut, the other one never told; lose\n"
	     "                            server is for new connections too\n"
	     "  commit before|during|after|silent [SKIP [COUNT]]\n"
	     "                            once SKIP COMMITs have passed (0), at the next COUNT (1): cut before the server sees it, right\n"
	     "                            after it was sent, when it has answered, or pass nothing of what the server says any more\n"
	     "\n"
	     "Tells on stdout, a line each: listening ADDRESS; open N; close N; commit N; cut N WHY; done COMMAND.");
}

/* --- sockets ------------------------------------------------------------------------------------------------ */

static bool is_path(const char *address)
{
	return strchr(address, '/') != NULL;
}

static int unix_socket(const char *path, struct sockaddr_un *to)
{
	*to = (struct sockaddr_un){.sun_family = AF_UNIX};
	if (strlen(path) >= sizeof to->sun_path) {
		log_error("%s: too long for the path of a socket", path);
		exit(EXIT_USAGE);
	}
	memcpy(to->sun_path, path, strlen(path) + 1);
	return socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
}

/*
 * What any proxy in earnest does: whoever waits at one end for an answer can only learn from us that the other end is gone without a word.
 * Sockets accepted from a listening one inherit it.
 */
static void keep_alive(int fd)
{
	static const struct {
		int level, name, value;
	} options[] = {{SOL_SOCKET, SO_KEEPALIVE, 1}, {IPPROTO_TCP, TCP_KEEPIDLE, 10}, {IPPROTO_TCP, TCP_KEEPINTVL, 5},
	               {IPPROTO_TCP, TCP_KEEPCNT, 3}, {IPPROTO_TCP, TCP_USER_TIMEOUT, 30000}};

	for (size_t i = 0; i < sizeof options / sizeof options[0]; i++)
		setsockopt(fd, options[i].level, options[i].name, &options[i].value, sizeof options[i].value);
}

static int tcp_socket(const char *address, struct addrinfo **to)
{
	const char *colon = strrchr(address, ':');
	struct addrinfo hints = {.ai_family = AF_INET, .ai_socktype = SOCK_STREAM};
	int why, on = 1;

	if (colon == NULL) {
		log_error("%s: give HOST:PORT or a path", address);
		exit(EXIT_USAGE);
	}
	char *host = xstrndup(address, (size_t)(colon - address));
	why = getaddrinfo(host, colon + 1, &hints, to);
	free(host);
	if (why != 0) {
		log_error("%s: %s", address, gai_strerror(why));
		exit(EXIT_USAGE);
	}
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
	keep_alive(fd);
	return fd;
}

static int reach(const char *address, int (*how)(int, const struct sockaddr *, socklen_t))
{
	struct sockaddr_un path;
	struct addrinfo *tcp;
	int fd, status;

	if (is_path(address)) {
		fd = unix_socket(address, &path);
		status = how(fd, (struct sockaddr *)&path, sizeof path);
	} else {
		fd = tcp_socket(address, &tcp);
		status = how(fd, tcp->ai_addr, tcp->ai_addrlen);
		freeaddrinfo(tcp);
	}
	if (status == 0)
		return fd;
	close(fd);
	return -1;
}

static int listen_at(const char *address)
{
	int fd = reach(address, bind);
	struct sockaddr_in in = {0};
	socklen_t n = sizeof in;

	if (fd < 0 || listen(fd, 64) < 0) {
		log_error("cannot listen at %s: %s", address, strerror(errno));
		exit(EXIT_RETRY);
	}
	if (is_path(address)) {
		tell("listening %s", address);
	} else {
		getsockname(fd, (struct sockaddr *)&in, &n);
		tell("listening %.*s:%u", (int)(strrchr(address, ':') - address), address, ntohs(in.sin_port));
	}
	return fd;
}

static void welcome(int listener, const char *target)
{
	static unsigned number;
	int client = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC), on = 1;

	if (client < 0)
		return;
	setsockopt(client, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on); /* fails on Unix sockets, which need none */
	/* connecting blocks us all for a moment: the target is on this machine or in the next network namespace */
	int server = rules.refuse || count == LINKS_MAX ? -1 : reach(target, connect);
	struct link *l = link_new(++number, client, server, &rules);
	if (server < 0) {
		link_cut(l, rules.refuse ? "refused" : "no target");
		link_free(l);
		return;
	}
	fcntl(server, F_SETFL, fcntl(server, F_GETFL) | O_NONBLOCK);
	if (rules.silence != SILENCE_NONE)
		link_silence(l, rules.silence);
	links[count++] = l;
}

/* --- commands ----------------------------------------------------------------------------------------------- */

static void each(void (*act)(struct link *))
{
	for (size_t i = 0; i < count; i++)
		act(links[i]);
}

static void cut(struct link *l) { link_cut(l, "command"); }
static void lose_server(struct link *l) { link_silence(l, SILENCE_SERVER); }
static void lose_client(struct link *l) { link_silence(l, SILENCE_CLIENT); }

static bool commit_command(const char *what, const char *skip, const char *number)
{
	static const char *const names[] = {[COMMIT_BEFORE] = "before", [COMMIT_DURING] = "during", [COMMIT_AFTER] = "after",
	                                    [COMMIT_SILENT] = "silent"};

	rules.skip = 0;
	rules.count = 1;
	if ((skip != NULL && parse_int(span_of(skip), &rules.skip) < 0) || (number != NULL && parse_int(span_of(number), &rules.count) < 0))
		return false;
	for (size_t i = COMMIT_BEFORE; i <= COMMIT_SILENT; i++) {
		if (what != NULL && strcmp(what, names[i]) == 0) {
			rules.action = (enum commit_action)i;
			return rules.postgres;
		}
	}
	return false;
}

static bool pass_command(void)
{
	rules = (struct rules){.postgres = rules.postgres};
	each(link_relieve);
	return true;
}

static bool obey(char *line)
{
	char *rest, *verb = strtok_r(line, " ", &rest), *what = strtok_r(NULL, " ", &rest);
	char *skip = strtok_r(NULL, " ", &rest), *number = strtok_r(NULL, " ", &rest);

	if (verb == NULL)
		return false;
	if (strcmp(verb, "pass") == 0)
		return pass_command();
	if (strcmp(verb, "delay") == 0)
		return what != NULL && parse_duration(span_of(what), &rules.delay) == 0;
	if (strcmp(verb, "rate") == 0)
		return what != NULL && parse_size(span_of(what), &rules.rate) == 0;
	if (strcmp(verb, "freeze") == 0) {
		rules.frozen_up = what == NULL || strcmp(what, "up") == 0;
		rules.frozen_down = what == NULL || strcmp(what, "down") == 0;
		return rules.frozen_up || rules.frozen_down;
	}
	if (strcmp(verb, "refuse") == 0)
		return rules.refuse = true;
	if (strcmp(verb, "commit") == 0)
		return commit_command(what, skip, number);
	if (strcmp(verb, "cut") == 0) {
		each(cut);
		return true;
	}
	if (strcmp(verb, "lose") != 0 || what == NULL)
		return false;
	if (strcmp(what, "client") == 0) {
		each(lose_client);
		return true;
	}
	rules.silence = SILENCE_SERVER;
	each(lose_server);
	return strcmp(what, "server") == 0;
}

static void read_commands(int fd)
{
	static struct buf input;
	ssize_t got = read(fd, buf_room(&input, 4096), 4096);
	char *end;

	if (got <= 0)
		return;
	input.n += (size_t)got;
	while ((end = memchr(input.p, '\n', input.n)) != NULL) {
		size_t n = (size_t)(end - input.p);
		char *line = xstrndup(input.p, n), *words = xstrdup(line);

		tell("%s %s", obey(words) ? "done" : "unknown", line);
		free(words);
		free(line);
		buf_drop(&input, n + 1);
	}
}

static int open_commands(const char *path)
{
	int fd;

	if (mkfifo(path, 0600) < 0 && errno != EEXIST) {
		log_error("%s: %s", path, strerror(errno));
		exit(EXIT_USAGE);
	}
	fd = open(path, O_RDWR | O_NONBLOCK | O_CLOEXEC); /* a writer of our own: the FIFO never ends */
	if (fd < 0) {
		log_error("%s: %s", path, strerror(errno));
		exit(EXIT_USAGE);
	}
	return fd;
}

/* --- the loop ----------------------------------------------------------------------------------------------- */

static void bury_dead(void)
{
	size_t kept = 0;

	for (size_t i = 0; i < count; i++) {
		if (links[i]->dead)
			link_free(links[i]);
		else
			links[kept++] = links[i];
	}
	count = kept;
}

static void serve(int listener, int commands, const char *target)
{
	static struct pollfd fds[2 + 2 * LINKS_MAX];

	for (;;) {
		int64_t due = INT64_MAX, now;
		size_t n = count;

		fds[0] = (struct pollfd){.fd = listener, .events = POLLIN};
		fds[1] = (struct pollfd){.fd = commands, .events = POLLIN};
		for (size_t i = 0; i < n; i++) {
			int64_t at = link_watch(links[i], &fds[2 + 2 * i]);

			if (at < due)
				due = at;
		}
		now = clock_monotonic();
		poll(fds, 2 + 2 * n, due == INT64_MAX ? -1 : due <= now ? 0 : (int)((due - now + 999) / 1000));
		for (size_t i = 0; i < n; i++)
			link_run(links[i], &fds[2 + 2 * i]);
		if (fds[1].revents != 0)
			read_commands(commands);
		bury_dead();
		if (fds[0].revents != 0)
			welcome(listener, target);
	}
}

int main(int argc, char **argv)
{
	log_init("proxy");
	if (argc > 1 && strcmp(argv[1], "--postgres") == 0) {
		rules.postgres = true;
		argc--;
		argv++;
	}
	if (argc != 4 || argv[1][0] == '-') {
		usage();
		return argc == 2 && strcmp(argv[1], "--help") == 0 ? EXIT_DONE : EXIT_USAGE;
	}
	signal(SIGPIPE, SIG_IGN);
	int commands = open_commands(argv[3]);
	serve(listen_at(argv[1]), commands, argv[2]);
}
