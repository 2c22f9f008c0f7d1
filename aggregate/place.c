#include "place.h"

#include <stdarg.h>
#include <stdio.h>

#include "log.h"

int place_error(struct place at, const char *format, ...)
{
	char text[2048];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof text, format, args);
	va_end(args);
	if (at.line > 0)
		log_error("%s:%d: %s", at.file, at.line, text);
	else
		log_error("%s: %s", at.file, text);
	return -1;
}
