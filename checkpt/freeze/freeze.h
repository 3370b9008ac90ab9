/* Freezing: a running program into a file. */
#ifndef CHECKPT_FREEZE_H
#define CHECKPT_FREEZE_H

#include <sys/types.h>

#include "checkpt/resource/resource.h"

struct tracee;

/* For who freezes with more rights than the one who asked for it. They are used only while the program stands still, and only where it is shown to be the asker's own. */
struct freeze_guard {
    pid_t asker;
    /* The program is about to be stopped: from here on the rights are needed. */
    bool (*begin)(void *context, struct failure *why);
    /* Every thread stands still: is this the program that was meant, and the asker's? Asked when it has been stopped, and once more when our code in it has run, for which the snapshot,
     * where there is one (0: none), is judged too. `directory` is the program's in /proc. */
    bool (*allows)(void *context, int directory, const struct tracee *tracee, pid_t snapshot, struct failure *why);
    /* With options.exit: the image is safe, as far as this process can see to that; where true is returned the program ends. */
    bool (*stored)(void *context, struct failure *why);
    void *context;
};

struct freeze_request {
    pid_t pid;
    const char *output;    /* NULL: NAME.ckpt in the current directory */
    const int *descriptor; /* instead of that; not NULL: a regular file, which is replaced from its start on, or a pipe or socket; the caller's to close */
    struct freeze_caller caller;
    struct freeze_options options;
    const struct freeze_guard *guard; /* NULL: the caller has no more rights than who asked */
    /* Called with each thing that is in the way before anything is stopped; may be NULL. */
    void (*refused)(void *context, const struct finding *finding);
    void *context;
    const struct progress *progress; /* of copying; NULL: nobody waits */
};

/* Bytes for the name of the file that was written. */
#define FREEZE_NAME_MAX 4096
/* NAME.ckpt, of what ps(1) shows; `name` has FREEZE_NAME_MAX bytes. */
void freeze_default_name(char *name, const char *comm);

/* Whatever goes wrong, the program runs on unharmed and the file under the final name is the old one or none. SIGINT, SIGTERM and SIGHUP end
 * it cleanly. `written` receives the file's name; FREEZE_NAME_MAX bytes. False with exit status 1 and no sentence where every reason has
 * been told by refused(). */
bool freeze_program(const struct freeze_request *request, char *written, struct failure *why);

/* What `checkpt explain` shows: looks at the process as a freeze does before the stop, and lets every resource say what it thinks. */
bool freeze_explain(pid_t pid, struct findings *findings, struct failure *why);

#endif
