/* The parts of struct tracee, for the files of this folder only. */
#ifndef CHECKPT_TRACEE_STATE_H
#define CHECKPT_TRACEE_STATE_H

#include "checkpt/arch/x86_64/inject.h"
#include "checkpt/tracee/tracee.h"

struct thread {
    pid_t tid;
    enum { THREAD_RUNNING, THREAD_STOPPED, THREAD_EXITED } state; /* while attached only a leader may have exited */
    struct user_regs_struct registers;  /* to go on with */
};

/* A place in the program for inject_tail, while it holds it. */
struct tail {
    uint64_t address;                   /* 0: none */
    unsigned char saved[INJECT_TAIL_ROOM];
};

struct tracee {
    pid_t pid;
    int directory;                      /* /proc/PID; -1 when not attached */
    int memory;                         /* its mem */
    struct thread *threads;             /* [0] is the leader */
    size_t thread_count, thread_capacity;
    unsigned options;                   /* PTRACE_O_*, of every thread */
    struct tail tail;
    uint64_t scratch;                   /* 0: not mapped */
    uint64_t ignored_signals;           /* bit N-1: signal N does nothing in this program */
    bool stop_put_off;                  /* a SIGSTOP came in a thread that ran our code */
    pid_t child;                        /* of tracee_fork(); 0: none */
};

/* The first thread that runs; NULL where all have exited. */
struct thread *tracee_first_running(const struct tracee *tracee);
struct thread *tracee_running_thread(const struct tracee *tracee, size_t thread, struct failure *why);

#endif
