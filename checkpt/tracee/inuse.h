/* Whether a piece of our code that a killed tracer left behind is still somebody's way back. */
#ifndef CHECKPT_TRACEE_INUSE_H
#define CHECKPT_TRACEE_INUSE_H

#include "checkpt/tracee/state.h"

/* True where a thread runs in [start, end), or where its stack holds a word that points there: it may be in a signal handler that arrived while it ran our
 * code, and return to it. Also where that cannot be told. */
bool is_in_use(const struct tracee *tracee, uint64_t start, uint64_t end);

#endif
