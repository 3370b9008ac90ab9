#include "checkpt/arch/x86_64/restart.h"

#include <errno.h>
#include <sys/syscall.h>
#include <time.h>

/* include/linux/errno.h of the kernel; user space never sees them but through ptrace */
enum { ERESTARTSYS = 512, ERESTARTNOINTR = 513, ERESTARTNOHAND = 514, ERESTART_RESTARTBLOCK = 516 };
enum { SYSCALL_INSTRUCTION = 2, RED_ZONE = 128, ALIGNMENT = 16 };

bool restart_is_pending(const struct user_regs_struct *registers)
{
    if ((long long)registers->orig_rax < 0)
        return false;
    switch (-(long long)registers->rax) {
    case ERESTARTSYS:
    case ERESTARTNOINTR:
    case ERESTARTNOHAND:
    case ERESTART_RESTARTBLOCK:
        return true;
    }
    return false;
}

static void sleep_the_rest(struct user_regs_struct *registers)
{
    if (registers->orig_rax == SYS_nanosleep && registers->rsi != 0)
        registers->rdi = registers->rsi;
    if (registers->orig_rax == SYS_clock_nanosleep && registers->r10 != 0 && (registers->rsi & TIMER_ABSTIME) == 0)
        registers->rdx = registers->r10;
}

/* handle_signal() of the kernel's arch/x86/kernel/signal.c */
static bool is_interrupted(long long result, enum restart_way way)
{
    if (way == RESTART_AGAIN || result == -ERESTARTNOINTR)
        return false;
    return result != -ERESTARTSYS || way == RESTART_INTERRUPTED;
}

void restart_adjust(struct user_regs_struct *registers, enum restart_way way)
{
    if (restart_is_pending(registers)) {
        if (is_interrupted((long long)registers->rax, way)) {
            registers->rax = (unsigned long long)-EINTR;
        } else {
            if (-(long long)registers->rax == ERESTART_RESTARTBLOCK)
                sleep_the_rest(registers);
            registers->rip -= SYSCALL_INSTRUCTION;
            registers->rax = registers->orig_rax;
        }
    }
    registers->orig_rax = ~0ull;
}

bool restart_is_in(const struct user_regs_struct *registers, long number)
{
    return restart_is_pending(registers) && (long)registers->orig_rax == number;
}

void restart_as(struct user_regs_struct *registers, long number, const uint64_t arguments[3])
{
    registers->rip -= SYSCALL_INSTRUCTION;
    registers->rax = (unsigned long long)number;
    registers->rdi = arguments[0];
    registers->rsi = arguments[1];
    registers->rdx = arguments[2];
    registers->orig_rax = ~0ull;
}

void restart_again(struct user_regs_struct *registers)
{
    registers->rip -= SYSCALL_INSTRUCTION;
    registers->rax = registers->orig_rax;
    registers->orig_rax = ~0ull;
}

uint64_t restart_dead_memory(const struct user_regs_struct *registers, uint64_t size)
{
    return (registers->rsp - RED_ZONE - size) & ~(uint64_t)(ALIGNMENT - 1);
}

int64_t restart_result(const struct user_regs_struct *registers)
{
    return (int64_t)registers->rax;
}
