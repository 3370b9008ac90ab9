/* What C libraries keep at a thread's pointer. */
#ifndef CHECKPT_ARCH_THREAD_POINTER_H
#define CHECKPT_ARCH_THREAD_POINTER_H

#include <stdint.h>
#include <sys/user.h>

/* Address of the thread's id, if the C library is musl: struct pthread of its pthread_impl.h; 0 where there is no thread pointer. */
static inline uint64_t thread_pointer_musl_id(const struct user_regs_struct *registers)
{
    enum { MUSL_TID = 0x30 };
    return registers->fs_base != 0 ? registers->fs_base + MUSL_TID : 0;
}

#endif
