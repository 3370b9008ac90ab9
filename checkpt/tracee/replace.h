/* Another program in the place of the one that a thread belongs to, as if the thread had called execve(2) itself. */
#ifndef CHECKPT_TRACEE_REPLACE_H
#define CHECKPT_TRACEE_REPLACE_H

#include <sys/types.h>

#include "checkpt/failure.h"

enum { REPLACE_ARGUMENTS_MAX = 16, REPLACE_BYTES_MAX = 2048 };

/* The thread waits in the registered call `number`, and makes its calls through that one's instruction. `keep` is a descriptor of the program that the new one gets
 * even where it is close-on-exec. On failure the thread is in its call again. */
bool tracee_replace(pid_t tid, long number, const char *path, const char *const *arguments, int keep, struct failure *why);

#endif
