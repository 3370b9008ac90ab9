/* A process of our own, `checkpt --call`, that does for a program what sys_checkpoint() asks for. */
#ifndef CHECKPT_LISTEN_SERVANT_H
#define CHECKPT_LISTEN_SERVANT_H

#include <sys/types.h>

struct servant_call {
    pid_t tid;              /* the calling thread */
    int type, fd, pid, retval;
};

/* 0 or an error number. */
int servant_run(const struct servant_call *call);

#endif
