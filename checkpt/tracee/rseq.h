/* Restartable sequences. */
#ifndef CHECKPT_TRACEE_RSEQ_H
#define CHECKPT_TRACEE_RSEQ_H

#include "checkpt/tracee/state.h"

/* A thread that is stopped in the middle of a restartable sequence goes on at its abort handler, as the kernel would have it: our code in between would
 * make the kernel forget that there was one. Changes `thread->registers`. */
bool rseq_abort(const struct tracee *tracee, struct thread *thread, struct failure *why);

#endif
