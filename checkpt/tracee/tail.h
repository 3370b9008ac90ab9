/* The piece of code that everyone comes home through, in a program that holds nothing of ours yet. */
#ifndef CHECKPT_TRACEE_TAIL_H
#define CHECKPT_TRACEE_TAIL_H

#include "checkpt/tracee/state.h"

/* Writes the tail into zero padding of an executable mapping, the vdso's first, or over one that a killed tracer left and that no thread comes back to. */
bool tail_write(struct tracee *tracee, struct failure *why);
/* The frame that a thread comes home by, from its registers and mask. A guest is not admitted yet. */
bool tail_write_frame(struct tracee *tracee, const struct thread *thread, enum inject_role role, struct failure *why);
/* A guest that is away may go to the scratch area. */
bool tail_admit_guest(struct tracee *tracee, struct failure *why);
/* Puts the bytes back. Only while no thread runs them. */
bool tail_remove(struct tracee *tracee, struct failure *why);

/* Bytes of code and frames. A mapping's padding may have room for several, one before the other: the first ends where the mapping ends. */
size_t tail_room(void);
enum { TAIL_PLACES = 7 }; /* at most: so many are looked at, in the mapping's last page */
bool tail_is_ours(const unsigned char *bytes);

#endif
