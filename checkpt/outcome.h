/* Standing in for another process: what ends it ends us in the same way, and what is sent to us is sent on. */
#ifndef CHECKPT_OUTCOME_H
#define CHECKPT_OUTCOME_H

#include <signal.h>
#include <sys/types.h>

/* Ends this process as `status` (of waitpid(2)) says that the other one ended: the same exit status, or killed by the same signal, without a core of its own. */
_Noreturn void outcome_end_as(int status);

/* Sends a signal that came to us on to `pid` (below 0: a process group, as kill(2)), with its value where it has one. What the kernel sent is not passed on:
 * a terminal's signals go to the whole foreground process group, and have reached the other one too. */
void outcome_pass_on(pid_t pid, const siginfo_t *info);

#endif
