/* What a thread goes on with. */
#ifndef CHECKPT_TRACEE_REGISTERS_H
#define CHECKPT_TRACEE_REGISTERS_H

#include "checkpt/tracee/state.h"

/* Fills `thread->registers` of a thread that has just stopped, with what makes the stop unseen: restartable sequences are aborted, calls that give up when
 * a tracer stops them are made again. Refuses 32-bit code. */
bool registers_load(struct tracee *tracee, size_t thread, struct failure *why);

#endif
