/* Our code in a program whose last tracer was killed: who is still on the way home through it. */
#ifndef CHECKPT_TRACEE_LEFTOVER_H
#define CHECKPT_TRACEE_LEFTOVER_H

#include "checkpt/tracee/state.h"

/* True where the thread runs our code: it is at home again as soon as it was let run for some instructions. */
bool leftover_is_run_by(const struct tracee *tracee, const struct thread *thread);

/* True where a thread's stack holds a word that points into [start, end): it may be in a signal handler that arrived while it was about to leave our code, and
 * return to it. Also where that cannot be told. */
bool leftover_is_returned_to(const struct tracee *tracee, uint64_t start, uint64_t end);

#endif
