#include "opt.h"

#include <getopt.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "buf.h"
#include "exit.h"
#include "log.h"
#include "metrics.h"
#include "out.h"
#include "parse.h"
#include "tool.h"
#include "version.h"

enum { MAX_OPTIONS = 96, LONG_BASE = 256 };

static bool want_help, want_version, want_options;
static const char *health_file;

/* The suite's own options: every tool's table continues here. */
static size_t append_common(struct opt *table, size_t n, struct common *c)
{
	const struct opt own[] = {
		{OPT_HEADING, .help = "In every tool:"},
		{OPT_FLAG, 'h', "help", &want_help, .help = "print this and exit"},
		{OPT_FLAG, 'V', "version", &want_version, .help = "print the version and exit"},
		{OPT_FLAG, 0, "options", &want_options, .min = 0}, /* for the suite's own scripts: --help is silent about it */
		{OPT_FLAG, 'q', "quiet", &c->quiet, .help = "only errors on stderr"},
		{OPT_COUNT, 'v', "verbose", &c->verbose, .help = "say more; twice: debug"},
		{OPT_CHOICE, 0, "log", &c->log, "text|json", "form of the messages on stderr (text)", .choices = "text|json"},
		{OPT_FLAG, 0, "progress", &c->progress, .help = "print rate, total and elapsed time on stderr"},
		{OPT_STRING, 0, "metrics", &c->metrics, "FILE.prom", "keep Prometheus text in FILE",
	         .min = 0},
		{OPT_STRING, 0, "health", &health_file, "FILE.prom",
	         "exit 0 if a running tool keeps FILE fresh (30 s), else 1", .min = 0},
		{OPT_INT, 0, "max-rejects", &c->max_rejects, "N", "exit 1 after more than N rejects (unlimited)",
	         .max = INT64_MAX},
		{OPT_DURATION, 0, "grace", &c->grace, "DURATION", "time to finish the input after SIGTERM (5s)",
	         .max = 86400000000},
	};
	const size_t count = sizeof own / sizeof own[0];

	if (n + count >= MAX_OPTIONS) {
		log_error("too many options in the table");
		exit(EXIT_BUG);
	}
	memcpy(table + n, own, sizeof own);
	return n + count;
}

static bool takes_argument(const struct opt *o)
{
	return o->type != OPT_FLAG && o->type != OPT_COUNT;
}

void opt_usage(const char *format, ...)
{
	char text[1024];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof text, format, args);
	va_end(args);
	log_error("%s (see %s --help)", text, log_tool());
	exit(EXIT_USAGE);
}

static bool is_choice(const char *choices, const char *value)
{
	size_t n = strlen(value);

	for (const char *at = choices; *at != '\0';) {
		size_t len = strcspn(at, "|");

		if (len == n && memcmp(at, value, n) == 0)
			return true;
		at += len;
		if (*at == '|')
			at++;
	}
	return false;
}

/* Durations and sizes are kept in small units that would not help anybody: no bounds are named for them. */
_Noreturn static void out_of_range(const struct opt *o, const char *label, const char *text)
{
	if (o->type != OPT_INT && o->type != OPT_REAL)
		opt_usage("%s: %s is out of range", label, text);
	if (o->max == 0 || o->max == INT64_MAX)
		opt_usage("%s: %s is out of range, it must be at least %" PRId64, label, text, o->min);
	opt_usage("%s: %s is out of range %" PRId64 "..%" PRId64, label, text, o->min, o->max);
}

static void store_int(const struct opt *o, const char *label, const char *text, int64_t value)
{
	int64_t max = o->min >= 0 && o->max == 0 ? INT64_MAX : o->max;

	if (value < o->min || value > max)
		out_of_range(o, label, text);
	*(int64_t *)o->to = value;
}

static void store(const struct opt *o, const char *label, const char *text)
{
	int64_t value = 0;

	switch (o->type) {
	case OPT_FLAG:
		*(bool *)o->to = true;
		break;
	case OPT_COUNT:
		++*(int *)o->to;
		break;
	case OPT_STRING:
		*(const char **)o->to = text;
		break;
	case OPT_LIST: {
		struct opt_list *list = o->to;

		list->item = xrealloc(list->item, (list->count + 1) * sizeof *list->item);
		list->item[list->count++] = text;
		break;
	}
	case OPT_CHOICE:
		if (!is_choice(o->choices, text))
			opt_usage("%s: '%s' is not one of %s", label, text, o->choices);
		*(const char **)o->to = text;
		break;
	case OPT_REAL: {
		double real;

		if (parse_real(span_of(text), &real) < 0)
			opt_usage("%s: '%s' is not a number", label, text);
		if (real < (double)o->min || ((o->max != 0 || o->min < 0) && real > (double)o->max))
			out_of_range(o, label, text);
		*(double *)o->to = real;
		break;
	}
	case OPT_INT:
		if (parse_int(span_of(text), &value) < 0)
			opt_usage("%s: '%s' is not a whole number", label, text);
		store_int(o, label, text, value);
		break;
	case OPT_SIZE:
		if (parse_size(span_of(text), &value) < 0)
			opt_usage("%s: '%s' is not a size such as 65536, 64k or 8M", label, text);
		store_int(o, label, text, value);
		break;
	case OPT_DURATION:
		if (parse_duration(span_of(text), &value) < 0)
			opt_usage("%s: '%s' is not a duration such as 500ms, 10s or 30d", label, text);
		store_int(o, label, text, value);
		break;
	case OPT_END:
	case OPT_HEADING:
		break;
	}
}

