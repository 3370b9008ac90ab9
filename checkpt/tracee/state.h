/* The parts of struct tracee, for the files of this folder only. */
#ifndef CHECKPT_TRACEE_STATE_H
#define CHECKPT_TRACEE_STATE_H

#include "checkpt/arch/x86_64/inject.h"
#include "checkpt/tracee/tracee.h"

struct thread {
    pid_t tid;
    enum { THREAD_RUNNING, THREAD_STOPPED, THREAD_EXITED } state; /* while attached only a leader may have exited */
    struct user_regs_struct registers;  /* to go on with */
    uint64_t mask;                      /* of signals, likewise; of a thread that is away */
    bool away;                          /* it has our registers and mask */
};

struct tracee {
    pid_t pid;
    int directory;                      /* /proc/PID; -1 when not attached */
    int task;                           /* directory of a thread that lives, as a leader may not: its maps, mem, auxv … */
    int memory;                         /* its mem */
    struct thread *threads;             /* [0] is the leader */
    size_t thread_count, thread_capacity;
    unsigned options;                   /* PTRACE_O_*, of every thread */
    uint64_t tail;                      /* address of inject_tail; 0: not there */
    struct thread *host;                /* one of `threads`, that stays in our code while there is a scratch area; NULL: none */
    uint64_t scratch;                   /* 0: not mapped */
    uint64_t ignored_signals;           /* bit N-1: signal N does nothing in this program */
    bool signals_asked;                 /* ignored_signals is known, or cannot be */
    bool replaced;                      /* it has become another program: nothing of it is touched any more */
    pid_t child;                        /* of tracee_fork(); 0: none */
};

/* The first thread that runs; NULL where all have exited. */
struct thread *tracee_first_running(const struct tracee *tracee);
/* The signal that ends the thread's batches; needs its mask. 0: none fits. */
int tracee_batch_signal(struct tracee *tracee, const struct thread *thread);
struct thread *tracee_running_thread(const struct tracee *tracee, size_t thread, struct failure *why);

#endif
