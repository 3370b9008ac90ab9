/* Progress of long work on stderr when that is a terminal: one line, after the first second, cleared at the end. */
#ifndef CLI_PROGRESS_H
#define CLI_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

struct cli_progress {
    const char *program;
    const char *what;   /* "verifying x.ckpt" */
    bool terminal;
    bool shown;
    uint64_t started, last; /* nanoseconds, CLOCK_MONOTONIC */
};

/* Both strings are borrowed. */
void cli_progress_init(struct cli_progress *progress, const char *program, const char *what);
/* Bytes done of total (0: not known). Cheap to call often. */
void cli_progress_update(struct cli_progress *progress, uint64_t done, uint64_t total);
void cli_progress_finish(struct cli_progress *progress);

#endif
