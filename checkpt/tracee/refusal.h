/* Why a process cannot be attached to, in a sentence. */
#ifndef CHECKPT_TRACEE_REFUSAL_H
#define CHECKPT_TRACEE_REFUSAL_H

#include <sys/types.h>

#include "checkpt/failure.h"

/* After PTRACE_SEIZE of thread `tid` failed with `error`. Returns false; why->error is EPERM where it is the kernel's rules, and not the program's rights, that forbid it. */
bool refusal_explain(pid_t pid, pid_t tid, int directory, int error, struct failure *why);

#endif
