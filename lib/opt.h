/*
 * Options. One table per tool gives parsing, range checks, `--help`, and what manuals and completions are checked
 * against. A repeated option is an error unless it is a list or a count, and so are two spellings of one (two rows
 * with the same `to`); every number is range-checked.
 */
#ifndef TXPIPE_OPT_H
#define TXPIPE_OPT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum opt_type {
	OPT_END,      /* ends the table */
	OPT_HEADING,  /* `help` is a heading in --help */
	OPT_FLAG,     /* bool */
	OPT_COUNT,    /* int, each mention adds one */
	OPT_STRING,   /* const char * */
	OPT_LIST,     /* struct opt_list, each mention appends */
	OPT_INT,      /* int64_t in min..max */
	OPT_REAL,     /* double in min..max */
	OPT_SIZE,     /* int64_t bytes in min..max: 64k, 8M */
	OPT_DURATION, /* int64_t microseconds in min..max: 500ms, 10s, 30d */
	OPT_CHOICE    /* const char *, one of `choices` */
};

struct opt_list {
	const char **item;
	size_t count;
};

struct opt {
	enum opt_type type;
	char letter;         /* 0: no short form */
	const char *name;    /* long form without dashes; NULL: no long form */
	void *to;            /* where the value goes; keeps its former value (the default) if not given */
	const char *arg;     /* name of the argument in --help, such as FILE */
	const char *help;    /* one line; says the default */
	int64_t min, max;    /* for numbers; max 0 with a min of 0 or more: no upper bound */
	const char *choices; /* "latency|throughput" */
	bool optional;       /* the argument may be left out (only as --name=ARG); *to is then "" */
	const char *env;     /* environment variable used when the option is not given */
};

struct opt_spec {
	const char *tool;
	const char *synopsis; /* behind the tool's name, such as "[OPTION ...] [FILE ...]" */
	const char *summary;  /* what it does, one or two lines */
	const struct opt *options;
	const char *examples; /* whole lines, printed as they are; may be NULL */
	int max_operands;     /* -1: any number */
	const char *operands; /* for completions: words for the first, "build|run", then FILE if files follow; may be NULL */
};

/* The options that every tool has, with the values they got. */
struct common {
	bool quiet;
	int verbose;
	const char *log;     /* "text" or "json" */
	bool progress;       /* print rate, total and elapsed on stderr */
	const char *metrics; /* FILE.prom, or NULL */
	int64_t max_rejects; /* exit EXIT_DATA beyond; INT64_MAX: unlimited */
	int64_t grace;       /* microseconds a filter or sink still reads after SIGTERM */
};

/*
 * Parse the command line; sets up log. Ends the process itself for --help and --version (EXIT_DONE), for
 * --options (the table for programs: completions and the test of the manuals; --help is silent about it), for
 * --health FILE (see metrics.h) and for usage errors (EXIT_USAGE, one line and a pointer to --help).
 * Returns the index in argv (which is permuted) of the first operand.
 */
int opt_parse(const struct opt_spec *spec, struct common *common, int argc, char **argv);

/* For errors that only the tool can see (two options that exclude each other): prints and exits EXIT_USAGE. */
_Noreturn void opt_usage(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
