/* --pid: the program comes back under its old ids, as a child that checkpt waits for. */
#ifndef CHECKPT_THAW_ORIGINAL_PID_H
#define CHECKPT_THAW_ORIGINAL_PID_H

#include "checkpt/resource/resource.h"

/* Whether the ids can be had: rights, and nobody has them now. */
void original_pid_check(const struct thaw *thaw, struct findings *findings);
/* Resumes in a child with the leader's old id, passes signals on to it, and ends as it ends. Returns only where there is no child. `resume` makes the plan, too, and returns
 * only where that fails: the memory that it fills must be nobody else's. */
bool original_pid_run(const struct thaw *thaw, void (*resume)(void *context, struct failure *why), void *context, struct failure *why);

#endif
