/* The program that is to be frozen, and whether it is the asker's own. The kernel is the judge: without any capability in force, may this process, which has the asker's user and groups,
 * look into it? That rule (PTRACE_MODE_READ of ptrace(2)) wants the same user and group three times over, no set-id program, nothing undumpable and no more capabilities, and is the one for
 * tracing too, but for what Yama adds. */
#ifndef CHECKPT_DAEMON_TARGET_H
#define CHECKPT_DAEMON_TARGET_H

#include <sys/types.h>

#include "checkpt/failure.h"

struct tracee;

struct target {
    pid_t pid;
    int pidfd;     /* borrowed */
};

/* The process behind a pidfd. */
bool target_find(struct target *target, int pidfd, struct failure *why);
/* `directory` is the program's in /proc. `tracee` has every thread of it stopped, or is NULL; `snapshot` is a copy of it, or 0. why->error is EPERM where it may not. With a tracee that
 * is allowed the answer holds as long as the threads stay stopped. */
bool target_is_own(const struct target *target, int directory, const struct tracee *tracee, pid_t snapshot, struct failure *why);

#endif
