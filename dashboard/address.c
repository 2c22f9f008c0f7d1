#include "address.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "log.h"
#include "parse.h"
#include "span.h"

enum { BACKLOG = 128, PORT_DEFAULT = 8080 };

/* HOST:PORT, [HOST]:PORT, HOST, PORT, :PORT (all interfaces). NULL with a message. */
static struct addrinfo *resolve(const char *address)
{
	const struct addrinfo hints = {.ai_flags = AI_PASSIVE | AI_NUMERICSERV, .ai_socktype = SOCK_STREAM};
	const char *colon = strrchr(address, ':'), *bracket = strchr(address, ']');
	struct addrinfo *found = NULL;
	char host[256] = "127.0.0.1", port[16];
	int64_t number = PORT_DEFAULT;
	struct span where = span_of(address);
	int why;

	if (parse_int(where, &number) == 0) {
		where.n = 0;
	} else if (colon != NULL && (bracket == NULL || colon > bracket)) {
		where.n = (size_t)(colon - address);
		if (parse_int(span_of(colon + 1), &number) < 0)
			number = -1;
		if (where.n == 0)
			snprintf(host, sizeof host, "0.0.0.0");
	}
	if (where.n > 1 && where.p[0] == '[' && where.p[where.n - 1] == ']')
		where = (struct span){where.p + 1, where.n - 2};
	if (where.n >= sizeof host)
		number = -1;
	else if (where.n > 0)
		snprintf(host, sizeof host, "%.*s", SPAN_ARG(where));
	if (number < 0 || number > 65535) {
		log_error("--listen %s: expected HOST:PORT", address);
		return NULL;
	}
	snprintf(port, sizeof port, "%d", (int)number);
	why = getaddrinfo(host, port, &hints, &found);
	if (why != 0) {
		log_error("--listen %s: %s", address, gai_strerror(why));
		return NULL;
	}
	return found;
}

int address_is_loopback(const char *address)
{
	struct addrinfo *found = resolve(address);
	int loopback = found != NULL ? 1 : -1;

	for (struct addrinfo *a = found; a != NULL; a = a->ai_next) {
		const struct sockaddr_in *v4 = (const void *)a->ai_addr;
		const struct sockaddr_in6 *v6 = (const void *)a->ai_addr;

		if (a->ai_family == AF_INET ? ntohl(v4->sin_addr.s_addr) >> 24 != 127 : !IN6_IS_ADDR_LOOPBACK(&v6->sin6_addr))
			loopback = 0;
	}
	if (found != NULL)
		freeaddrinfo(found);
	return loopback;
}

int address_listen(const char *address, char *name, size_t size)
{
	struct addrinfo *found = resolve(address);
	struct sockaddr_storage bound;
	socklen_t length = sizeof bound;
	const int one = 1;
	char host[128], port[16];
	int fd = -1;

	if (found == NULL)
		return -1;
	fd = socket(found->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one) < 0 || bind(fd, found->ai_addr, found->ai_addrlen) < 0 ||
	    listen(fd, BACKLOG) < 0 || getsockname(fd, (struct sockaddr *)&bound, &length) < 0) {
		log_error("--listen %s: %s", address, strerror(errno));
		if (fd >= 0)
			close(fd);
		fd = -1;
	} else if (getnameinfo((struct sockaddr *)&bound, length, host, sizeof host, port, sizeof port, NI_NUMERICHOST | NI_NUMERICSERV) == 0) {
		snprintf(name, size, strchr(host, ':') != NULL ? "[%s]:%s" : "%s:%s", host, port);
	}
	freeaddrinfo(found);
	return fd;
}
