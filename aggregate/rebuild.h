/*
 * A model of any SQL, of which only the keys that changed rows of its sources touch are computed anew. Which keys a row
 * touches is said by `touches` ("dim_customer: customer_id"), else by columns of the same names as unique_key; a source
 * that has neither, or cannot be followed, touches all, and so does a table or seed of the project below.
 */
#ifndef AGGREGATE_REBUILD_H
#define AGGREGATE_REBUILD_H

#include "build.h"

/* 0, or -1 with the outcome. */
int rebuild_build(struct build *b);

#endif
