/* What exec_sys_register() and exec_sys_unregister() ask for, done by a process of our own. */
#ifndef CHECKPT_CMD_CALL_RESIDENT_H
#define CHECKPT_CMD_CALL_RESIDENT_H

#include <stdint.h>
#include <sys/types.h>

#include "checkpt/resource/resource.h"

struct call_resident {
    int64_t number;        /* SYS_exec_sys_register, SYS_exec_sys_unregister */
    int64_t value;         /* entry or id */
    int fd;                /* what the call returns is written there, an int32_t at the beginning */
    pid_t process;         /* that calls */
    struct freeze_caller caller;
};

/* 0 or an error number; `why` has the sentence. */
int call_resident(const struct call_resident *call, struct failure *why);

#endif
