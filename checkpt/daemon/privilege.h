/* The rights of a process that serves one request: the asker's user and groups, and of root's capabilities CAP_SYS_PTRACE alone, which is in force only where it is needed. */
#ifndef CHECKPT_DAEMON_PRIVILEGE_H
#define CHECKPT_DAEMON_PRIVILEGE_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "checkpt/failure.h"

/* For good. Files that it writes end at `file_limit` bytes (~0: no limit). */
bool privilege_drop(uid_t user, const gid_t *groups, size_t count, uint64_t file_limit, struct failure *why);
/* Puts CAP_SYS_PTRACE in force for this thread and those that it starts, or out of force. */
bool privilege_trace(bool on, struct failure *why);

#endif
