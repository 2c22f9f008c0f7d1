/*
 * What each main() does with the common options before and after its work.
 */
#ifndef TXPIPE_TOOL_H
#define TXPIPE_TOOL_H

#include "opt.h"

/*
 * Descriptors 0, 1 and 2 that the parent left closed would go to the next file or socket that is opened, and words or
 * records would be written into it. They are taken here, so that reading 0 and writing 1 fail and what goes to 2 is
 * lost. Called by opt_parse().
 */
void tool_hold_standard(void);

/* Signals, metrics. Ends the process on failure. Call right after opt_parse(). */
void tool_start(const struct common *common);

/* Last metrics, and closes stdout: some file systems tell only then that it is not all there. Turns EXIT_DONE into EXIT_DATA when
 * rejects > --max-rejects, or into EXIT_IO when one of the two failed (with a message). Returns the exit
 * status. After a signal the status stays what it is: an orderly end is EXIT_DONE. */
int tool_finish(const struct common *common, int status, uint64_t rejects);

#endif
