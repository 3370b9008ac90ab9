/* A program whose end only those notice who wait for it: no SIGCHLD, and nobody who waits for any child meets it. A clone without an exit signal is such a process, but execve(2)
 * makes it an ordinary child again; so it is a clone of the clone that becomes the program, and the first one passes its exit status on. Both share the caller's memory, so
 * they make system calls only, with every signal blocked. */
#ifndef CHECKPT_LIB_QUIET_H
#define CHECKPT_LIB_QUIET_H

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include "checkpt/arch/x86_64/raw_call.h"

enum { QUIET_STACK = 1024, QUIET_NO_START = 127 };

/* On the caller's stack, or wherever it stays until the program has ended. */
struct quiet {
    void (*ready)(void *argument);   /* in the first process, before anything; NULL: nothing */
    void (*execute)(void *argument); /* in the second one; does not return */
    void *argument;
    char first[QUIET_STACK] __attribute__((aligned(16)));
    char second[QUIET_STACK] __attribute__((aligned(16)));
};

/* It ends with its parent, whatever it is doing. */
static inline void quiet_first(void *argument)
{
    struct quiet *quiet = (struct quiet *)argument;
    int status = 0;
    raw_call(SYS_prctl, PR_SET_PDEATHSIG, SIGKILL, 0, 0);
    if (quiet->ready != NULL)
        quiet->ready(quiet->argument);
    long waited, child = raw_spawn(CLONE_VM | CLONE_VFORK, quiet->second + QUIET_STACK, quiet->execute, quiet->argument);
    do
        waited = child < 0 ? child : raw_call(SYS_wait4, (uint64_t)child, (uint64_t)(uintptr_t)&status, __WALL, 0);
    while (waited == -EINTR);
    raw_call(SYS_exit, (uint64_t)(waited < 0 ? -waited : WIFEXITED(status) ? WEXITSTATUS(status) : EIO), 0, 0, 0);
}

/* Its process id, to be waited for with __WALL, or -errno. */
static inline long quiet_start(struct quiet *quiet)
{
    return raw_spawn(CLONE_VM, quiet->first + QUIET_STACK, quiet_first, quiet);
}

#endif
