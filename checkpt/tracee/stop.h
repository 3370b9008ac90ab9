/* Waiting for a thread to stop, and why it did. */
#ifndef CHECKPT_TRACEE_STOP_H
#define CHECKPT_TRACEE_STOP_H

#include <stdbool.h>
#include <sys/types.h>

struct stop {
    enum stop_kind {
        STOP_INTERRUPTED, /* by PTRACE_INTERRUPT, or as part of a group stop (job control) */
        STOP_SIGNAL,      /* `signal` is about to be delivered */
        STOP_SYSCALL,     /* entry or exit */
        STOP_CLONE,       /* it has made a child; PTRACE_GETEVENTMSG tells its id */
        STOP_EXEC,        /* it has become another program, of which nothing has run yet */
        STOP_OTHER,       /* another ptrace event */
        STOP_EXITED,      /* it is gone, or is nobody we trace */
        STOP_NOT_YET,
    } kind;
    int signal;
};

/* Blocks until the thread stops. */
struct stop stop_wait(pid_t tid);
/* STOP_NOT_YET where it runs still. */
struct stop stop_poll(pid_t tid);

#endif
