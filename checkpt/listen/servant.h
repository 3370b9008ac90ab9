/* A process of our own, `checkpt --call` or `checkpt --resident`, that does for a program what sys_checkpoint() or exec_sys_register() asks for. */
#ifndef CHECKPT_LISTEN_SERVANT_H
#define CHECKPT_LISTEN_SERVANT_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct run_voice;

struct servant_call {
    pid_t tid;              /* the calling thread */
    const char *mode;       /* "--call" or "--resident"; NULL: the first */
    int type, fd, pid;
    int64_t retval;
    int result;             /* instead of `fd`: this process's own, for what the servant has to give back; 0: none */
    int messages;           /* what the servant has to say comes here, a line each; 0: nowhere */
    bool outside;           /* the thread is in no call: `tid` only names the process */
};

/* 0 or an error number. */
int servant_run(const struct servant_call *call);

/* A checkpoint by template, at nobody's call but a signal's or the terminal's: `voice` says what was written, or what was in the way. `tid`
 * is the thread in the call, 0: none. 0 or an error number. */
int servant_checkpoint(pid_t pid, pid_t tid, const struct run_voice *voice);

#endif
