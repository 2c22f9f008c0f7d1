/*
 * Signals. SIGTERM and SIGINT ask for an orderly end: sources stop, filters and sinks read on to the end of
 * input or to the end of the grace time. A second signal ends the process at once. SIGPIPE does nothing: a
 * reader that goes away is seen as EPIPE or by poll().
 */
#ifndef TXPIPE_SIG_H
#define TXPIPE_SIG_H

#include <stdbool.h>
#include <stdint.h>

/* Install the handlers; `grace` in microseconds. */
void sig_init(int64_t grace);

/* The signal that asked for the end, or 0. */
int sig_asked(void);

/* Microseconds of grace left: INT64_MAX when nobody asked, 0 when it is over. */
int64_t sig_grace_left(void);

/* Readable from the first signal on, for poll(). Never read from it. */
int sig_fd(void);

/* From now on SIGHUP asks for the configuration to be read again; without this it ends the process. System calls go on. */
void sig_watch_reload(void);

/* Did SIGHUP come since the last sig_take_reload()? */
bool sig_reload_asked(void);

/* What was asked is about to be done: what comes from here on asks anew. */
void sig_take_reload(void);

/* Readable while a reload is asked for; may stay so when sig_reload_asked() says no more, until sig_take_reload(). */
int sig_reload_fd(void);

#endif
