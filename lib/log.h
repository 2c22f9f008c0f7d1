/*
 * Words for people, on stderr: `tool: level: text`, or one JSON object a line with --log json. A message says
 * where (topic/partition/offset, file:line), what was wrong, and what the user can do.
 */
#ifndef TXPIPE_LOG_H
#define TXPIPE_LOG_H

#include <stdbool.h>

enum log_level { LEVEL_ERROR, LEVEL_WARN, LEVEL_NOTICE, LEVEL_INFO, LEVEL_DEBUG };

/* Name the tool; first thing in main(). Level is LEVEL_NOTICE until log_set(). */
void log_init(const char *tool);

/* The name given to log_init(). */
const char *log_tool(void);

/* `json` as --log json; `level` is the last level still printed (-q: LEVEL_ERROR, -v: LEVEL_INFO, -vv: LEVEL_DEBUG). */
void log_set(bool json, enum log_level level);

bool log_enabled(enum log_level level);

void log_at(enum log_level level, const char *format, ...) __attribute__((format(printf, 2, 3)));

#define log_error(...) log_at(LEVEL_ERROR, __VA_ARGS__)
#define log_warn(...) log_at(LEVEL_WARN, __VA_ARGS__)
#define log_notice(...) log_at(LEVEL_NOTICE, __VA_ARGS__)
#define log_info(...) log_at(LEVEL_INFO, __VA_ARGS__)
#define log_debug(...) log_at(LEVEL_DEBUG, __VA_ARGS__)

/* The last text logged at LEVEL_ERROR, "" if there was none: for whoever is told that the tool failed. */
const char *log_last_error(void);

/* Colour and live progress are for terminals only: isatty(fd), NO_COLOR unset, TERM not dumb. */
bool log_colour(int fd);

/* One line of progress on stderr, redrawn in place on a terminal, a line of its own elsewhere. */
void log_progress(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
