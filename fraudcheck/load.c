#include "load.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "defaults.h"
#include "exit.h"
#include "log.h"

int load_file(const char *path, struct buf *to)
{
	FILE *f = fopen(path, "re");
	size_t n;

	if (f == NULL) {
		log_error("%s: %s", path, strerror(errno));
		return EXIT_USAGE;
	}
	while ((n = fread(buf_room(to, 1 << 16), 1, 1 << 16, f)) > 0)
		to->n += n;
	if (ferror(f)) {
		log_error("%s: %s", path, strerror(errno));
		fclose(f);
		return EXIT_USAGE;
	}
	fclose(f);
	return EXIT_DONE;
}

/* Errors have several lines: message, source line, caret. */
static void print_errors(struct buf *errors)
{
	buf_add_char(errors, '\0');
	for (char *line = strtok(errors->p, "\n"); line != NULL; line = strtok(NULL, "\n"))
		log_error("%s", line);
}

const char *load_name(const struct load *l)
{
	return l->rules != NULL ? l->rules : "seed.rules";
}

int load_judge(const struct load *l, struct judge *judge)
{
	struct buf rules = {0}, currencies = {0}, errors = {0};
	int status = EXIT_DONE;

	if (l->rules == NULL)
		buf_add_span(&rules, default_rules());
	else
		status = load_file(l->rules, &rules);
	if (l->currencies == NULL)
		buf_add_span(&currencies, default_currencies());
	else if (status == EXIT_DONE)
		status = load_file(l->currencies, &currencies);
	if (status == EXIT_DONE &&
	    judge_init(judge, load_name(l), buf_span(&rules), l->currencies != NULL ? l->currencies : "currencies.ndjson",
	               buf_span(&currencies), l->options, &errors) < 0) {
		print_errors(&errors);
		status = EXIT_USAGE;
	}
	if (status != EXIT_DONE)
		*judge = (struct judge){0};
	buf_free(&rules);
	buf_free(&currencies);
	buf_free(&errors);
	return status;
}
