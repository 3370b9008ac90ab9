/* System calls without a C library: they touch no errno, and may be made where memory is shared with somebody else's thread. */
#ifndef CHECKPT_ARCH_RAW_CALL_H
#define CHECKPT_ARCH_RAW_CALL_H

#include <stddef.h>
#include <stdint.h>
#include <sys/syscall.h>

/* The result, or -errno. */
static inline long raw_call(long number, uint64_t a, uint64_t b, uint64_t c, uint64_t d)
{
    register uint64_t r10 __asm__("r10") = d;
    long result;
    __asm__ volatile("syscall" : "=a"(result) : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10) : "rcx", "r11", "memory");
    return result;
}

/* A process that shares this one's memory and begins in function(argument), which must not return, at `top`, the end of a stack (16 bytes aligned). */
static inline long raw_spawn(uint64_t flags, void *top, void (*function)(void *argument), void *argument)
{
    void **stack = top;
    register uint64_t r10 __asm__("r10") = 0;
    register uint64_t r8 __asm__("r8") = 0;
    long result;
    *--stack = argument;
    *--stack = (void *)(uintptr_t)function;
    __asm__ volatile("syscall\n"
                     "test %%rax, %%rax\n"
                     "jnz 1f\n"
                     "xor %%ebp, %%ebp\n"
                     "pop %%rax\n"
                     "pop %%rdi\n"
                     "call *%%rax\n"
                     "hlt\n"
                     "1:"
                     : "=a"(result)
                     : "a"((long)SYS_clone), "D"(flags), "S"(stack), "d"(0l), "r"(r10), "r"(r8)
                     : "rcx", "r11", "memory");
    return result;
}

#endif
