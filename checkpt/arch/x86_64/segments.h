/* Parts of a thread's registers that a signal frame does not carry. */
#ifndef CHECKPT_ARCH_SEGMENTS_H
#define CHECKPT_ARCH_SEGMENTS_H

#include <stddef.h>

struct plan;

/* Appends the calls that set the segment bases of `registers` (struct user_regs_struct), and that ask leave for the tile registers where the XSAVE area has
 * some in use: without it the kernel does not take the area back. */
void segments_plan(struct plan *plan, const void *registers, const void *xsave, size_t xsave_size);

#endif
