/* Tests that need not be run, because what the server knows of a relation proves them. */
#ifndef AGGREGATE_PROOF_H
#define AGGREGATE_PROOF_H

#include "session.h"

struct proof {
	const char *relation;
	bool is_view;
	struct promise *column;
	size_t count;
};

/* Look the relation up; everything lives as long as the session. 0, or -1 with the error kept. */
int proof_read(struct proof *p, struct session *s, const struct node *of);

/* Does a constraint of the table prove it? */
bool proof_by_constraint(const struct proof *p, const struct test *t);

/* A column of a view that occurs once by construction (it groups by it, and joins nothing that could repeat it)? */
bool proof_by_query(const struct proof *p, struct session *s, const struct test *t);

#endif
