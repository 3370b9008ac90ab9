/* /proc/PID/fdinfo/N: position, flags and locks of a descriptor. */
#ifndef CHECKPT_PROC_FDINFO_H
#define CHECKPT_PROC_FDINFO_H

#include "checkpt/proc/proc.h"

bool proc_fdinfo(int directory, uint32_t number, struct arena *arena, struct proc_fd *fd, struct failure *why);

#endif
