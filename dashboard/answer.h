/* A piece of text with a type that threads share and that nobody changes: freed when the last one lets go. */
#ifndef TXDASH_ANSWER_H
#define TXDASH_ANSWER_H

#include <stdatomic.h>

#include "buf.h"

struct answer {
	atomic_uint users;
	unsigned status;  /* of HTTP */
	const char *type; /* a literal */
	struct buf body;
};

/* Takes over the text. One user: the caller. */
struct answer *answer_new(unsigned status, const char *type, struct buf body);

struct answer *answer_keep(struct answer *a); /* NULL is NULL */
void answer_drop(struct answer *a);

/* {"error":…} */
struct answer *answer_error(unsigned status, const char *words);

#endif
