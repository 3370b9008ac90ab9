/* The mapping in the program that batches of calls run from. */
#ifndef CHECKPT_TRACEE_SCRATCH_H
#define CHECKPT_TRACEE_SCRATCH_H

#include "checkpt/tracee/state.h"

enum { SCRATCH_SIZE = INJECT_DATA + TRACEE_SCRATCH_SIZE + 4096 };

#endif
