/* The helper: `checkpt --call` or `checkpt --resident`, which does what sys_checkpoint() or exec_sys_register() asks for, from outside. */
#ifndef CHECKPT_LIB_HELPER_H
#define CHECKPT_LIB_HELPER_H

#include <stdint.h>
#include <sys/types.h>

struct helper_call {
    const char *mode; /* "--call" or "--resident" */
    int type, fd;
    pid_t pid;
    int64_t retval;
    int spool;     /* CKPT_THAW of what is no file: it is copied to this descriptor first; -1: none */
};

/* Has the helper do it. 0, an error number, or in a resumed program -1 and its `retval`. Every signal is blocked. */
int helper_run(const struct helper_call *call, int *retval);
/* Becomes the helper, to thaw what helper_run() has found good. Returns an error number. */
int helper_become(const struct helper_call *call);

#endif
