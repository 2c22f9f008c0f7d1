/* One verdict rebuilt (--why ID): the input is judged up to that record, then everything that led to its verdict is told. */
#ifndef FRAUDCHECK_WHY_H
#define FRAUDCHECK_WHY_H

#include <stdio.h>

#include "facts.h"
#include "work.h"

struct why {
	struct judge *judge;
	const char *id;
	bool json;           /* the line that goes out for it, instead of words */
	bool found, refused;
	struct facts facts;
	struct buf text;     /* what is told */
	uint64_t records;
	struct observer observer;
};

/* The judge stays the caller's; from here on it tells `w` of each record. */
void why_init(struct why *w, struct judge *judge, const char *id, bool json);
void why_free(struct why *w);

/* At the end of the input, or where the record was found: EXIT_DONE; EXIT_DATA with a message if it was not; EXIT_IO. */
int why_report(struct why *w, FILE *f);

#endif
