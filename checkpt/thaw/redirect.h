/* A vdso of another kernel: each function of it is made to lead to the function of the same name of this kernel's. */
#ifndef CHECKPT_THAW_REDIRECT_H
#define CHECKPT_THAW_REDIRECT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "checkpt/failure.h"

/* `text` is a writable copy of the old one (an ELF object, `size` bytes; not trusted). This kernel's is at [own, own_end) now and will be at `moved`
 * when the program runs. Functions that this kernel lacks stay as they are. */
bool redirect_functions(void *text, size_t size, uint64_t own, uint64_t own_end, uint64_t moved, struct failure *why);

#endif
