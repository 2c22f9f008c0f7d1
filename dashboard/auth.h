/* Who may look: names and hashes of passwords in a file, a line `name:hash` each, by crypt(3) (`openssl passwd -6`, `mkpasswd`). */
#ifndef TXDASH_AUTH_H
#define TXDASH_AUTH_H

#include "span.h"

struct auth;

/* NULL with a message: it cannot be read, or is none. */
struct auth *auth_read(const char *path);
void auth_free(struct auth *a); /* NULL is legal */

enum auth_verdict { AUTH_YES, AUTH_NO, AUTH_LATER };

/*
 * Judge the value of the header Authorization (NULL: there is none). Hashing is slow on purpose, so what was right once is remembered, and
 * after a wrong one nothing is hashed for a while: AUTH_LATER. One thread calls it.
 */
enum auth_verdict auth_judge(struct auth *a, const char *header);

#endif
