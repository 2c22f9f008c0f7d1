#include "log.h"

#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "utf8.h"

static const char *tool = "txpipe";
static bool as_json;
static enum log_level limit = LEVEL_NOTICE;
static _Thread_local char last_error[2048];
static atomic_bool progress_open; /* a progress line without its newline is on the terminal */

static const char *const names[] = {"error", "warning", "notice", "info", "debug"};

void log_init(const char *name)
{
	tool = name;
}

const char *log_tool(void)
{
	return tool;
}

void log_set(bool json, enum log_level level)
{
	as_json = json;
	limit = level;
}

bool log_enabled(enum log_level level)
{
	return level <= limit;
}

bool log_colour(int fd)
{
	const char *term = getenv("TERM");
	const char *no = getenv("NO_COLOR");

	return isatty(fd) && (no == NULL || no[0] == '\0') && term != NULL && strcmp(term, "dumb") != 0;
}

/*
 * Control characters (C1 ones too) could move the terminal's cursor or break the JSON: they leave as \uXXXX. Bytes
 * that are not UTF-8 become U+FFFD.
 */
static void escape(char *to, size_t room, const char *text)
{
	const char *end = text + strlen(text);
	size_t n = 0, taken;

	for (; text < end && n + 7 < room; text += taken) {
		unsigned char c = (unsigned char)*text;

		taken = utf8_length(text, end);
		if (taken == 0) {
			memcpy(to + n, "\xef\xbf\xbd", 3);
			n += 3;
			taken = 1;
		} else if (c < 0x20 || c == 0x7f) {
			n += (size_t)snprintf(to + n, room - n, "\\u%04x", c);
		} else if (taken == 2 && c == 0xc2 && (unsigned char)text[1] < 0xa0) {
			n += (size_t)snprintf(to + n, room - n, "\\u%04x", (unsigned char)text[1]);
		} else {
			if (as_json && (c == '"' || c == '\\'))
				to[n++] = '\\';
			memcpy(to + n, text, taken);
			n += taken;
		}
	}
	to[n] = '\0';
}

void log_at(enum log_level level, const char *format, ...)
{
	char text[2048], safe[4096], line[4400];
	va_list args;
	int n;

	if (!log_enabled(level))
		return;
	va_start(args, format);
	vsnprintf(text, sizeof text, format, args);
	va_end(args);
	if (level == LEVEL_ERROR)
		memcpy(last_error, text, sizeof last_error);
	escape(safe, sizeof safe, text);
	if (as_json)
		n = snprintf(line, sizeof line, "{\"tool\":\"%s\",\"level\":\"%s\",\"text\":\"%s\"}\n", tool, names[level],
		             safe);
	else
		n = snprintf(line, sizeof line, "%s%s: %s: %s\n", progress_open ? "\r\033[K" : "", tool, names[level], safe);
	progress_open = false;
	/* one write, so that the lines of tools that share a terminal do not mix */
	if (n > 0 && write(STDERR_FILENO, line, (size_t)n) < 0)
		return; /* nowhere left to say so */
}

const char *log_last_error(void)
{
	return last_error;
}

void log_progress(const char *format, ...)
{
	bool live = !as_json && log_colour(STDERR_FILENO);
	char text[512], line[700];
	va_list args;
	int n;

	va_start(args, format);
	vsnprintf(text, sizeof text, format, args);
	va_end(args);
	if (as_json)
		n = snprintf(line, sizeof line, "{\"tool\":\"%s\",\"level\":\"progress\",\"text\":\"%s\"}\n", tool, text);
	else if (live)
		n = snprintf(line, sizeof line, "\r\033[K%s: %s", tool, text);
	else
		n = snprintf(line, sizeof line, "%s: %s\n", tool, text);
	progress_open = live;
	if (n > 0 && write(STDERR_FILENO, line, (size_t)n) < 0)
		return;
}
