/* One connection through the proxy: bytes both ways, late, slow, lost or not at all, as the rules say. */
#ifndef PROXY_LINK_H
#define PROXY_LINK_H

#include <poll.h>
#include <stdint.h>

#include "frames.h"

enum commit_action {
	COMMIT_PASS,
	COMMIT_BEFORE, /* cut the connection instead of passing the COMMIT on */
	COMMIT_DURING, /* pass it on and cut at once: the server may be at it for a while */
	COMMIT_AFTER,  /* cut it when the server has answered, instead of passing the answer on */
	COMMIT_SILENT  /* pass it on, and from then on nothing that the server says; the connection stays */
};

enum silence {
	SILENCE_NONE,
	SILENCE_SERVER, /* the server's end was cut, the client's stays and what it says is lost */
	SILENCE_CLIENT  /* the client's end was cut, the server's stays and what it says is lost */
};

/* For all connections; a test changes them while they run. */
struct rules {
	bool postgres;             /* look for COMMIT */
	bool refuse;               /* new connections are cut at once */
	bool frozen_up, frozen_down;
	int64_t delay;             /* microseconds, each way */
	int64_t rate;              /* bytes a second, each way; 0: no limit */
	enum silence silence;      /* of new connections */
	enum commit_action action;
	int64_t skip, count;       /* COMMITs that pass before, and that the action is for */
};

struct chunk {
	struct chunk *next;
	int64_t due;
	size_t n, sent;
	char bytes[];
};

struct flow {
	int from, to;
	struct frames frames;
	struct chunk *first, **last;
	size_t queued;
	int64_t free_at; /* when the line has carried what it got, at the rate of then */
	bool ended;      /* nothing more comes */
	bool shut;       /* and that was passed on */
};

struct link {
	unsigned number;
	int client, server;      /* -1: cut */
	struct flow up, down;    /* from the client, to the client */
	enum silence silence;
	bool dead;               /* to be freed */
	bool mute;               /* COMMIT_SILENT has happened */
	enum commit_action answer; /* what is to be done at the server's answer to COMMIT */
	struct rules *rules;
};

/* Takes over both sockets, which must not block. */
struct link *link_new(unsigned number, int client, int server, struct rules *rules);
void link_free(struct link *l);

/* Cut both ends with a reset; `why` is told on stdout. */
void link_cut(struct link *l, const char *why);

/* Cut one end, keep the other. */
void link_silence(struct link *l, enum silence silence);

/* The rules became harmless: what was lost meanwhile makes the connection useless, and it is cut. */
void link_relieve(struct link *l);

/* What to wait for: fds[0] for the client, fds[1] for the server. Returns when something is due even so (INT64_MAX: never). */
int64_t link_watch(struct link *l, struct pollfd fds[2]);

/* Do what can be done now. */
void link_run(struct link *l, const struct pollfd fds[2]);

/* A line on stdout, at once: what tests wait for. */
void tell(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
