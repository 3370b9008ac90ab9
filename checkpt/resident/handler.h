/* The kernel's handlers of binary formats (binfmt_misc): one for each resident program, on its own leading bytes. */
#ifndef CHECKPT_RESIDENT_HANDLER_H
#define CHECKPT_RESIDENT_HANDLER_H

#include <stdbool.h>
#include <stdint.h>

#include "checkpt/failure.h"

/* Whether handlers can be made here; mounts binfmt_misc where it is not yet. */
bool handler_is_possible(void);
/* Whether the other file begins as the one that `fd` has open does, so that what is a handler for one is so for both. */
bool handler_is_shared(int fd, const char *other);
/* For the binary that `fd` has open, the program that takes its place is `start`. Of handlers that are shared the last one serves. */
bool handler_add(uint32_t id, int fd, const char *start, struct failure *why);
bool handler_exists(uint32_t id);
/* The highest id that has one; 0: none has. */
uint32_t handler_highest(void);
/* Gone is gone: no failure. */
void handler_remove(uint32_t id);
void handler_remove_all(void);

#endif
