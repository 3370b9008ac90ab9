/* Who has a socket open, by what /proc calls it. */
#ifndef CHECKPT_PROC_HOLDERS_H
#define CHECKPT_PROC_HOLDERS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct proc_holder {
    pid_t pid;
    char comm[64];
};

/* A process other than `except` (and than ourselves) that has the socket of this inode. What other users' processes have is seen by those only who may trace them. False: none. */
bool proc_socket_holder(uint64_t inode, pid_t except, struct proc_holder *holder);

#endif