/* Rows without words are not for people. */
static bool is_hidden(const struct opt *o)
{
	return o->help == NULL;
}

static void help_option(const struct opt *o)
{
	char left[80] = "";
	size_t n = 0;
	const char *arg = o->arg != NULL ? o->arg : "VALUE";

	if (o->letter != 0)
		n += (size_t)snprintf(left + n, sizeof left - n, "-%c%s", o->letter, o->name != NULL ? ", " : "");
	else
		n += (size_t)snprintf(left + n, sizeof left - n, "    ");
	if (o->name != NULL)
		n += (size_t)snprintf(left + n, sizeof left - n, "--%s", o->name);
	if (takes_argument(o))
		snprintf(left + n, sizeof left - n, o->optional ? "[=%s]" : " %s", arg);
	printf("  %-32s ", left);
	if (strlen(left) > 32)
		printf("\n  %-32s ", "");
	printf("%s", o->help);
	if (o->env != NULL)
		printf(" [$%s]", o->env);
	putchar('\n');
}

static void help(const struct opt_spec *spec, const struct opt *table, size_t count)
{
	printf("Usage: %s %s\n%s\n\n", spec->tool, spec->synopsis, spec->summary);
	for (size_t i = 0; i < count; i++) {
		if (table[i].type == OPT_HEADING)
			printf("%s%s\n", i > 0 ? "\n" : "", table[i].help);
		else if (!is_hidden(&table[i]))
			help_option(&table[i]);
	}
	if (spec->examples != NULL)
		printf("\nExamples:\n%s", spec->examples);
	printf("\nExit status: 0 done; 1 the data said no; 2 usage or configuration; 65 input or log contradicts\n"
	       "what is stored; 70 a bug; 74 I/O error or torn input; 75 try again later; 128+n by signal.\n");
}

/*
 * The table for programs: completions are made from it and the manuals held against it. Lines of fields with tabs between them, - for
 * none: option LETTER NAME none|required|optional TYPE ARGUMENT CHOICES VARIABLE HELP (on one line), then operand WORDS.
 */
static void print_options(const struct opt_spec *spec, const struct opt *table, size_t count)
{
	static const char *const types[] = {
		[OPT_FLAG] = "flag", [OPT_COUNT] = "count", [OPT_STRING] = "string", [OPT_LIST] = "list",
		[OPT_INT] = "int",   [OPT_REAL] = "real",   [OPT_SIZE] = "size",     [OPT_DURATION] = "duration",
		[OPT_CHOICE] = "choice",
	};

	for (size_t i = 0; i < count; i++) {
		const struct opt *o = &table[i];

		if (o->type == OPT_HEADING || is_hidden(o))
			continue;
		printf("option\t%c\t%s\t%s\t%s\t%s\t%s\t%s\t", o->letter != 0 ? o->letter : '-', o->name != NULL ? o->name : "-",
		       !takes_argument(o) ? "none" : o->optional ? "optional" : "required", types[o->type],
		       !takes_argument(o) ? "-" : o->arg != NULL ? o->arg : "VALUE", o->choices != NULL ? o->choices : "-",
		       o->env != NULL ? o->env : "-");
		for (const char *p = o->help; *p != '\0'; p++)
			putchar(*p == '\n' ? ' ' : *p);
		putchar('\n');
	}
	if (spec->operands != NULL)
		printf("operand\t%s\n", spec->operands);
}

/* The table in the form that getopt_long wants.
 Values: the letter, or LONG_BASE + index. */
