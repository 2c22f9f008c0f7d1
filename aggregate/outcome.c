#include "outcome.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

int outcome_error(struct outcome *o, int exit_status, const char *format, ...)
{
	char text[2048];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof text, format, args);
	va_end(args);
	free(o->message);
	o->message = xstrdup(text);
	o->status = OUTCOME_ERROR;
	o->exit_status = exit_status;
	return -1;
}

int outcome_server_error(struct outcome *o, const struct db *db, const char *what)
{
	struct buf text = {0};

	buf_addf(&text, "%s:%d: %s%s%s", o->node->at.file, o->node->at.line, what, what[0] != '\0' ? ": " : "", db->message);
	if (db->sqlstate[0] != '\0')
		buf_addf(&text, " (SQLSTATE %s)", db->sqlstate);
	if (db->detail != NULL)
		buf_addf(&text, "; %s", db->detail);
	if (db->hint != NULL)
		buf_addf(&text, "; hint: %s", db->hint);
	free(o->message);
	o->message = xstrdup(buf_text(&text));
	buf_free(&text);
	o->status = OUTCOME_ERROR;
	o->exit_status = db_exit_status(db);
	return -1;
}
