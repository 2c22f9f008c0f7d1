/* Where to listen: HOST:PORT, [HOST]:PORT, HOST, PORT, :PORT (all interfaces). */
#ifndef TXDASH_ADDRESS_H
#define TXDASH_ADDRESS_H

#include <stddef.h>

/* Is it one of this machine only? 1 or 0; -1: it is none (with a message). */
int address_is_loopback(const char *address);

/* A socket that listens there, and in `name` HOST:PORT for people, as it was bound (port 0 is a free one). -1 with a message. */
int address_listen(const char *address, char *name, size_t size);

#endif
