/*
 * A PostgreSQL cluster to be thrown away: made in a directory of its own under $TMPDIR, reached through a socket in there,
 * gone when its owner is, however that ends: a keeper process holds the other end of a pipe, and when that closes it stops
 * the server and removes the directory.
 */
#ifndef AGGREGATE_CLUSTER_H
#define AGGREGATE_CLUSTER_H

#include <limits.h>
#include <sys/types.h>

struct cluster {
	char folder[PATH_MAX];
	char conninfo[PATH_MAX + 64];
	int leash; /* its closing ends the cluster */
	pid_t keeper;
};

/* Make and start one. Takes the PG* variables out of the environment: they speak of another server. EXIT_DONE, or another
 * status with a message (and nothing is left behind). */
int cluster_start(struct cluster *c);

/* Stop it and wait until nothing of it is left. */
void cluster_stop(struct cluster *c);

#endif
