/* The kernel's handlers of binary formats (binfmt_misc): one for each resident program, on its own leading bytes. */
#ifndef CHECKPT_RESIDENT_HANDLER_H
#define CHECKPT_RESIDENT_HANDLER_H

#include <stdbool.h>
#include <stdint.h>

#include "checkpt/failure.h"

/* Whether handlers can be made here; mounts binfmt_misc where it is not yet. */
bool handler_is_possible(void);
/* For the binary that `fd` has open, the program that takes its place is `start`. */
bool handler_add(uint32_t id, int fd, const char *start, struct failure *why);
/* Gone is gone: no failure. */
void handler_remove(uint32_t id);

#endif
