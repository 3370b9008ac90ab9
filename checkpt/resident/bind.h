/* Functions that a dynamic linker leaves to be looked up at their first call: looked up beforehand. */
#ifndef CHECKPT_RESIDENT_BIND_H
#define CHECKPT_RESIDENT_BIND_H

#include <sys/types.h>

/* Both processes are stopped where their dynamic linker has finished, of the same program; `bound` was told to look everything up, `lazy` was not and receives what the other
 * has found. What does not lie in a file that both have mapped stays as it is. Never fails: a word that is not written is looked up as ever. */
void bind_beforehand(pid_t lazy, pid_t bound);

#endif
