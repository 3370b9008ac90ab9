/* The piece of code that makes a single call in a program that holds nothing of ours yet. */
#ifndef CHECKPT_TRACEE_TAIL_H
#define CHECKPT_TRACEE_TAIL_H

#include "checkpt/tracee/state.h"

/* Writes the tail, with a frame for `thread`, into zero padding of an executable mapping, the vdso's first. */
bool tail_write(struct tracee *tracee, const struct thread *thread, uint64_t signal_mask, struct failure *why);
/* Puts the bytes back. Only while no thread runs them. */
bool tail_remove(struct tracee *tracee, struct failure *why);

#endif
