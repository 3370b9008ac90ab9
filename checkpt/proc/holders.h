/* Who has an object of the kernel open: a socket or a pipe, by what /proc calls it. */
#ifndef CHECKPT_PROC_HOLDERS_H
#define CHECKPT_PROC_HOLDERS_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct proc_holder {
    uint64_t inode;     /* of "socket:[N]" */
    pid_t pid;          /* out: a process that has it; 0: none that we may look at */
    char comm[64];      /* out: its name */
};

/* For each of `wanted` a process other than `except` (and than ourselves) that has it. `kind` is "socket" or "pipe". What other users' processes have is seen by
 * those only who may trace them. The order of `wanted` becomes that of the inodes. */
void proc_holders(const char *kind, struct proc_holder *wanted, size_t count, pid_t except);

#endif
