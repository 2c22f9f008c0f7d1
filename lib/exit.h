/* Exit statuses: one table for the whole suite (docs/design.md, "Exit status"). */
#ifndef TXPIPE_EXIT_H
#define TXPIPE_EXIT_H

enum exit_status {
	EXIT_DONE = 0,      /* everything asked for was done */
	EXIT_DATA = 1,      /* done, but the data said no: rejects over the limit, a failed data test */
	EXIT_USAGE = 2,     /* usage or configuration: a person has to change something */
	EXIT_CONFLICT = 65, /* the input or the log contradicts what is stored */
	EXIT_BUG = 70,      /* a bug in the tool */
	EXIT_IO = 74,       /* I/O error, torn input, or the reader of stdout went away (then silent) */
	EXIT_RETRY = 75,    /* a dependency is unavailable: try again later */
	EXIT_SIGNAL = 128   /* plus the signal's number */
};

#endif
