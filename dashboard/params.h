/* What a question can be narrowed down by: checked here, bound as parameters of the statement, never part of its text. */
#ifndef TXDASH_PARAMS_H
#define TXDASH_PARAMS_H

#include <libpq-fe.h>

#include "buf.h"

/* $1 and so on in dashboard/sql. */
enum param { PARAM_FROM, PARAM_TO, PARAM_CUSTOMER, PARAM_MERCHANT, PARAM_RULE, PARAM_CURRENCY, PARAM_SEARCH, PARAM_ID, PARAM_RULES,
             PARAM_XMAX, PARAM_XIP, PARAM_SNAPSHOT, /* of the marts */ PARAMS };

struct params {
	char *value[PARAMS]; /* NULL: not given */
};

extern const Oid params_types[PARAMS];

/* Take over one member of a query string, unescaped. NULL, or what is wrong with it (a literal). */
const char *params_set(struct params *p, const char *name, const char *value);

/* Is it a question about whole days (UTC), and about nobody in particular? */
bool params_whole_days(const struct params *p);

/* Append what tells two questions apart. */
void params_key(const struct params *p, struct buf *to);

void params_free(struct params *p);

#endif
