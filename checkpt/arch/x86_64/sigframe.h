/* The frame that rt_sigreturn(2) continues a thread from: registers, XSAVE area, signal mask, alternate stack.
 * Layout: arch/x86/include/uapi/asm/sigcontext.h and ucontext.h of the kernel, the same since 2.6.30 (UC_* flags since 4.6). */
#ifndef CHECKPT_ARCH_SIGFRAME_H
#define CHECKPT_ARCH_SIGFRAME_H

#include <stddef.h>
#include <stdint.h>

#include "checkpt/arch/x86_64/xsave.h"

#define SIGFRAME_ALIGNMENT 64
#define SIGFRAME_REGISTERS_SIZE 216 /* of struct user_regs_struct */

struct sigframe_context {
    const void *registers;   /* struct user_regs_struct */
    const void *xsave;       /* standard format, of any host; size 0: initial state */
    size_t xsave_size;
    uint64_t signal_mask;
    uint64_t stack_address, stack_size; /* alternate signal stack */
    uint32_t stack_flags;
};

/* Bytes that a frame for this state takes on this host, a multiple of SIGFRAME_ALIGNMENT. */
size_t sigframe_size(const struct xsave_host *host, const void *xsave, size_t xsave_size);
/* Writes the frame to `frame`, sigframe_size() bytes, for use at `address` (SIGFRAME_ALIGNMENT-aligned). */
void sigframe_build(const struct xsave_host *host, void *frame, uint64_t address, const struct sigframe_context *context);

/* Where in a frame a general register lies that is at this offset in struct user_regs_struct. */
size_t sigframe_register(size_t offset);

#endif
