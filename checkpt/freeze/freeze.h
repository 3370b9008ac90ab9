/* Freezing: a running program into a file. */
#ifndef CHECKPT_FREEZE_H
#define CHECKPT_FREEZE_H

#include <sys/types.h>

#include "checkpt/resource/resource.h"

struct freeze_request {
    pid_t pid;
    const char *output;    /* NULL: NAME.ckpt in the current directory */
    const int *descriptor; /* instead of that; not NULL: a regular file, which is replaced from its start on, or a pipe or socket; the caller's to close */
    struct freeze_caller caller;
    struct freeze_options options;
    /* Called with each thing that is in the way before anything is stopped; may be NULL. */
    void (*refused)(void *context, const struct finding *finding);
    void *context;
    const struct progress *progress; /* of copying; NULL: nobody waits */
};

/* Bytes for the name of the file that was written. */
#define FREEZE_NAME_MAX 4096

/* Whatever goes wrong, the program runs on unharmed and the file under the final name is the old one or none. SIGINT, SIGTERM and SIGHUP end
 * it cleanly. `written` receives the file's name; FREEZE_NAME_MAX bytes. False with exit status 1 and no sentence where every reason has
 * been told by refused(). */
bool freeze_program(const struct freeze_request *request, char *written, struct failure *why);

/* What `checkpt explain` shows: looks at the process as a freeze does before the stop, and lets every resource say what it thinks. */
bool freeze_explain(pid_t pid, struct findings *findings, struct failure *why);

#endif
