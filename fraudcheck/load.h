/* From the files that the command line names to a judge. */
#ifndef FRAUDCHECK_LOAD_H
#define FRAUDCHECK_LOAD_H

#include "judge.h"

struct load {
	const char *rules, *currencies; /* NULL: what is built in */
	const struct judge_options *options;
};

/* Read a file whole. 0, or EXIT_USAGE with a message. */
int load_file(const char *path, struct buf *to);

/* The rule file's name for messages. */
const char *load_name(const struct load *l);

/* EXIT_DONE; or EXIT_USAGE with everything that is wrong said, *judge is then all zero. */
int load_judge(const struct load *l, struct judge *judge);

#endif
