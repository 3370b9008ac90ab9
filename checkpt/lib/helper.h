/* The helper: `checkpt --call`, which does what sys_checkpoint() asks for, from outside. */
#ifndef CHECKPT_LIB_HELPER_H
#define CHECKPT_LIB_HELPER_H

#include <sys/types.h>

struct helper_call {
    int type, fd, retval;
    pid_t pid;
    int spool;     /* CKPT_THAW of what is no file: it is copied to this descriptor first; -1: none */
};

/* Has the helper do it. 0, an error number, or in a resumed program -1 and its `retval`. Every signal is blocked. */
int helper_run(const struct helper_call *call, int *retval);
/* Becomes the helper, to thaw what helper_run() has found good. Returns an error number. */
int helper_become(const struct helper_call *call);

#endif
