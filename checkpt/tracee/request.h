/* ptrace(2) with the types that the kernel has. */
#ifndef CHECKPT_TRACEE_REQUEST_H
#define CHECKPT_TRACEE_REQUEST_H

#include <stdint.h>
#include <sys/ptrace.h>
#include <sys/types.h>

/* From linux/ptrace.h, which cannot be included beside sys/ptrace.h */
enum {
    REQUEST_GET_RSEQ_CONFIGURATION = 0x420f,
    REQUEST_SECCOMP_GET_FILTER = 0x420c, /* 4.4 */
    REQUEST_SECCOMP_GET_METADATA = 0x420d, /* 4.16 */
    REQUEST_GET_SYSCALL_USER_DISPATCH = 0x4211, /* 6.4 */
    REQUEST_PEEKSIGINFO_SHARED = 1,
};

/* -1 and errno on failure. Not for the PEEK requests. */
static inline long request(int what, pid_t tid, uint64_t address, uint64_t data)
{
    return ptrace((enum __ptrace_request)what, tid, (void *)(uintptr_t)address, (void *)(uintptr_t)data);
}
static inline long request_pointer(int what, pid_t tid, uint64_t address, const void *data)
{
    return request(what, tid, address, (uint64_t)(uintptr_t)data);
}

#endif
