/* What the features of a rule file remember, as one hash: two files with the same one can share what was remembered. */
#ifndef FRAUDCHECK_SIGNATURE_H
#define FRAUDCHECK_SIGNATURE_H

#include "digest.h"
#include "rule_check.h"

/*
 * The hash covers, in the order of the file, what each feature computes, over which keys and windows, and everything below that: the
 * `let`s, the types of members, lists and tables. Names of features and lets do not count. *currencies is set if the
 * currency table counts, too: that is not read here.
 */
void signature_make(const struct statement *first, const struct files *files, char hex[DIGEST_HEX + 1], bool *currencies);

#endif
