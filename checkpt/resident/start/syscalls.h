/* System calls without a C library. All return the kernel's result: -errno on failure. */
#ifndef CHECKPT_RESIDENT_START_SYSCALLS_H
#define CHECKPT_RESIDENT_START_SYSCALLS_H

#include <stdint.h>
#include <sys/syscall.h>

static inline long call6(long number, uint64_t a, uint64_t b, uint64_t c, uint64_t d, uint64_t e, uint64_t f)
{
    long result;
    register uint64_t r10 __asm__("r10") = d;
    register uint64_t r8 __asm__("r8") = e;
    register uint64_t r9 __asm__("r9") = f;
    __asm__ volatile("syscall" : "=a"(result) : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9) : "rcx", "r11", "memory");
    return result;
}
#define CALL_1(n, a) call6(n, (uint64_t)(a), 0, 0, 0, 0, 0)
#define CALL_2(n, a, b) call6(n, (uint64_t)(a), (uint64_t)(b), 0, 0, 0, 0)
#define CALL_3(n, a, b, c) call6(n, (uint64_t)(a), (uint64_t)(b), (uint64_t)(c), 0, 0, 0)
#define CALL_4(n, a, b, c, d) call6(n, (uint64_t)(a), (uint64_t)(b), (uint64_t)(c), (uint64_t)(d), 0, 0)
#define CALL_5(n, a, b, c, d, e) call6(n, (uint64_t)(a), (uint64_t)(b), (uint64_t)(c), (uint64_t)(d), (uint64_t)(e), 0)
#define CALL_6(n, a, b, c, d, e, f) call6(n, (uint64_t)(a), (uint64_t)(b), (uint64_t)(c), (uint64_t)(d), (uint64_t)(e), (uint64_t)(f))

#endif