static void to_getopt(const struct opt *table, size_t count, char *letters, struct option *longs)
{
	*letters++ = ':'; /* tell a missing argument from an unknown option */
	for (size_t i = 0; i < count; i++) {
		const struct opt *o = &table[i];

		if (o->type == OPT_HEADING)
			continue;
		if (o->letter != 0) {
			*letters++ = o->letter;
			if (takes_argument(o) && !o->optional)
				*letters++ = ':';
		}
		if (o->name != NULL) {
			longs->name = o->name;
			longs->has_arg = !takes_argument(o) ? no_argument : o->optional ? optional_argument : required_argument;
			longs->flag = NULL;
			longs->val = LONG_BASE + (int)i;
			longs++;
		}
	}
	*letters = '\0';
	*longs = (struct option){0};
}

static size_t find_letter(const struct opt *table, size_t count, int letter)
{
	size_t i = 0;

	while (i < count && (table[i].type == OPT_HEADING || table[i].letter != letter))
		i++;
	return i;
}

static void apply_environment(const struct opt *table, size_t count, const bool *given)
{
	for (size_t i = 0; i < count; i++) {
		const char *value = table[i].env != NULL ? getenv(table[i].env) : NULL;
		char label[64];

		if (value == NULL || value[0] == '\0' || given[i])
			continue;
		snprintf(label, sizeof label, "$%s", table[i].env);
		store(&table[i], label, value);
	}
}

static void set_log(const struct common *c)
{
	enum log_level level = c->quiet ? LEVEL_ERROR
	                       : c->verbose >= 2 ? LEVEL_DEBUG
	                       : c->verbose == 1 ? LEVEL_INFO
	                                         : LEVEL_NOTICE;

	log_set(strcmp(c->log, "json") == 0, level);
}

/* Names are written out: an abbreviation would come to mean something else with the next option (--target prod is no --target-path). */
static void check_name(const char *name, int at, char **argv)
{
	const char *given = argv[at - 1] == optarg ? argv[at - 2] : argv[at - 1];
	size_t n = strcspn(given, "=");

	if (n != strlen(name) + 2)
		opt_usage("unknown option %.*s; is --%s meant?", (int)n, given, name);
}

static void parse_all(const struct opt *table, size_t count, bool *given, int argc, char **argv)
{
	char letters[2 * MAX_OPTIONS + 2];
	struct option longs[MAX_OPTIONS + 1];
	int code;

	to_getopt(table, count, letters, longs);
	opterr = 0;
	while ((code = getopt_long(argc, argv, letters, longs, NULL)) != -1) {
		size_t i = code >= LONG_BASE ? (size_t)(code - LONG_BASE) : find_letter(table, count, code);
		char label[64];

		if (code == ':')
			opt_usage("%s needs an argument", argv[optind - 1]);
		if (code == '?' && optopt != 0 && optopt < LONG_BASE)
			opt_usage("unknown option -%c", optopt);
		if (code == '?' || i >= count)
			opt_usage("unknown option, or an argument too many: %s", argv[optind - 1]);
		if (code >= LONG_BASE) {
			check_name(table[i].name, optind, argv);
			snprintf(label, sizeof label, "--%s", table[i].name);
		} else {
			snprintf(label, sizeof label, "-%c", code);
		}
		if (given[i] && table[i].type != OPT_LIST && table[i].type != OPT_COUNT)
			opt_usage("%s is given twice", label);
		for (size_t j = 0; j < count; j++) /* other spellings of it too */
			given[j] = given[j] || (j == i || (table[j].to != NULL && table[j].to == table[i].to));
		store(&table[i], label, optarg != NULL ? optarg : "");
	}
}

int opt_parse(const struct opt_spec *spec, struct common *common, int argc, char **argv)
{
	struct opt table[MAX_OPTIONS];
	bool given[MAX_OPTIONS] = {false};
	size_t count = 0;

	tool_hold_standard();
	log_init(spec->tool);
	*common = (struct common){.log = "text", .max_rejects = INT64_MAX, .grace = 5000000};
	while (spec->options[count].type != OPT_END && count < MAX_OPTIONS)
		count++;
	memcpy(table, spec->options, count * sizeof table[0]);
	count = append_common(table, count, common);
	parse_all(table, count, given, argc, argv);
	if (want_help) {
		help(spec, table, count);
		exit(out_report_end(stdout, "stdout"));
	}
	if (want_version) {
		printf("%s (txpipe) %s\n", spec->tool, TXPIPE_VERSION);
		exit(out_report_end(stdout, "stdout"));
	}
	if (want_options) {
		print_options(spec, table, count);
		exit(out_report_end(stdout, "stdout"));
	}
	apply_environment(table, count, given);
	set_log(common);
	if (health_file != NULL)
		exit(metrics_health(health_file));
	if (spec->max_operands >= 0 && argc - optind > spec->max_operands)
		opt_usage("unexpected argument '%s'", argv[optind + spec->max_operands]);
	return optind;
}
